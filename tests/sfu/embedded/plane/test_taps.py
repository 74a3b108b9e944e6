"""Media tapped for recordings: as it comes, wherever it comes, and not while it is muted."""

from collections.abc import Sequence

from aiortc.mediastreams import AudioStreamTrack

from roomwright.media.forward.events import Speaker, SpeakersChanged
from roomwright.rooms.commands import MuteTrack
from roomwright.sfu.backend import Caller as ApiCaller
from roomwright.sfu.taps import Payload
from roomwright_proto import livekit as pb
from tests.sfu.embedded.callers import Mute, eventually

API = ApiCaller()


class Ear:
    """Whoever taps."""

    def __init__(self) -> None:
        self.packets: list[tuple[bytes, int, int]] = []
        self.reports: list[tuple[int, int, int, int]] = []
        self.payloads: list[Sequence[Payload]] = []

    def on_packet(self, packet: bytes, layer: int, arrival_ns: int) -> None:
        self.packets.append((packet, layer, arrival_ns))

    def on_report(self, layer: int, ntp: int, rtp: int, arrival_ns: int) -> None:
        self.reports.append((layer, ntp, rtp, arrival_ns))

    def on_payloads(self, payloads: Sequence[Payload]) -> None:
        self.payloads.append(payloads)


async def test_a_tap_gets_packets_reports_and_the_meaning_of_payload_types(caller, backend):
    alice = caller()
    await alice.join("room", "alice")
    sid = await alice.publish(AudioStreamTrack())
    ear = Ear()
    tap = backend.taps.tap("room", sid, ear)
    await eventually(lambda: len(ear.packets) > 20)
    types = {payload.type: payload.mime for payload in tap.payloads}
    assert types[ear.packets[0][0][1] & 0x7F] == "audio/opus"
    assert all(later[2] >= earlier[2] for earlier, later in zip(ear.packets, ear.packets[1:], strict=False))
    now = backend.instant().wall_ns
    assert now - 60_000_000_000 < ear.packets[-1][2] <= now + 1_000_000_000
    await eventually(lambda: ear.reports)
    before = len(ear.reports)
    tap.repeat_reports()
    assert ear.reports[before:] == [ear.reports[before - 1]]
    tap.close()
    tap.close()
    count = len(ear.packets)
    await eventually(lambda: backend.media.hub is not None)
    assert len(ear.packets) == count


async def test_nothing_is_tapped_while_a_track_is_muted_whatever_its_publisher_sends(caller, backend):
    alice = caller()
    await alice.join("room", "alice")
    sid = await alice.publish(AudioStreamTrack())
    ear = Ear()
    backend.taps.tap("room", sid, ear)
    await eventually(lambda: ear.packets)
    request = pb.MuteRoomTrackRequest(room="room", identity="alice", track_sid=sid, muted=True)
    await backend.mute_published_track(request, API)
    count = len(ear.packets)
    up = next(iter(alice.client.media.publications.tracks))
    received = next(iter(up.streams.values())).reception
    sent = received.received
    await eventually(lambda: received.received > sent + 20)
    assert len(ear.packets) == count
    backend.tell(alice.client.participant, MuteTrack(sid, False))
    await eventually(lambda: len(ear.packets) > count)


async def test_a_tap_wants_the_best_layer_though_nobody_watches(caller, backend):
    alice = caller()
    await alice.join("room", "alice")
    layers = [
        pb.VideoLayer(quality=quality, width=size, height=size)
        for quality, size in ((pb.VideoQuality.LOW, 320), (pb.VideoQuality.HIGH, 1280))
    ]
    sid = await alice.publish(Mute("video"), simulcast_codecs=[pb.SimulcastCodec(layers=layers)])

    def wanted() -> list[bool]:
        updates = alice.all("subscribed_quality_update")
        return [quality.enabled for quality in updates[-1].subscribed_codecs[0].qualities] if updates else []

    tap = backend.taps.tap("room", sid, Ear())
    await eventually(lambda: wanted()[:2] == [True, True])
    tap.close()
    await eventually(lambda: wanted() == [False, False, False])


async def test_what_is_not_there_cannot_be_tapped(caller, backend):
    assert backend.taps.tap("nowhere", "TR_1", Ear()) is None
    alice = caller()
    await alice.join("room", "alice")
    assert backend.taps.tap("room", "TR_nope", Ear()) is None


async def test_a_tap_of_somebody_who_goes_is_silent(caller, backend):
    alice = caller()
    await alice.join("room", "alice")
    sid = await alice.publish(AudioStreamTrack())
    ear = Ear()
    tap = backend.taps.tap("room", sid, ear)
    await eventually(lambda: ear.packets)
    alice.say(leave=pb.LeaveRequest())
    await eventually(lambda: not backend.rooms.find("room").participants)
    tap.request_key_frame(0)
    tap.repeat_reports()
    tap.close()


async def test_speakers_are_told_by_their_identities(caller, backend):
    heard: list[Sequence[str]] = []
    await backend.create_room(pb.CreateRoomRequest(name="room"), API)
    stop = backend.taps.listen_to_speakers("room", heard.append)  # before anybody came
    alice = caller()
    await alice.join("room", "alice")
    hub, participant = backend.media.hub, alice.client.participant
    loud = Speaker(participant.sid, 0.5, True)
    hub.speakers.on_speakers(SpeakersChanged(participant.room.sid, (loud,), (loud,)))
    hub.speakers.on_speakers(SpeakersChanged("RM_other", (loud,), (loud,)))
    assert heard == [["alice"]]
    stop()
    stop()
    hub.speakers.on_speakers(SpeakersChanged(participant.room.sid, (loud,), (loud,)))
    assert len(heard) == 1
