"""Clients with real transports call each other, in both ways of signalling."""

import asyncio

from aiortc.mediastreams import AudioStreamTrack, MediaStreamTrack

from roomwright.auth.claims import Claims
from roomwright.sfu.backend import Caller as ApiCaller
from roomwright_proto import livekit as pb
from tests.sfu.embedded.callers import PATIENCE, Mute, eventually

API = ApiCaller(Claims(identity="api"))
RELIABLE, LOSSY = pb.DataPacketKind.RELIABLE, pb.DataPacketKind.LOSSY


async def hear(track: MediaStreamTrack, count: int = 20) -> None:
    """Receive some frames."""
    async with asyncio.timeout(PATIENCE):
        for _ in range(count):
            await track.recv()


def packet(payload: bytes, **fields) -> pb.DataPacket:
    return pb.DataPacket(user=pb.UserPacket(payload=payload), **fields)


async def meet(caller):
    alice, bob = caller(), caller()
    await alice.join("room", "alice")
    await bob.join("room", "bob")
    return alice, bob


async def test_a_client_is_active_once_its_transport_is_connected(caller, backend):
    alice = caller()
    alice.connect("room", "alice")
    assert alice.client.participant.info().state is pb.ParticipantInfoState.JOINED
    await eventually(lambda: alice.client.participant.info().state is pb.ParticipantInfoState.ACTIVE)


async def test_data_goes_from_client_to_client_in_the_kind_of_its_channel(caller):
    alice, bob = await meet(caller)
    alice.send(packet(b"sure", participant_identity="somebody else"))
    await eventually(lambda: bob.packets)
    alice.send(packet(b"maybe"), "_lossy")
    await eventually(lambda: len(bob.packets) == 2)
    assert [(p.user.payload, p.kind, p.participant_identity) for p in bob.packets] == [
        (b"sure", RELIABLE, "alice"),
        (b"maybe", LOSSY, "alice"),
    ]
    assert alice.packets == []


async def test_the_plane_knows_what_it_carries(caller, backend):
    alice, bob = await meet(caller)
    sid = await alice.publish(AudioStreamTrack())
    await eventually(lambda: sid in bob.subscribed)
    await eventually(lambda: backend.media.load.tracks == 2)
    await eventually(lambda: backend.media.load.bytes_per_second > 0)
    alice.say(leave=pb.LeaveRequest())
    await eventually(lambda: backend.media.load.tracks == 0)


async def test_what_is_sent_again_after_a_resume_is_delivered_once(caller):
    alice, bob = await meet(caller)
    for sequence in (1, 2, 2, 1, 3):
        alice.send(packet(b"x", sequence=sequence))
    await eventually(lambda: len(bob.packets) >= 3)
    alice.send(packet(b"end"))
    await eventually(lambda: bob.packets[-1].user.payload == b"end")
    assert [p.sequence for p in bob.packets] == [1, 2, 3, 0]
    assert alice.client.media.last_sequence == 3


async def test_data_from_the_api_arrives_in_both_kinds(caller, backend):
    alice, bob = await meet(caller)
    await backend.send_data(pb.SendDataRequest(room="room", data=b"a", kind=RELIABLE, topic="t"), API)
    await eventually(lambda: alice.packets and bob.packets)
    lossy = pb.SendDataRequest(room="room", data=b"b", kind=LOSSY, destination_identities=["bob"])
    await backend.send_data(lossy, API)
    await eventually(lambda: len(bob.packets) == 2)
    assert [(p.kind, p.user.topic) for p in bob.packets] == [(RELIABLE, "t"), (LOSSY, None)]
    assert len(alice.packets) == 1


async def test_what_makes_no_sense_as_a_packet_is_passed_over(caller):
    alice, bob = await meet(caller)
    alice.send_bytes(b"\xff\xff\xff\xff")
    alice.send_bytes(b"")
    alice.send(packet(b"then"))
    await eventually(lambda: [p.user.payload for p in bob.packets if p.user] == [b"then"])
    assert alice.client.participant.present


async def test_sound_is_heard_by_the_other(caller):
    alice, bob = await meet(caller)
    sid = await alice.publish(AudioStreamTrack(), name="mic", source=pb.TrackSource.MICROPHONE)
    await eventually(lambda: sid in bob.subscribed)
    await eventually(lambda: bob.tracks)
    await hear(next(iter(bob.tracks.values())))
    (info,) = alice.client.participant.info().tracks
    assert (info.sid, info.mime_type, info.name) == (sid, "audio/opus", "mic")
    assert info.codecs[0].mime_type == "audio/opus"
    assert info.mid == info.codecs[0].mid != ""
    assert alice.all("track_subscribed")[0].track_sid == sid


async def test_tracks_share_a_stream_where_the_room_keeps_streams_in_step(caller, backend):
    await backend.create_room(pb.CreateRoomRequest(name="room", sync_streams=True), API)
    alice, bob = await meet(caller)
    sid = await alice.publish(AudioStreamTrack(), name="mic", source=pb.TrackSource.MICROPHONE, stream="camera")
    await eventually(lambda: sid in bob.subscribed)
    described = bob.subscriber.remoteDescription.sdp
    assert f"a=msid:{alice.client.participant.sid}|camera {sid}" in described


async def test_who_comes_later_hears_what_is_there(caller):
    alice, bob = caller(), caller()
    await alice.join("room", "alice")
    sid = await alice.publish(AudioStreamTrack())
    await bob.join("room", "bob")
    await eventually(lambda: sid in bob.subscribed)
    await eventually(lambda: bob.tracks)
    await hear(next(iter(bob.tracks.values())))


async def test_a_client_is_asked_for_as_many_places_as_it_needs(caller):
    alice, bob = await meet(caller)
    kinds = ("audio", "video", "audio", "video", "audio")
    sids = {await alice.publish(Mute(kind)) for kind in kinds}
    await eventually(lambda: bob.subscribed == sids)
    carol = caller()
    await carol.join("room", "carol")
    await eventually(lambda: carol.subscribed == sids)
    if carol.single:
        (needed,) = carol.all("media_sections_requirement")
        assert (needed.num_audios, needed.num_videos) == (3, 2)
    else:
        assert [len(offer.mid_to_track_id) for offer in carol.all("offer")] == [0, 5]


async def test_who_may_not_subscribe_gets_data_and_later_all(caller, backend):
    alice, bob = caller(), caller()
    await alice.join("room", "alice")
    await bob.join("room", "bob", can_subscribe=False)
    sid = await alice.publish(AudioStreamTrack())
    alice.send(packet(b"hello"))
    await eventually(lambda: bob.packets)
    assert bob.subscribed == set()
    permission = pb.ParticipantPermission(can_subscribe=True, can_publish=True, can_publish_data=True)
    await backend.update_participant(
        pb.UpdateParticipantRequest(room="room", identity="bob", permission=permission), API
    )
    await eventually(lambda: bob.subscribed == {sid} and bob.tracks)
    await hear(next(iter(bob.tracks.values())))


async def test_a_muted_track_is_not_passed_on(caller):
    alice, bob = await meet(caller)
    sid = await alice.publish(AudioStreamTrack())
    await eventually(lambda: bob.tracks)
    await hear(next(iter(bob.tracks.values())))
    alice.say(mute=pb.MuteTrackRequest(sid=sid, muted=True))
    up = alice.client.media.publications.find(sid)
    assert up.muted
    assert all(down.stream is None for down in up.downs)
    alice.say(mute=pb.MuteTrackRequest(sid=sid, muted=False))
    await eventually(lambda: all(down.stream for down in up.downs))


async def test_what_is_unpublished_or_unsubscribed_frees_its_place(caller):
    alice, bob = await meet(caller)
    first, second = Mute("audio"), Mute("audio")
    one = await alice.publish(first)
    await eventually(lambda: bob.subscribed == {one})
    bob.say(subscription=pb.UpdateSubscription(track_sids=[one], subscribe=False))
    await eventually(lambda: bob.subscribed == set())
    bob.say(subscription=pb.UpdateSubscription(track_sids=[one], subscribe=True))
    await eventually(lambda: bob.subscribed == {one})
    await alice.unpublish(first)
    assert alice.client.participant.info().tracks == []
    await eventually(lambda: bob.subscribed == set())
    two = await alice.publish(second)
    await eventually(lambda: bob.subscribed == {two})
    await bob.settled()
    media = [t for t in bob.subscriber.getTransceivers() if t.kind == "audio"]
    assert len(media) <= 2


async def test_who_may_not_publish_any_more_is_not_heard(caller, backend):
    alice, bob = await meet(caller)
    sid = await alice.publish(AudioStreamTrack())
    await eventually(lambda: bob.subscribed == {sid})
    permission = pb.ParticipantPermission(can_subscribe=True, can_publish=False)
    await backend.update_participant(
        pb.UpdateParticipantRequest(room="room", identity="alice", permission=permission), API
    )
    assert alice.client.media.publications.find(sid) is None
    await eventually(lambda: bob.subscribed == set())


async def test_a_forwarded_track_is_heard_in_the_other_room(caller, backend):
    alice, bob = caller(), caller()
    await alice.join("here", "alice")
    await bob.join("there", "bob")
    sid = await alice.publish(AudioStreamTrack())
    await backend.forward_participant(
        pb.ForwardParticipantRequest(room="here", identity="alice", destination_room="there"), API
    )
    await eventually(lambda: bob.tracks)
    await hear(next(iter(bob.tracks.values())))
    assert bob.subscribed
    assert sid not in bob.subscribed


async def test_who_moves_hears_and_is_heard_in_the_new_room(caller, backend):
    alice, bob = caller(), caller()
    await alice.join("here", "alice")
    await bob.join("there", "bob")
    sid = await alice.publish(AudioStreamTrack())
    await backend.move_participant(
        pb.MoveParticipantRequest(room="here", identity="alice", destination_room="there"), API
    )
    await eventually(lambda: bob.subscribed == {sid} and bob.tracks)
    await hear(next(iter(bob.tracks.values())))
    assert alice.client.media.negotiation.publisher.endpoint.room == bob.client.participant.room.sid


async def test_a_wrong_offer_changes_nothing(caller):
    alice, bob = await meet(caller)
    answers = len(alice.all("answer"))
    for sdp in ("", "nonsense", "v=0\r\nm=audio 9 X 0\r\n", "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\n"):
        alice.say(offer=pb.SessionDescription(type="offer", sdp=sdp))
        alice.say(answer=pb.SessionDescription(type="answer", sdp=sdp))
    assert len(alice.all("answer")) == answers
    alice.send(packet(b"still here"))
    await eventually(lambda: bob.packets)


async def test_a_client_whose_transport_is_gone_has_left(caller):
    alice, bob = await meet(caller)
    await alice.publisher.close()
    await alice.subscriber.close()
    await eventually(lambda: not alice.client.participant.present)
    assert alice.all("leave")[-1].action is pb.LeaveRequestAction.RECONNECT
    assert bob.all("update")[-1].participants[0].state is pb.ParticipantInfoState.DISCONNECTED


async def test_nothing_is_left_of_those_who_have_gone(caller, backend):
    alice, bob = await meet(caller)
    await alice.publish(AudioStreamTrack())
    await eventually(lambda: bob.tracks)
    for one in (alice, bob):
        one.say(leave=pb.LeaveRequest())
    hub = backend.media.hub
    assert hub.clients == {}
    assert not hub.router.endpoints
    assert "0 transports" in repr(hub.socket)
