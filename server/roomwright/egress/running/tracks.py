"""The tracks of a source, tapped and handed to a recorder under numbers of their own."""

from collections.abc import Sequence
from typing import Protocol

from roomwright.egress import selection
from roomwright.egress.planning.plan import Publication
from roomwright.egress.wish import Source
from roomwright.sfu.taps import MediaTaps, Payload, Tap
from roomwright_proto import livekit as pb
from roomwright_proto.roomwright.egress import v1


class Sink(Protocol):
    """What takes orders and packets: a recorder."""

    def order(self, order: v1.Order) -> None:
        """Take an order."""
        ...

    def packet(self, track: int, layer: int, arrival_ns: int, data: bytes) -> None:
        """Take a packet."""
        ...


class Tracks:
    """Tracks that belong to a source, from the time at which they are published; handed over once there is a sink."""

    def __init__(self, source: Source, room: str, taps: MediaTaps) -> None:
        self._source = source
        self._room = room
        self._taps = taps
        self._sink: Sink | None = None
        self._published: dict[str, tuple[pb.TrackInfo, pb.ParticipantInfo]] = {}
        self._tapped: dict[str, Tapped] = {}
        self._places: dict[str, int] = {}
        self._next = 1

    def __repr__(self) -> str:
        return f"<Tracks {len(self._published)} published, {len(self._tapped)} tapped>"

    @property
    def publications(self) -> list[Publication]:
        """Those that belong to the source, in the order in which they were published."""
        return [Publication(track, publisher.identity) for track, publisher in self._published.values()]

    @property
    def missing(self) -> list[str]:
        """Sids of tracks that the source needs and that are not there."""
        return [sid for sid in self._source.tracks if sid not in self._published]

    def publish(self, track: pb.TrackInfo, publisher: pb.ParticipantInfo) -> bool:
        """A track is there. Returns whether it belongs to the source; an encrypted one is left out."""
        if not selection.selects(self._source, track, publisher):
            return False
        self._places.setdefault(publisher.identity, len(self._places))
        known = track.sid in self._published
        self._published[track.sid] = (track, publisher)
        if not known and self._sink is not None:
            self._tap(track.sid)
        return True

    def unpublish(self, sid: str) -> bool:
        """A track is gone. Returns whether it belonged to the source."""
        tapped = self._tapped.pop(sid, None)
        if tapped is not None:
            tapped.close()
        return self._published.pop(sid, None) is not None

    def mute(self, track: pb.TrackInfo) -> None:
        """A track was muted or unmuted."""
        known = self._published.get(track.sid)
        if known is None:
            return
        self._published[track.sid] = (track, known[1])
        tapped = self._tapped.get(track.sid)
        if tapped is not None:
            tapped.mute(track)

    def hand_over(self, sink: Sink) -> None:
        """There is a recorder: give it all tracks, and those that come."""
        self._sink = sink
        for sid in self._published:
            self._tap(sid)

    def request_key_frame(self, number: int, layer: int) -> None:
        """The recorder needs one."""
        for tapped in self._tapped.values():
            if tapped.number == number:
                tapped.request_key_frame(layer)

    def close(self) -> None:
        """Tap nothing any more."""
        self._sink = None
        tapped, self._tapped = self._tapped, {}
        for one in tapped.values():
            one.close()

    def _tap(self, sid: str) -> None:
        track, publisher = self._published[sid]
        if self._sink is None or track.encryption is not pb.EncryptionType.NONE:
            return
        channel = selection.channel(self._source, track, publisher, self._places)
        tapped = Tapped(self._sink, track, publisher, channel, self._number)
        tapped.open(self._taps.tap(self._room, sid, tapped))
        self._tapped[sid] = tapped

    def _number(self) -> int:
        number, self._next = self._next, self._next + 1
        return number


class Tapped:
    """One track on its way to the recorder (`TapListener`)."""

    def __init__(
        self,
        sink: Sink,
        track: pb.TrackInfo,
        publisher: pb.ParticipantInfo,
        channel: pb.AudioChannel,
        numbers: "Numbers",
    ) -> None:
        self.number = 0
        self._sink = sink
        self._track = track
        self._publisher = publisher
        self._channel = channel
        self._numbers = numbers
        self._tap: Tap | None = None

    def open(self, tap: Tap | None) -> None:
        """Begin. Without a tap nothing will come, and the track is not told of."""
        self._tap = tap
        if tap is not None:
            self._add(tap.payloads)

    def mute(self, track: pb.TrackInfo) -> None:
        """It was muted or unmuted."""
        self._track = track
        if self.number:
            self._sink.order(v1.Order(track_muted=v1.TrackMuted(number=self.number, muted=track.muted)))
        if not track.muted and track.type is pb.TrackType.VIDEO:
            self.request_key_frame(0)

    def request_key_frame(self, layer: int) -> None:
        """The recorder, or an unmute, needs one."""
        if self._tap is not None:
            self._tap.request_key_frame(layer)

    def close(self) -> None:
        """Tap no more."""
        tap, self._tap = self._tap, None
        if tap is not None:
            tap.close()
            self._remove()

    # for the tap

    def on_packet(self, packet: bytes, layer: int, arrival_ns: int) -> None:
        """Hand it over."""
        self._sink.packet(self.number, layer, arrival_ns, packet)

    def on_report(self, layer: int, ntp: int, rtp: int, arrival_ns: int) -> None:
        """Pass it on."""
        report = v1.SenderReport(number=self.number, layer=layer, ntp=ntp, rtp=rtp, arrival_ns=arrival_ns)
        self._sink.order(v1.Order(sender_report=report))

    def on_payloads(self, payloads: Sequence[Payload]) -> None:
        """Another codec is another track for the recorder."""
        self._remove()
        self._add(payloads)

    def _add(self, payloads: Sequence[Payload]) -> None:
        if not payloads:
            return
        self.number = self._numbers()
        added = v1.TrackAdded(
            number=self.number,
            track=self._track,
            identity=self._publisher.identity,
            name=self._publisher.name or self._publisher.identity,
            payloads=[
                v1.Payload(
                    type=payload.type,
                    mime=payload.mime,
                    clock_rate=payload.clock_rate,
                    channels=payload.channels,
                    fmtp=payload.fmtp,
                )
                for payload in payloads
            ],
            channel=self._channel,
        )
        self._sink.order(v1.Order(track_added=added))
        if self._tap is not None:
            self._tap.repeat_reports()

    def _remove(self) -> None:
        if not self.number:
            return
        self._sink.order(v1.Order(track_removed=v1.TrackRemoved(number=self.number)))


class Numbers(Protocol):
    """Gives numbers that were never given before."""

    def __call__(self) -> int:
        """The next one."""
        ...
