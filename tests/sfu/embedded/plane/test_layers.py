"""What is told about media: wanted layers, speakers, connections."""

from roomwright.auth.claims import Claims
from roomwright.media.forward.events import ConnectionQuality, QualityChanged, Speaker, SpeakersChanged
from roomwright.media.transport import TransportState
from roomwright.sfu.backend import Caller as ApiCaller
from roomwright_proto import livekit as pb
from tests.sfu.embedded.callers import Mute, eventually

_Q = pb.VideoQuality
API = ApiCaller(Claims(identity="api"))


async def meet(caller):
    alice, bob = caller(), caller()
    await alice.join("room", "alice")
    await bob.join("room", "bob")
    return alice, bob


def sid(caller) -> str:
    return caller.client.participant.sid


def speaks(hub, caller, level: float) -> None:
    speaker = Speaker(sid(caller), level, active=level > 0)
    hub.notices.on_speakers(SpeakersChanged(caller.client.participant.room.sid, (speaker,), (speaker,)))


async def test_a_publisher_is_told_which_layers_are_wanted(caller):
    alice, bob = await meet(caller)
    layers = [
        pb.VideoLayer(quality=q, width=w, height=w) for q, w in ((_Q.LOW, 320), (_Q.MEDIUM, 640), (_Q.HIGH, 1280))
    ]
    track = await alice.publish(Mute("video"), simulcast_codecs=[pb.SimulcastCodec(layers=layers)])

    def told() -> list[bool]:
        updates = alice.all("subscribed_quality_update")
        return [quality.enabled for quality in updates[-1].subscribed_codecs[0].qualities] if updates else []

    await eventually(lambda: told() == [True, True, True])
    bob.say(track_setting=pb.UpdateTrackSettings(track_sids=[track], width=300, height=300))
    await eventually(lambda: told() == [True, False, False])
    bob.say(track_setting=pb.UpdateTrackSettings(track_sids=[track], quality=_Q.MEDIUM))
    await eventually(lambda: told() == [True, True, False])
    bob.say(track_setting=pb.UpdateTrackSettings(track_sids=[track], disabled=True))
    await eventually(lambda: told() == [False, False, False])
    update = alice.all("subscribed_quality_update")[-1]
    assert (update.track_sid, update.subscribed_codecs[0].codec) == (track, "vp8")


async def test_wishes_about_a_track_that_is_not_received_mean_nothing(caller):
    alice, _ = await meet(caller)
    alice.say(track_setting=pb.UpdateTrackSettings(track_sids=["TR_nope"], disabled=True))
    assert alice.client.participant.present


async def test_speakers_are_told_to_all_and_to_those_who_come_later(caller, backend):
    alice, bob = await meet(caller)
    speaks(backend.media.hub, alice, 0.5)
    for one in (alice, bob):
        (speaker,) = one.all("speakers_changed")[-1].speakers
        assert (speaker.sid, speaker.level, speaker.active) == (sid(alice), 0.5, True)
    carol = caller()
    await carol.join("room", "carol")
    assert carol.all("speakers_changed")[-1].speakers[0].sid == sid(alice)
    speaks(backend.media.hub, alice, 0)
    assert carol.all("speakers_changed")[-1].speakers[0].active is False


async def test_who_is_hidden_is_no_speaker_to_others(caller, backend):
    alice, ghost = caller(), caller()
    await alice.join("room", "alice")
    await ghost.join("room", "ghost", hidden=True)
    speaks(backend.media.hub, ghost, 0.5)
    backend.media.hub.notices.on_quality(
        QualityChanged(ghost.client.participant.room.sid, sid(ghost), ConnectionQuality.POOR, 1.5)
    )
    assert alice.all("speakers_changed") == []
    assert [u.updates[0].participant_sid for u in alice.all("connection_quality")] in ([], [sid(alice)])
    assert ghost.all("connection_quality")[-1].updates[0].quality is pb.ConnectionQuality.POOR


async def test_connections_are_told_to_all_and_to_those_who_come_later(caller, backend):
    alice, bob = await meet(caller)
    event = QualityChanged(alice.client.participant.room.sid, sid(alice), ConnectionQuality.GOOD, 3.5)
    backend.media.hub.notices.on_quality(event)
    info = bob.all("connection_quality")[-1].updates[0]
    assert (info.participant_sid, info.quality, info.score) == (sid(alice), pb.ConnectionQuality.GOOD, 3.5)
    carol = caller()
    await carol.join("room", "carol")
    assert info in carol.all("connection_quality")[-1].updates


async def test_a_connection_that_is_measured_before_it_is_up_is_told_when_it_is(caller, backend):
    bob, alice = caller(), caller()
    await bob.join("room", "bob")
    alice.connect("room", "alice")
    assert not alice.client.participant.active
    backend.media.hub.notices.on_quality(QualityChanged("RM", sid(alice), ConnectionQuality.GOOD, 3.5))
    await eventually(lambda: alice.client.participant.active)
    for hearer in (alice, bob):
        info = hearer.all("connection_quality")[-1].updates[0]
        assert (info.participant_sid, info.quality) == (sid(alice), pb.ConnectionQuality.GOOD)


async def test_a_client_that_falls_silent_is_lost_until_it_is_heard_again(caller, backend):
    alice, bob = await meet(caller)
    event = QualityChanged(alice.client.participant.room.sid, sid(alice), ConnectionQuality.GOOD, 3.5)
    backend.media.hub.notices.on_quality(event)
    media = alice.client.media
    media.on_state(media.negotiation.primary, TransportState.DISCONNECTED, "")
    media.on_state(media.negotiation.primary, TransportState.CONNECTED, "")
    told = [u.updates[0].quality for u in bob.all("connection_quality") if u.updates[0].participant_sid == sid(alice)]
    assert told[-2:] == [pb.ConnectionQuality.LOST, pb.ConnectionQuality.GOOD]
    assert alice.client.participant.present


async def test_who_is_forwarded_speaks_in_the_other_room_too(caller, backend):
    alice, bob = caller(), caller()
    await alice.join("here", "alice")
    await bob.join("there", "bob")
    await alice.publish(Mute("audio"))
    await backend.forward_participant(
        pb.ForwardParticipantRequest(room="here", identity="alice", destination_room="there"), API
    )
    await eventually(lambda: bob.subscribed)
    mirror = bob.all("update")[-1].participants[0].sid
    assert mirror != sid(alice)
    speaks(backend.media.hub, alice, 0.5)
    backend.media.hub.notices.on_quality(
        QualityChanged(alice.client.participant.room.sid, sid(alice), ConnectionQuality.GOOD, 3.5)
    )
    assert [s.sid for s in bob.all("speakers_changed")[-1].speakers] == [mirror]
    assert bob.all("connection_quality")[-1].updates[0].participant_sid == mirror
