"""RTCP read (RFC 3550, 4585, 5104; REMB): compound packets to small values. What is not understood is skipped."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TypeAlias

SR, RR, SDES, BYE, RTPFB, PSFB = 200, 201, 202, 203, 205, 206
NACK_FORMAT = 1
PLI_FORMAT, FIR_FORMAT, REMB_FORMAT = 1, 4, 15
MAX_NUMBERS = 1_024
"""Sequence numbers that one NACK may ask for; a client that asks for more gets the first."""

_BLOCK_BYTES = 24


@dataclass(frozen=True, slots=True)
class ReportBlock:
    """What a receiver says about a stream of ours.

    `fraction_lost` is in 1/256 since the last report, `lost` in packets since the beginning (negative: duplicates),
    `jitter` in units of the clock rate, `last_report` the middle of the NTP time of our last sender report that it got,
    `delay` in 1/65536 s since then.
    """

    ssrc: int
    fraction_lost: int
    lost: int
    highest: int
    jitter: int
    last_report: int
    delay: int


@dataclass(frozen=True, slots=True)
class SenderReport:
    """What a sender says about a stream: its clock (`ntp`, 64 bits) and the timestamp (`rtp`) at the same moment."""

    ssrc: int
    ntp: int
    rtp: int
    packets: int
    octets: int


@dataclass(frozen=True, slots=True)
class Reports:
    """Report blocks of a sender or receiver report."""

    blocks: tuple[ReportBlock, ...]


@dataclass(frozen=True, slots=True)
class Nack:
    """A receiver misses packets of a stream."""

    ssrc: int
    numbers: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class KeyFrameRequest:
    """A receiver cannot go on without a key frame (PLI or FIR: `full_intra`)."""

    ssrc: int
    full_intra: bool = field(default=False, compare=False)


@dataclass(frozen=True, slots=True)
class Remb:
    """A receiver's estimate of what it can take, in bits per second."""

    bitrate: int
    ssrcs: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Bye:
    """Streams that have ended."""

    ssrcs: tuple[int, ...]


Message: TypeAlias = SenderReport | Reports | Nack | KeyFrameRequest | Remb | Bye


def parse(packet: bytes) -> Iterator[Message]:
    """The messages of a compound packet, in order; ends where it is not well-formed."""
    position = 0
    while position + 8 <= len(packet):
        if packet[position] >> 6 != 2:
            return
        end = position + 4 * (1 + (packet[position + 2] << 8 | packet[position + 3]))
        if end > len(packet):
            return
        yield from _read(packet[position + 1], packet[position] & 0x1F, packet[position:end])
        position = end


def _read(kind: int, count: int, packet: bytes) -> Iterator[Message]:
    match kind:
        case 200:
            yield from _sender_report(packet, count)
        case 201:
            yield Reports(_blocks(packet, 8, count))
        case 203:
            yield Bye(_words(packet[4 : 4 + 4 * count]))
        case 205 if count == NACK_FORMAT and len(packet) >= 12:
            yield Nack(_word(packet, 8), _missing(packet))
        case 206 if len(packet) >= 12:
            yield from _payload_feedback(packet, count)
        case _:
            pass


def _sender_report(packet: bytes, count: int) -> Iterator[Message]:
    if len(packet) < 28:
        return
    ntp = int.from_bytes(packet[8:16], "big")
    yield SenderReport(_word(packet, 4), ntp, _word(packet, 16), _word(packet, 20), _word(packet, 24))
    yield Reports(_blocks(packet, 28, count))


def _payload_feedback(packet: bytes, form: int) -> Iterator[Message]:
    match form:
        case 1:
            yield KeyFrameRequest(_word(packet, 8))
        case 4:
            yield from (KeyFrameRequest(_word(packet, at), True) for at in range(12, len(packet) - 7, 8))
        case 15 if packet[12:16] == b"REMB" and len(packet) >= 20:
            mantissa = (packet[17] & 0x03) << 16 | packet[18] << 8 | packet[19]
            yield Remb(mantissa << (packet[17] >> 2), _words(packet[20 : 20 + 4 * packet[16]]))
        case _:
            pass


def _blocks(packet: bytes, start: int, count: int) -> tuple[ReportBlock, ...]:
    starts = range(start, min(start + _BLOCK_BYTES * count, len(packet) - _BLOCK_BYTES + 1), _BLOCK_BYTES)
    return tuple(_block(packet, at) for at in starts)


def _block(packet: bytes, at: int) -> ReportBlock:
    return ReportBlock(
        ssrc=_word(packet, at),
        fraction_lost=packet[at + 4],
        lost=int.from_bytes(packet[at + 5 : at + 8], "big", signed=True),
        highest=_word(packet, at + 8),
        jitter=_word(packet, at + 12),
        last_report=_word(packet, at + 16),
        delay=_word(packet, at + 20),
    )


def _missing(packet: bytes) -> tuple[int, ...]:
    numbers: list[int] = []
    for at in range(12, len(packet) - 3, 4):
        first = packet[at] << 8 | packet[at + 1]
        mask = packet[at + 2] << 8 | packet[at + 3]
        numbers.append(first)
        numbers += [(first + 1 + bit) & 0xFFFF for bit in range(16) if mask >> bit & 1]
        if len(numbers) >= MAX_NUMBERS:
            break
    return tuple(numbers[:MAX_NUMBERS])


def _word(packet: bytes, at: int) -> int:
    return int.from_bytes(packet[at : at + 4], "big")


def _words(data: bytes) -> tuple[int, ...]:
    return tuple(int.from_bytes(data[at : at + 4], "big") for at in range(0, len(data) - 3, 4))
