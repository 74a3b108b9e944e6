"""A publisher's packet as a group of subscribers gets it, but for what differs within the group.

The extension is written anew with the subscribers' ids: our streams are known by SSRC, so mid and rid of the publisher
must not be seen. Payload bytes are never changed, with two exceptions that only remove or renumber: VP8 picture ids
after a switch of layers, and redundant audio for who did not negotiate it.
"""

from dataclasses import dataclass, field

from roomwright.media.rtp import red, vp8
from roomwright.media.rtp.header import elements

_EXTENSION = 0x10
_KEPT_BITS = 0xA0  # version and padding
_FORM = b"\xbe\xde"


@dataclass(frozen=True, slots=True)
class Recipe:
    """What is the same for all subscribers of a group.

    `payload_types`: the publisher's -> the subscribers'. `redundant`: the publisher's payload types of redundant audio
    (RFC 2198) of which only the primary encoding is passed on. `extensions`: the publisher's id -> the subscribers'.
    `send_time`: the subscribers' id of abs-send-time, 0: not negotiated. `picture_ids` and `tl0_indices` are added to
    VP8's picture id and TL0PICIDX.
    """

    payload_types: tuple[tuple[int, int], ...]
    redundant: tuple[int, ...] = ()
    extensions: tuple[tuple[int, int], ...] = ()
    send_time: int = 0
    picture_ids: int = 0
    tl0_indices: int = 0


@dataclass(slots=True)
class Rewriter:
    """A recipe made ready for use on every packet."""

    recipe: Recipe
    _payload_types: dict[int, int] = field(init=False)
    _extensions: dict[int, int] = field(init=False)

    def __post_init__(self) -> None:
        self._payload_types = dict(self.recipe.payload_types)
        self._extensions = dict(self.recipe.extensions)

    def rewrite(self, packet: bytes, start: int, send_time: bytes) -> tuple[int, bytes, bytes] | None:
        """The first two bytes as a number, the header extension, the payload with its padding.

        `start` is where the payload begins, `send_time` the three bytes of abs-send-time. None: the group has nothing
        negotiated that could carry the packet.
        """
        head, source = packet[0], packet[1]
        target = self._payload_types.get(source & 0x7F)
        if target is None:
            return None
        recipe = self.recipe
        payload = packet[start:]
        if recipe.redundant and source & 0x7F in recipe.redundant:
            payload = red.primary(payload)
        if recipe.picture_ids or recipe.tl0_indices:
            payload = vp8.renumbered(payload, recipe.picture_ids, recipe.tl0_indices)
        extension = self._extension(packet, send_time)
        first = (head & _KEPT_BITS | (_EXTENSION if extension else 0)) << 8 | source & 0x80 | target
        return first, extension, payload

    def _extension(self, packet: bytes, send_time: bytes) -> bytes:
        number = self.recipe.send_time
        body = bytes((number << 4 | 2,)) + send_time if number else b""
        if self._extensions and packet[0] & _EXTENSION:
            for found, start, length in elements(packet):
                target = self._extensions.get(found)
                if target is not None and 0 < length <= 16:
                    body += bytes((target << 4 | length - 1,)) + packet[start : start + length]
        if not body:
            return b""
        words = (len(body) + 3) >> 2
        return _FORM + bytes((words >> 8, words & 0xFF)) + body.ljust(4 * words, b"\0")
