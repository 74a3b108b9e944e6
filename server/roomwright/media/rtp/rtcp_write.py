"""RTCP built: what a forwarding server says to publishers and subscribers."""

import struct
from collections.abc import Iterable, Sequence

from roomwright.media.rtp.rtcp import (
    BYE,
    FIR_FORMAT,
    NACK_FORMAT,
    PLI_FORMAT,
    PSFB,
    REMB_FORMAT,
    RR,
    RTPFB,
    SDES,
    SR,
    ReportBlock,
    SenderReport,
)

MAX_BLOCKS = 31


def sender_report(report: SenderReport) -> bytes:
    """A sender report without report blocks."""
    seconds_and_fraction = report.ntp & 0xFFFF_FFFF_FFFF_FFFF
    words = (report.rtp, report.packets & 0xFFFF_FFFF, report.octets & 0xFFFF_FFFF)
    return struct.pack("!BBHIQIII", 0x80, SR, 6, report.ssrc, seconds_and_fraction, *words)


def receiver_report(ssrc: int, blocks: Sequence[ReportBlock]) -> bytes:
    """A receiver report of `ssrc` with at most 31 blocks."""
    body = b"".join(map(_block, blocks[:MAX_BLOCKS]))
    return struct.pack("!BBHI", 0x80 | len(body) // 24, RR, 1 + len(body) // 4, ssrc) + body


def source_description(ssrc: int, cname: str) -> bytes:
    """The canonical name of a stream; names longer than 255 bytes are cut."""
    name = cname.encode()[:255]
    chunk = struct.pack("!IBB", ssrc, 1, len(name)) + name
    chunk += bytes(4 - len(chunk) % 4)
    return struct.pack("!BBH", 0x81, SDES, len(chunk) // 4) + chunk


def bye(ssrcs: Sequence[int]) -> bytes:
    """Streams of ours have ended; at most 31."""
    ssrcs = ssrcs[:MAX_BLOCKS]
    return struct.pack(f"!BBH{len(ssrcs)}I", 0x80 | len(ssrcs), BYE, len(ssrcs), *ssrcs)


def picture_loss(sender: int, media: int) -> bytes:
    """Ask for a key frame (PLI)."""
    return struct.pack("!BBHII", 0x80 | PLI_FORMAT, PSFB, 2, sender, media)


def full_intra(sender: int, media: int, number: int) -> bytes:
    """Ask for a key frame (FIR); `number` goes up with each new request."""
    return struct.pack("!BBHIIIBBH", 0x80 | FIR_FORMAT, PSFB, 4, sender, 0, media, number & 0xFF, 0, 0)


def nack(sender: int, media: int, numbers: Iterable[int]) -> bytes:
    """Ask for packets again; `numbers` are sequence numbers in rising order (they may wrap around once)."""
    fields: list[tuple[int, int]] = []
    for number in numbers:
        bit = (number - fields[-1][0] - 1) & 0xFFFF if fields else 16
        if bit < 16:
            fields[-1] = (fields[-1][0], fields[-1][1] | 1 << bit)
        else:
            fields.append((number, 0))
    body = b"".join(struct.pack("!HH", *field) for field in fields)
    return struct.pack("!BBHII", 0x80 | NACK_FORMAT, RTPFB, 2 + len(fields), sender, media) + body


def estimate(sender: int, bitrate: int, ssrcs: Sequence[int]) -> bytes:
    """Say how many bits per second can be received (REMB), all `ssrcs` (at most 255) together."""
    exponent = max(0, bitrate.bit_length() - 18)
    ssrcs = ssrcs[:255]
    numbers = len(ssrcs) << 24 | exponent << 18 | bitrate >> exponent
    head = struct.pack("!BBHII4sI", 0x80 | REMB_FORMAT, PSFB, 4 + len(ssrcs), sender, 0, b"REMB", numbers)
    return head + struct.pack(f"!{len(ssrcs)}I", *ssrcs)


def _block(block: ReportBlock) -> bytes:
    lost = max(-0x80_0000, min(0x7F_FFFF, block.lost)) & 0xFF_FFFF
    return struct.pack(
        "!IIIIII",
        block.ssrc,
        (block.fraction_lost & 0xFF) << 24 | lost,
        block.highest & 0xFFFF_FFFF,
        block.jitter & 0xFFFF_FFFF,
        block.last_report,
        block.delay & 0xFFFF_FFFF,
    )
