"""Text to session descriptions: strict about what is used, deaf to what is not, bounded in every direction.

Whatever is wrong is one SdpError that names the line.
"""

from collections.abc import Callable

from roomwright.media.sdp.attributes import SECTION, Draft
from roomwright.media.sdp.description import Section, SessionDescription
from roomwright.media.sdp.errors import SdpError
from roomwright.media.sdp.text import integer

MAX_BYTES = 1 << 20
MAX_LINES = 20_000
MAX_LINE_LENGTH = 4_096
MAX_SECTIONS = 400

_KINDS = {"audio": "RTP", "video": "RTP", "application": "SCTP"}


def parse(text: str, max_sections: int = MAX_SECTIONS) -> SessionDescription:
    """Read an offer or an answer. Raises SdpError."""
    if len(text) > MAX_BYTES or len(text.encode("utf-8", "surrogatepass")) > MAX_BYTES:
        raise SdpError(f"longer than {MAX_BYTES} bytes")
    lines = text.replace("\r\n", "\n").removesuffix("\n").split("\n")
    if len(lines) > MAX_LINES:
        raise SdpError(f"more than {MAX_LINES} lines")
    return _Reader(max_sections).read(lines)


class _Reader:
    """One description in the making."""

    def __init__(self, max_sections: int) -> None:
        self._max_sections = max_sections
        self._description = SessionDescription(session_id=0)
        self._session = Draft(Section(kind=""))
        self._current = self._session
        self._drafts: list[Draft] = []
        self._mids: set[str] = set()

    def read(self, lines: list[str]) -> SessionDescription:
        """Read all lines, then what they mean together."""
        if lines[0] != "v=0":
            raise SdpError("does not begin with v=0", 1)
        for number, line in enumerate(lines, 1):
            try:
                self._line(line)
            except SdpError as error:
                raise SdpError(error.problem, error.line or number) from None
        if not self._description.session_id:
            raise SdpError("has no origin (o=)")
        self._description.sections = [self._finish(draft) for draft in self._drafts]
        return self._description

    def _line(self, line: str) -> None:
        if len(line) > MAX_LINE_LENGTH:
            raise SdpError(f"longer than {MAX_LINE_LENGTH} characters")
        if line[1:2] != "=" or not line.isprintable():
            raise SdpError(f"not of the form <letter>=<value>: {line[:40]!r}")
        take = _LINES.get(line[0])
        if take:
            take(self, line[2:])
        elif line[0] not in "vsticbkruepz":
            raise SdpError(f"unknown type {line[0]!r}")

    def origin(self, value: str) -> None:
        """`o=`: whose description it is, and which version."""
        fields = value.split()
        if len(fields) != 6:
            raise SdpError("an origin has six fields")
        self._description.session_id = integer(fields[1], 2**64 - 1) or 1
        self._description.version = integer(fields[2], 2**64 - 1)

    def media(self, value: str) -> None:
        """`m=`: a new section."""
        fields = value.split()
        if len(fields) < 4 or fields[0] not in _KINDS or _KINDS[fields[0]] not in fields[2]:
            raise SdpError(f"not a media section for audio, video or data channels: {value[:60]!r}")
        kind, port, protocol, *formats = fields
        if len(self._drafts) == self._max_sections:
            raise SdpError(f"more than {self._max_sections} media sections")
        section = Section(kind=kind, port=integer(port, 65_535), protocol=protocol, formats=tuple(formats))
        self._current = Draft(section)
        if section.is_media:
            self._current.payload_types = tuple(integer(item, 127) for item in formats)
        self._drafts.append(self._current)

    def attribute(self, value: str) -> None:
        """`a=`: of the session before the first section, of the last section after it."""
        name, _, content = value.partition(":")
        if name == "group" and self._current is self._session:
            if content.startswith("BUNDLE"):
                self._description.bundle = tuple(content.split()[1:])
        elif take := SECTION.get(name):
            take(self._current, content)
            if name == "mid":
                self._claim(content)

    def _claim(self, mid: str) -> None:
        if mid in self._mids:
            raise SdpError(f"mid {mid!r} is used twice")
        self._mids.add(mid)

    def _finish(self, draft: Draft) -> Section:
        return draft.finish(self._session)


_LINES: dict[str, Callable[[_Reader, str], None]] = {
    "o": _Reader.origin,  # the table belongs to the class
    "m": _Reader.media,
    "a": _Reader.attribute,
}
