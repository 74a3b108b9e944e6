"""Being cut off and coming back."""

import pytest

from roomwright.config import LimitSettings
from roomwright.rooms import commands as c
from roomwright.signalling.outputs import Over, Tell
from roomwright.signalling.session import SessionState
from roomwright_proto import livekit as pb
from tests.signalling.talk import in_state

OPEN, CUT, OVER = SessionState
PONG = pb.SignalResponse(pong=1)
LOST = pb.DisconnectReason.SIGNAL_CLOSE


class TestLosingTheSocket:
    def test_without_media_ends_soon(self, join):
        alice = join()
        assert alice.do(alice.session.cut(alice.now, clean=False)) == []
        assert alice.pass_time(3.9) == []
        assert alice.pass_time(0.2) == [Tell(c.Disconnect(LOST)), Over()]
        assert not alice.participant.present

    def test_without_media_ends_at_once_when_the_client_closed_it(self, join):
        alice = join()
        assert alice.do(alice.session.cut(alice.now, clean=True)) == [Tell(c.Disconnect(LOST)), Over()]

    @pytest.mark.parametrize("clean", [True, False])
    def test_with_media_is_waited_for(self, join, clean):
        alice = join()
        alice.activate()
        alice.do(alice.session.cut(alice.now, clean=clean))
        assert alice.pass_time(19.9) == []
        timeout = pb.DisconnectReason.CONNECTION_TIMEOUT
        assert alice.pass_time(0.2) == [Tell(c.Disconnect(timeout)), Over()]

    def test_twice_is_once(self, join):
        alice = join()
        alice.do(alice.session.cut(alice.now, clean=False))
        alice.pass_time(3)
        alice.do(alice.session.cut(alice.now, clean=False))
        assert alice.pass_time(1.1) != []


class TestResuming:
    def test_says_reconnect_first_then_everything_as_it_is(self, join):
        alice, bob = join("alice"), join("bob")
        alice.do(alice.session.cut(alice.now, clean=False))
        alice.forget()
        alice.do(alice.session.resume(alice.now, 42))
        assert alice.kinds() == ["reconnect", "update", "room_update", "refresh_token"]
        assert alice.said("reconnect")[0].last_message_seq == 42
        assert alice.said("reconnect")[0].server_info.node_id == "ND_1"
        assert [info.identity for info in alice.said("update")[0].participants] == ["alice", "bob"]
        assert alice.said("room_update")[0].room.num_participants == 2
        assert alice.media() == [("resumed", None)]
        assert bob.said("update") == []

    def test_works_while_the_old_socket_is_not_known_to_be_dead(self, join):
        alice = join()
        alice.forget()
        alice.do(alice.session.resume(alice.now, 0))
        assert alice.kinds()[0] == "reconnect"
        assert alice.session.state is OPEN

    def test_tells_who_left_meanwhile_and_what_happened_but_not_what_is_told_anyway(self, join):
        alice, bob, carol = join("alice"), join("bob"), join("carol")
        alice.drain()
        alice.do(alice.session.cut(alice.now, clean=False))
        alice.forget()
        bob.ask(leave=pb.LeaveRequest())
        alice.drain()
        for message in (PONG, pb.SignalResponse(mute=pb.MuteTrackRequest(sid="TR_1", muted=True))):
            alice.do(alice.session.say(message))
        assert alice.kinds() == []
        alice.do(alice.session.resume(alice.now, 0))
        assert alice.kinds() == ["reconnect", "update", "room_update", "refresh_token", "update", "mute"]
        assert [info.identity for info in alice.said("update")[0].participants] == ["alice", "carol"]
        (gone,) = alice.said("update")[1].participants
        assert (gone.identity, gone.state) == ("bob", pb.ParticipantInfoState.DISCONNECTED)
        assert carol.participant.present

    def test_starts_the_clock_anew(self, join):
        alice = join()
        alice.do(alice.session.cut(alice.now, clean=False))
        alice.pass_time(3)
        alice.do(alice.session.resume(alice.now, 0))
        assert alice.pass_time(5) == []

    def test_is_over_for_one_who_missed_too_much(self, join):
        alice = join()
        alice.activate()
        alice.do(alice.session.cut(alice.now, clean=False))
        for _ in range(LimitSettings().max_missed_messages + 1):
            alice.do(alice.session.say(pb.SignalResponse(mute=pb.MuteTrackRequest(sid="TR_1"))))
        assert alice.session.state is OVER
        assert not alice.participant.present


class TestBeingSentAway:
    def test_says_why_and_hangs_up(self, join):
        old = join("alice")
        old.forget()
        new = join("alice")
        old.drain()
        assert old.said("leave") == [pb.LeaveRequest(reason=pb.DisconnectReason.DUPLICATE_IDENTITY)]
        assert old.others() == ["HangUp", "Over"]
        assert new.participant.present

    def test_while_the_socket_is_cut_says_nothing(self, join):
        alice = in_state(join, CUT)
        alice.rooms.shut_down(alice.now)
        alice.drain()
        assert alice.others() == ["Over"]
        assert alice.kinds() == []
