"""Packets, and a publisher and a subscriber around a router, faster than real time."""

import struct
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from roomwright.media.forward.router import Router
from roomwright.media.forward.sink import MemorySink
from roomwright.media.sdp import Extension, Published, RtpCodec, Sent, Wanted
from roomwright.media.sdp.extensions import ABS_SEND_TIME, AUDIO_LEVEL, MID, REPAIRED_RID, RID

OPUS = RtpCodec(payload_type=111, name="opus", clock_rate=48_000, channels=2)
RED = RtpCodec(payload_type=63, name="red", clock_rate=48_000, channels=2, fmtp="111/111")
VP8 = RtpCodec(payload_type=96, name="VP8", clock_rate=90_000, feedback=("ccm fir", "nack", "nack pli"))
RTX = RtpCodec(payload_type=97, name="rtx", clock_rate=90_000, fmtp="apt=96")
EXTENSIONS = {
    "audio": (Extension(1, AUDIO_LEVEL), Extension(4, MID)),
    "video": (Extension(4, MID), Extension(10, RID), Extension(11, REPAIRED_RID), Extension(2, ABS_SEND_TIME)),
}

KEY = b"\x10\x00\x9d\x01\x2a"
"""A VP8 payload that begins a key frame: S bit, partition 0, then the inverse key frame bit."""
DELTA = b"\x10\x01"


def packet(
    sequence: int,
    timestamp: int = 0,
    *,
    ssrc: int = 1111,
    payload_type: int = 96,
    payload: bytes = DELTA,
    marker: bool = False,
    extensions: dict[int, bytes] | None = None,
) -> bytes:
    """An RTP packet; numbers are cut to their sizes, extensions are written in the one-byte form."""
    body = b"".join(bytes((number << 4 | len(data) - 1,)) + data for number, data in (extensions or {}).items())
    body = body.ljust(-(-len(body) // 4) * 4, b"\0")
    head = struct.pack(
        "!BBHII",
        0x90 if body else 0x80,
        marker << 7 | payload_type,
        sequence & 0xFFFF,
        timestamp & 0xFFFF_FFFF,
        ssrc,
    )
    return head + (struct.pack("!HH", 0xBEDE, len(body) // 4) + body if body else b"") + payload


def vp8(picture_id: int, *, key: bool = False, tl0: int = 0, first: bool = True) -> bytes:
    """A VP8 payload with a 15-bit picture id and a TL0PICIDX."""
    start = 0x90 if first else 0x80
    return struct.pack("!BBHB", start, 0xC0, 0x8000 | picture_id & 0x7FFF, tl0 & 0xFF) + (b"\x00" if key else b"\x01")


def published(kind: str = "video", **changes: object) -> Published:
    """A track as a publisher negotiated it."""
    codecs = (RED, OPUS) if kind == "audio" else (VP8, RTX)
    base = Published(
        track_sid="TR_1", mid="0", kind=kind, cid="c", codecs=codecs, extensions=EXTENSIONS[kind], ssrcs=(1111,)
    )
    return replace(base, **changes)


def sent(kind: str = "video", **changes: object) -> Sent:
    """A track as a subscriber negotiated it, with other payload types and ids."""
    media = [OPUS, RED] if kind == "audio" else [VP8, RTX]
    numbers = {111: 109, 63: 61, 96: 120, 97: 121}
    codecs = [replace(codec, payload_type=numbers[codec.payload_type]) for codec in media]
    codecs = [replace(codec, fmtp="apt=120") if codec.name == "rtx" else codec for codec in codecs]
    wanted = Wanted(track_sid="TR_1", participant_sid="PA_1", kind=kind, ssrc=7777, rtx_ssrc=8888)
    extensions = (Extension(6, AUDIO_LEVEL),) if kind == "audio" else (Extension(5, ABS_SEND_TIME),)
    return replace(Sent(wanted=wanted, mid="3", codecs=tuple(codecs), extensions=extensions), **changes)


@dataclass(frozen=True, slots=True)
class Seen:
    """A packet as a subscriber sees it."""

    sequence: int
    timestamp: int
    ssrc: int
    payload_type: int
    marker: bool
    extensions: bytes
    payload: bytes

    @classmethod
    def of(cls, raw: bytes) -> "Seen":
        start = 12
        extensions = b""
        if raw[0] & 0x10:
            start = 16 + 4 * int.from_bytes(raw[14:16], "big")
            extensions = raw[16:start]
        _, second, sequence, timestamp, ssrc = struct.unpack_from("!BBHII", raw)
        return cls(sequence, timestamp, ssrc, second & 0x7F, bool(second & 0x80), extensions, raw[start:])


@dataclass
class World:
    """A publisher ("pub") and a subscriber ("sub") of one track."""

    kind: str = "video"
    now: float = 100.0
    sink: MemorySink = field(default_factory=MemorySink)

    def __post_init__(self) -> None:
        self.router = Router(self.sink)
        self.publisher = self.router.open("PA_1", "room", "pub", self.now)
        self.subscriber = self.router.open("PA_2", "room", "sub", self.now)

    def connect(self, publication: Published | None = None, subscription: Sent | None = None) -> "World":
        self.up = self.publisher.publish(publication or published(self.kind), self.now)
        self.down = self.subscriber.subscribe(self.up, subscription or sent(self.kind), self.now)
        return self

    def publish(self, *packets: bytes) -> None:
        for item in packets:
            self.publisher.on_rtp(item, self.now)

    def advance(self, seconds: float) -> None:
        """Let time pass; the router is woken when it asked to be."""
        end = self.now + seconds
        while (due := self.router.next_timeout()) is not None and due <= end:
            self.now = max(self.now, due)
            self.router.tick(self.now)
        self.now = end

    def received(self, sender: str = "sub") -> list[Seen]:
        """What the subscriber got since the last call."""
        taken = [Seen.of(raw) for to, raw in self.sink.rtp if to == sender]
        self.sink.rtp.clear()
        return taken

    def told(self, sender: str) -> list[bytes]:
        """The RTCP that an endpoint got since the last call."""
        taken = [raw for to, raw in self.sink.rtcp if to == sender]
        self.sink.rtcp[:] = [(to, raw) for to, raw in self.sink.rtcp if to != sender]
        return taken


def numbers(seen: Iterable[Seen]) -> list[int]:
    return [item.sequence for item in seen]
