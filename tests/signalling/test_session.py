"""A session's life: joining, frames, time, ending."""

import pytest

from roomwright.rooms import commands as c
from roomwright.rooms import presence
from roomwright.rooms.instant import Instant
from roomwright.signalling.greeting import Host
from roomwright.signalling.outputs import HangUp, Over, Ping, Tell
from roomwright.signalling.session import TRANSITIONS, Input, SessionState
from roomwright_proto import livekit as pb
from tests.signalling.talk import in_state

OPEN, CUT, OVER = SessionState
LOST = pb.DisconnectReason.SIGNAL_CLOSE


def give(alice, happened: Input) -> None:
    match happened:
        case Input.FRAME:
            alice.ask(ping=1)
        case Input.MESSAGE:
            alice.do(alice.session.say(pb.SignalResponse(mute=pb.MuteTrackRequest(sid="TR_1"))))
        case Input.CUT:
            alice.activate()
            alice.do(alice.session.cut(alice.now, clean=True))
        case Input.RESUME:
            alice.do(alice.session.resume(alice.now, 0))
        case Input.EXPIRE:
            alice.pass_time(20 if alice.session.state is CUT else 1)
        case Input.END:
            alice.rooms.handle(alice.participant, c.Leave(), alice.now)
            alice.drain()


@pytest.mark.parametrize("happened", Input)
@pytest.mark.parametrize("state", SessionState)
def test_every_state_meets_every_input(join, state, happened):
    """The table says where it leads; an input that it lacks changes nothing and leads to nothing."""
    alice = in_state(join, state)
    give(alice, happened)
    expected = TRANSITIONS[state].get(happened, state)
    assert alice.session.state is expected
    if happened not in TRANSITIONS[state]:
        assert alice.outputs == []


class TestJoining:
    def test_says_join_then_token(self, join):
        assert join().kinds() == ["join", "refresh_token"]

    def test_tells_what_the_server_is(self, join):
        (said,) = join(wish={"client": pb.ClientInfo(protocol=16)}).said("join")
        assert (said.room.name, said.participant.identity) == ("room", "alice")
        assert (said.ping_interval, said.ping_timeout) == (5, 15)
        assert (said.server_version, said.server_info.version) == ("1.13.5", "1.13.5")
        assert (said.server_info.protocol, said.server_info.node_id) == (17, "ND_1")
        assert said.server_info.debug_info.startswith("roomwright ")
        assert (said.subscriber_primary, said.fast_publish, said.sif_trailer) == (True, True, b"trailer")
        assert said.ice_servers == []

    def test_lists_the_codecs_to_publish_with_video_first(self, join):
        (said,) = join().said("join")
        mimes = [codec.mime for codec in said.enabled_publish_codecs]
        assert mimes[:5] == ["video/VP8", "video/H264", "video/VP9", "video/AV1", "video/H265"]
        assert mimes[5:] == ["audio/PCMU", "audio/PCMA", "audio/opus", "audio/red"]

    def test_hands_out_the_ice_servers_that_are_configured(self, join):
        servers = (pb.IceServer(urls=["turn:turn.example:3478"], username="u", credential="c"),)
        assert join(host=Host(node_id="ND_1", ice_servers=servers)).said("join")[0].ice_servers == list(servers)

    def test_without_a_key_gives_no_token(self, join):
        assert join(host=Host(node_id="ND_1")).kinds() == ["join"]

    def test_shows_the_others_and_is_shown_to_them(self, join):
        alice, bob = join("alice"), join("bob")
        alice.drain()
        assert [info.identity for info in bob.said("join")[0].other_participants] == ["alice"]
        assert alice.said("update")[0].participants[0].identity == "bob"

    def test_hidden_is_seen_by_nobody(self, join):
        alice, ghost = join("alice"), join("ghost", hidden=True)
        alice.drain()
        assert alice.said("update") == []
        assert [info.identity for info in ghost.said("join")[0].other_participants] == ["alice"]


class TestFrames:
    def test_are_answered_in_kind(self, join):
        alice = join()
        alice.forget()
        for frame in ('{"ping":"1"}', b"p\x01", '{"ping":"1"}'):
            alice.do(alice.session.receive(frame, alice.now))
        assert [type(output.frame) for output in alice.outputs] == [str, bytes, str]

    def test_begin_as_binary_again_after_a_resume(self, join):
        alice = join()
        alice.do(alice.session.receive('{"ping":"1"}', alice.now))
        alice.forget()
        alice.do(alice.session.resume(alice.now, 0))
        assert all(isinstance(output.frame, bytes) for output in alice.outputs[:-1])

    @pytest.mark.parametrize("frame", [b"\xff\xff\xff", "{nope"])
    def test_that_are_no_messages_end_the_socket_and_a_session_without_media(self, join, frame):
        alice = join()
        assert alice.do(alice.session.receive(frame, alice.now)) == [HangUp(), Tell(c.Disconnect(LOST)), Over()]
        assert alice.participant.info().disconnect_reason is LOST

    def test_that_are_no_messages_leave_a_session_with_media_to_be_resumed(self, join):
        alice = join()
        alice.activate()
        assert alice.do(alice.session.receive(b"\xff\xff\xff", alice.now)) == [HangUp()]
        assert alice.session.state is CUT

    @pytest.mark.parametrize("frame", [b"", ""])
    def test_that_are_empty_are_ignored(self, join, frame):
        alice = join()
        assert alice.session.receive(frame, alice.now) == []


class TestMoving:
    def test_brings_a_token_for_the_other_room(self, join):
        from roomwright.rooms.api import RoomApi

        alice = join()
        alice.forget()
        request = pb.MoveParticipantRequest(room="room", identity="alice", destination_room="other")
        RoomApi(alice.rooms).move_participant(request, alice.now)
        alice.drain()
        assert alice.kinds()[0] == "room_moved"
        moved = alice.said("room_moved")[0]
        assert (moved.room.name, moved.token) == ("other", "token of alice")
        assert alice.session.state is OPEN


class TestTime:
    def test_a_silent_client_is_pinged_and_then_cut_off(self, join):
        alice = join()
        assert alice.pass_time(9.9) == []
        assert alice.pass_time(0.2) == [Ping()]
        assert alice.pass_time(5) == [HangUp(abruptly=True)]
        assert alice.session.state is CUT

    def test_a_client_that_answers_pings_stays_for_good(self, join):
        alice = join()
        pings = 0
        for _ in range(60):
            pings += alice.pass_time(1).count(Ping())
            if pings:
                alice.session.heard(alice.now)
        assert pings == 6
        assert alice.session.state is OPEN

    def test_tokens_are_refreshed_before_they_end(self, join):
        alice = join()
        alice.forget()
        for _ in range(60):
            alice.pass_time(10)
            alice.session.heard(alice.now)
        assert alice.said("refresh_token") == ["token of alice"] * 2

    def test_it_says_when_it_is_due(self, join):
        alice = join()
        start = alice.clock.monotonic()
        assert alice.session.next_timeout() == start + 10
        alice.do(alice.session.cut(alice.now, clean=False))
        assert alice.session.next_timeout() == start + 4
        alice.pass_time(4)
        assert alice.session.next_timeout() is None

    def test_looking_too_early_changes_nothing(self, join):
        alice = join()
        early = Instant(alice.now.wall_ns, alice.now.monotonic - 1)
        assert alice.session.on_timeout(early) == []


def test_it_shows_its_state(join):
    assert repr(join().session) == "<Session alice: OPEN>"


def test_subscriptions_and_data_are_the_medias(join):
    alice, bob = join("alice"), join("bob")
    for talk in (alice, bob):
        talk.activate()
    alice.ask(add_track=pb.AddTrackRequest(cid="c", source=pb.TrackSource.MICROPHONE))
    sid = alice.said("track_published")[0].track.sid
    alice.rooms.handle(alice.participant, c.StartTrack(track_sid=sid, mime_type="audio/opus"), alice.now)
    packet = pb.DataPacket(user=pb.UserPacket(payload=b"hi"))
    alice.rooms.handle(alice.participant, c.SendPacket(packet), alice.now)
    bob.drain()
    assert [(topic, getattr(content, "subscribed", None)) for topic, content in bob.media()] == [
        ("subscription", True),
        ("data", None),
    ]
    assert presence.visible_to(bob.participant)[0].tracks[0].sid == sid


def test_a_track_that_is_taken_away_is_told_to_client_and_media(join):
    from roomwright.rooms.api import RoomApi

    alice = join()
    alice.ask(add_track=pb.AddTrackRequest(cid="c", source=pb.TrackSource.MICROPHONE))
    sid = alice.said("track_published")[0].track.sid
    alice.forget()
    request = pb.UpdateParticipantRequest(room="room", identity="alice", permission=pb.ParticipantPermission())
    RoomApi(alice.rooms).update_participant(request, alice.now)
    alice.drain()
    assert alice.said("track_unpublished") == [pb.TrackUnpublishedResponse(track_sid=sid)]
    assert alice.media() == [("withdrawn", sid)]
