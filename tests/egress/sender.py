"""Publishers and a network in between, simulated: what a recorder gets, in the order in which it arrives.

Seconds of the simulation are the source's. Each publisher has a clock of its own (`ahead`, `publisher_drift`), and a
track's samples are counted by another one (`drift`).
"""

import heapq
import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from roomwright.egress.frames import Packet
from roomwright_proto.livekit import TrackInfo, TrackSource, TrackType
from roomwright_proto.roomwright.egress import v1
from tests.egress import payloads
from tests.egress.payloads import Encoded

EPOCH_NS = 1_800_000_000_000_000_000
RATES = {"opus": 48_000, "red": 48_000, "pcmu": 8_000}
PAYLOAD_TYPE = 96


@dataclass(frozen=True)
class Network:
    """What happens to packets on their way. Times in seconds, `loss` and `resent` are parts of all, of the lost."""

    delay: float = 0.03
    jitter: float = 0.0
    loss: float = 0.0
    resent: float = 0.0
    seed: int = 1


@dataclass(frozen=True)
class Sent:
    """One track on its way. `late` is how long after capture its frames are sent; `reports` when reports are sent."""

    number: int
    codec: str
    frames: Iterable[Encoded]
    identity: str = "alice"
    layer: int = 0
    drift: float = 0.0
    publisher_drift: float = 0.0
    ahead: float = 5_000.0
    late: float = 0.0
    report_every: float = 1.0
    first_report: float = 0.5
    first_sequence: int = 65_500
    first_timestamp: int = 0xFFFF_0000
    network: Network = field(default_factory=Network)

    @property
    def rate(self) -> int:
        """Ticks a second."""
        return RATES.get(self.codec, 90_000)

    def timestamp(self, at: float) -> int:
        """The RTP time stamp of a moment."""
        return (self.first_timestamp + round(at * self.rate * (1 + self.drift))) & 0xFFFF_FFFF

    def ntp(self, at: float) -> int:
        """The publisher's clock at a moment."""
        return int((self.ahead + at * (1 + self.publisher_drift)) * (1 << 32))


Event = tuple[int, v1.Order | Packet]


def added(sent: Sent, *, source: TrackSource | None = None, name: str = "", muted: bool = False) -> v1.Order:
    """The order that says that the track is there."""
    is_video = sent.rate == 90_000
    kind = TrackType.VIDEO if is_video else TrackType.AUDIO
    where = source if source is not None else TrackSource.CAMERA if is_video else TrackSource.MICROPHONE
    mime = ("video/" if is_video else "audio/") + sent.codec
    info = TrackInfo(sid=f"TR_{sent.number}", type=kind, source=where, mime_type=mime, muted=muted)
    types = [v1.Payload(PAYLOAD_TYPE, mime, sent.rate, 0 if is_video else 2)]
    if sent.codec == "red":
        types.append(v1.Payload(PAYLOAD_TYPE + 1, "audio/opus", sent.rate, 2))
    return v1.Order(track_added=v1.TrackAdded(sent.number, info, sent.identity, name or sent.identity, types))


def arriving(*tracks: Sent) -> Iterator[Event]:
    """Packets and sender reports of all tracks in the order of their arrival, with its time."""
    return heapq.merge(
        *(sorted(_events(sent), key=lambda event: event[0]) for sent in tracks), key=lambda event: event[0]
    )


def _events(sent: Sent) -> Iterator[Event]:
    chance = random.Random(sent.network.seed * 1_000 + sent.number * 8 + sent.layer)
    sequence, due = sent.first_sequence, sent.first_report
    for number, (frame, pieces) in enumerate(_cut(sent)):
        while frame.at >= due:
            yield _report(sent, due, chance)
            due += sent.report_every
        for place, payload in enumerate(pieces):
            marker = place == len(pieces) - 1 and sent.rate == 90_000
            head = bytes((0x80, PAYLOAD_TYPE | (0x80 if marker else 0))) + (sequence & 0xFFFF).to_bytes(2, "big")
            stamp = sent.timestamp(frame.at).to_bytes(4, "big") + (1_000 + sent.number).to_bytes(4, "big")
            sequence += 1
            at = _arrival(frame.at + sent.late + place * 0.0005, sent.network, chance)
            if at is not None:
                yield at, Packet(sent.number, sent.layer, at, head + stamp + payload)
        del number


def _cut(sent: Sent) -> Iterator[tuple[Encoded, list[bytes]]]:
    if sent.codec == "red":
        frames = list(sent.frames)
        for number, frame in enumerate(frames):
            yield frame, [payloads.red(frames, number, PAYLOAD_TYPE + 1)]
    else:
        for number, frame in enumerate(sent.frames):
            yield frame, payloads.cut(sent.codec, frame, number)


def _arrival(at: float, network: Network, chance: random.Random) -> int | None:
    late = network.delay + chance.random() * network.jitter
    if chance.random() < network.loss:
        if chance.random() >= network.resent:
            return None
        late += 0.1 + chance.random() * 0.1
    return EPOCH_NS + int((at + late) * 1e9)


def _report(sent: Sent, at: float, chance: random.Random) -> Event:
    arrival = EPOCH_NS + int((at + sent.network.delay + chance.random() * sent.network.jitter) * 1e9)
    report = v1.SenderReport(sent.number, sent.layer, sent.ntp(at), sent.timestamp(at), arrival)
    return arrival, v1.Order(sender_report=report)
