"""What ListEgress answers: records in order of their start, by pages; those that ended long ago are forgotten."""

from collections.abc import Iterator
from typing import Final

from roomwright.egress.record import Record
from roomwright.egress.refusals import invalid
from roomwright_proto import livekit as pb

PAGE: Final = 1_000
"""Records of one answer."""
_NS_PER_S = 1_000_000_000


class Shelf:
    """Records by their ids. `retention` is in seconds."""

    def __init__(self, retention: float, page: int = PAGE) -> None:
        self._retention_ns = int(retention * _NS_PER_S)
        self._page = page
        self._records: dict[str, tuple[int, Record]] = {}
        self._next = 1

    def __repr__(self) -> str:
        return f"<Shelf: {len(self._records)} records>"

    def __iter__(self) -> Iterator[Record]:
        return iter([record for _, record in self._records.values()])

    def put(self, record: Record) -> None:
        """Keep a new one."""
        self._records[record.info.egress_id] = (self._next, record)
        self._next += 1

    def get(self, egress_id: str) -> Record | None:
        """The one of that id."""
        found = self._records.get(egress_id)
        return found[1] if found else None

    def forget(self, now_ns: int) -> list[str]:
        """Drop those that ended too long ago. Returns their ids."""
        due = [
            egress_id
            for egress_id, (_, record) in self._records.items()
            if not record.running and record.info.ended_at + self._retention_ns <= now_ns
        ]
        for egress_id in due:
            del self._records[egress_id]
        return due

    def page(self, room: str, *, active: bool, token: str) -> tuple[list[pb.EgressInfo], str]:
        """Those asked for, after the page that `token` ended; and the token of the next page, empty for none."""
        after = _read(token)
        found = [
            (number, record)
            for number, record in self._records.values()
            if number > after and (not room or record.info.room_name == room) and (record.running or not active)
        ]
        shown = found[: self._page]
        following = f"n{shown[-1][0]}" if len(found) > len(shown) else ""
        return [record.snapshot() for _, record in shown], following


def _read(token: str) -> int:
    digits = token.removeprefix("n")
    if not token:
        return 0
    if not (token.startswith("n") and digits.isascii() and digits.isdigit() and len(digits) < 19):
        raise invalid("page_token", "it is not one that this server gave")
    return int(digits)
