"""What the plane says of how media arrives, of calls between real transports."""

from aiortc.mediastreams import AudioStreamTrack, VideoStreamTrack

from roomwright.media.transport import TransportState
from roomwright.sfu.sorts import Sort
from roomwright_proto import livekit as pb
from tests.sfu.embedded.callers import Mute, eventually
from tests.sfu.embedded.plane.test_calls import meet


async def test_streams_are_seen_from_both_sides(caller, backend):
    alice, _bob = await meet(caller)
    await alice.publish(AudioStreamTrack(), source=pb.TrackSource.MICROPHONE)
    await alice.publish(VideoStreamTrack(), source=pb.TrackSource.CAMERA)
    await eventually(lambda: len(backend.media.vitals.streams) == 4)
    await eventually(lambda: all(stream.packets > 10 for stream in backend.media.vitals.streams))
    vitals = backend.media.vitals
    sorts = {Sort("AUDIO", "MICROPHONE", "audio/opus"), Sort("VIDEO", "CAMERA", "video/vp8")}
    for direction in ("incoming", "outgoing"):
        assert {stream.sort for stream in vitals.streams if stream.direction == direction} == sorts
    assert all(0 <= stream.lost <= stream.packets and (stream.jitter or 0) < 1 for stream in vitals.streams)
    assert sum(vitals.passed.counts) > 20
    assert 0 < vitals.passed.total < sum(vitals.passed.counts)


async def test_a_round_trip_is_known_from_reports(caller, backend):
    alice, _bob = await meet(caller)
    await alice.publish(AudioStreamTrack())
    await eventually(lambda: any(stream.round_trip is not None for stream in backend.media.vitals.streams))


async def test_who_is_connected_has_a_quality_and_who_falls_silent_is_lost(caller, backend):
    alice, _bob = await meet(caller)
    hub = backend.media.hub
    hub.router.quality.measure(list(hub.router.endpoints))
    assert [rating for rating, _ in backend.media.vitals.qualities] == [int(pb.ConnectionQuality.EXCELLENT)] * 2
    alice.client.media.negotiation.primary.transport.state = TransportState.DISCONNECTED
    assert sorted(backend.media.vitals.qualities)[1] == (int(pb.ConnectionQuality.LOST), 1.0)


async def test_subscriptions_are_counted_when_they_are_negotiated(caller, backend):
    alice, bob = await meet(caller)
    await alice.publish(Mute("audio"), source=pb.TrackSource.MICROPHONE)
    await eventually(lambda: backend.media.traffic.subscriptions == 1)
    assert backend.tally.announced == {Sort("AUDIO", "MICROPHONE"): 1}
    await alice.publish(Mute("video"))
    await eventually(lambda: backend.media.traffic.subscriptions == 2)
    await eventually(lambda: len(bob.subscribed) == 2)
