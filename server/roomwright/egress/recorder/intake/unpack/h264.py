"""H.264 (RFC 6184): single units, STAP-A and FU-A, to units with start codes (Annex B)."""

from typing import Final

from roomwright.egress.recorder.intake.unpack.whole import DamagedError

IDR, SPS, PPS, DELIMITER = 5, 7, 8, 9
_STAP_A, _FU_A = 24, 28
_LAST_SINGLE = 23
START: Final = b"\0\0\0\1"


class H264:
    """One access unit at a time. The last parameter sets are kept: `parameters` has them with start codes."""

    def __init__(self) -> None:
        self._units: list[bytes] = []
        self._open: bytearray | None = None
        self._sets: dict[int, bytes] = {}

    @property
    def parameters(self) -> bytes:
        """SPS and PPS as they came last; empty until there are both."""
        if SPS not in self._sets or PPS not in self._sets:
            return b""
        return START + self._sets[SPS] + START + self._sets[PPS]

    def add(self, payload: bytes) -> None:
        """One more payload."""
        if len(payload) < 2:
            raise DamagedError("an H.264 payload is cut short")
        match payload[0] & 0x1F:
            case 24:
                self._aggregate(payload)
            case 28:
                self._fragment(payload)
            case kind if 0 < kind <= _LAST_SINGLE:
                self._unit(payload)
            case kind:
                raise DamagedError(f"an H.264 payload of type {kind}")

    def take(self) -> tuple[bytes, bool]:
        """The access unit; before an IDR picture that comes without them, the parameter sets of before."""
        units, self._units, self._open = self._units, [], None
        kinds = {unit[0] & 0x1F for unit in units}
        data = b"".join(START + unit for unit in units if unit[0] & 0x1F != DELIMITER)
        key = IDR in kinds
        if key and SPS not in kinds:
            data = self.parameters + data
        return data, key

    def _unit(self, unit: bytes) -> None:
        if (kind := unit[0] & 0x1F) in (SPS, PPS):
            self._sets[kind] = unit
        self._units.append(unit)

    def _aggregate(self, payload: bytes) -> None:
        position = 1
        while position + 2 < len(payload):
            end = position + 2 + (payload[position] << 8 | payload[position + 1])
            if not position + 2 < end <= len(payload):
                raise DamagedError("an H.264 aggregate is cut short")
            self._unit(payload[position + 2 : end])
            position = end

    def _fragment(self, payload: bytes) -> None:
        header = payload[1]
        if header & 0x80:
            self._open = bytearray((payload[0] & 0xE0 | header & 0x1F,))
        if self._open is None:
            raise DamagedError("an H.264 fragment without its beginning")
        self._open += payload[2:]
        if header & 0x40:
            unit, self._open = bytes(self._open), None
            self._unit(unit)
