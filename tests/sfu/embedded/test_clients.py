"""Clients of the embedded backend: how they come, come back and go."""

import pytest

from roomwright.errors import Code, ServiceError
from roomwright.sfu.embedded.media import Setup
from roomwright_proto import livekit as pb
from tests.sfu.embedded.fakes import FakeSocket
from tests.sfu.embedded.house import CALLER, House, publish, say


@pytest.fixture
async def house() -> House:
    return House()


class TestJoining:
    async def test_is_answered_by_join_and_a_token_before_anything_of_the_media(self, house):
        offer = pb.SessionDescription(type="offer", sdp="v=0", id=3)
        tracks = (pb.AddTrackRequest(cid="a"), pb.AddTrackRequest(cid="b"))
        _, socket, media = house.join("alice", single_connection=True, offer=offer, add_tracks=tracks)
        assert socket.kinds() == ["join", "refresh_token", "track_published", "track_published", "answer"]
        assert media.names() == ["announce", "announce", "on_offer"]
        assert socket.all("answer")[0].id == 3
        assert socket.all("refresh_token") == ["token of ALICE"]

    async def test_tells_the_media_how_the_client_wants_it(self, house):
        wishes = {"adaptive_stream": True, "allow_pause": False, "disable_ice_lite": True}
        _, _, media = house.join("alice", client=pb.ClientInfo(protocol=9), **wishes)
        assert media.setup == Setup(single_connection=False, subscriber_primary=True, **wishes)

    async def test_of_a_full_room_is_refused_and_leaves_nothing(self, house):
        await house.backend.create_room(pb.CreateRoomRequest(name="room", max_participants=1), CALLER)
        house.join("alice")
        with pytest.raises(ServiceError, match="full") as refused:
            house.backend.admit(house.wish("bob"))
        assert refused.value.code is Code.PERMISSION_DENIED
        with pytest.raises(ServiceError, match="full"):
            house.join("bob")
        assert len(house.plane.opened) == len(house.backend.clients) == 1

    async def test_under_the_same_identity_sends_the_older_client_away(self, house):
        _, old, media = house.join("alice")
        house.join("alice")
        assert old.all("leave") == [pb.LeaveRequest(reason=pb.DisconnectReason.DUPLICATE_IDENTITY)]
        assert (old.ended, media.names()[-1]) == ("closed", "close")
        assert await house.listed() == ["alice"]


class TestResuming:
    async def test_keeps_participant_media_and_tracks(self, house):
        alice, socket, media = house.join("alice", active=True)
        sid = publish(alice, socket, media)
        alice.on_close(socket, clean=False)
        state = pb.SyncState(publish_tracks=[])
        again, new = house.resume(alice, sync_state=state)
        assert again is alice
        assert new.kinds() == ["reconnect", "update", "room_update", "refresh_token"]
        assert new.all("reconnect")[0].last_message_seq == 5
        assert new.all("update")[0].participants[0].tracks[0].sid == sid
        assert media.names() == ["announce", "on_resume", "on_sync_state"]
        say(alice, ping=1)
        assert new.kinds()[-1] == "pong"

    async def test_with_an_offer_in_the_handshake_restarts_ice(self, house):
        alice, socket, media = house.join("alice", active=True)
        alice.on_close(socket, clean=False)
        _, new = house.resume(alice, single_connection=True, offer=pb.SessionDescription(sdp="v=0"))
        assert new.kinds()[-1] == "answer"
        assert media.names() == ["on_resume", "on_offer"]

    async def test_replaces_a_socket_that_is_not_known_to_be_dead(self, house):
        alice, old, _ = house.join("alice", active=True)
        _, new = house.resume(alice)
        assert (old.ended, new.kinds()[0]) == ("closed", "reconnect")
        alice.on_close(old, clean=False)
        house.backend.advance(60)
        assert await house.listed() == []  # 60 seconds of silence on the new one
        assert new.pings > 0

    async def test_works_after_a_move_with_the_token_of_either_room(self, house):
        alice, socket, _ = house.join("alice", active=True)
        request = pb.MoveParticipantRequest(room="room", identity="alice", destination_room="other")
        await house.backend.move_participant(request, CALLER)
        alice.on_close(socket, clean=False)
        for room in ("room", "other"):
            _, new = house.resume(alice, room=room)
            assert new.kinds()[0] == "reconnect"
        _, new = house.resume(alice, room="third")
        assert new.kinds() == ["leave"]

    @pytest.mark.parametrize("gone", ["left", "never there", "somebody else's"])
    async def test_what_is_gone_is_answered_with_rejoin(self, house, gone):
        alice, _, _ = house.join("alice")
        identity = "mallory" if gone == "somebody else's" else "alice"
        if gone == "left":
            say(alice, leave=pb.LeaveRequest())
        socket = FakeSocket()
        sid = "PA_nope" if gone == "never there" else alice.participant.sid
        wish = house.wish(identity, reconnect=True, participant_sid=sid)
        assert house.backend.connect(wish, socket) is None
        (leave,) = socket.all("leave")
        assert (leave.reason.name, leave.action.name) == ("STATE_MISMATCH", "RECONNECT")
        assert (socket.kinds(), socket.ended) == (["leave"], "closed")


class TestGoing:
    async def test_a_lost_socket_without_media_ends_within_five_seconds(self, house):
        alice, socket, _ = house.join("alice")
        alice.on_close(socket, clean=False)
        house.backend.advance(1)
        assert await house.listed() == ["alice"]
        house.backend.advance(4)
        assert await house.listed() == []

    async def test_a_closed_socket_without_media_ends_at_once(self, house):
        alice, socket, _ = house.join("alice")
        alice.on_close(socket, clean=True)
        assert await house.listed() == []
        assert house.backend.clients == {}

    async def test_a_silent_socket_is_aborted(self, house):
        _, socket, _ = house.join("alice", active=True)
        house.backend.advance(16)
        assert (socket.pings, socket.ended) == (1, "aborted")
        assert await house.listed() == ["alice"]
        house.backend.advance(20)
        assert await house.listed() == []

    async def test_a_client_that_answers_pings_stays(self, house):
        alice, socket, _ = house.join("alice")
        for _ in range(12):
            house.backend.advance(5)
            alice.on_pong()
        assert (socket.pings, socket.ended) == (6, "")

    async def test_removal_tells_why(self, house):
        _, socket, media = house.join("alice", active=True)
        await house.backend.remove_participant(pb.RoomParticipantIdentity(room="room", identity="alice"), CALLER)
        assert socket.all("leave") == [pb.LeaveRequest(reason=pb.DisconnectReason.PARTICIPANT_REMOVED)]
        assert (socket.ended, media.names()) == ("closed", ["close"])

    async def test_the_servers_end_tells_everybody_and_lets_nobody_in(self, house):
        _, socket, _ = house.join("alice")
        house.backend.dismiss()
        house.backend.dismiss()
        assert socket.all("leave")[0].reason is pb.DisconnectReason.SERVER_SHUTDOWN
        for attempt in (house.backend.admit, lambda wish: house.backend.connect(wish, FakeSocket())):
            with pytest.raises(ServiceError, match="shutting down") as refused:
                attempt(house.wish("bob"))
            assert refused.value.code is Code.UNAVAILABLE
        await house.backend.close()
        await house.backend.close()
        assert house.plane.life[0] == "closed"

    async def test_nothing_is_left_of_those_who_went(self, house):
        for number in range(50):
            alice, socket, _ = house.join(f"alice{number}")
            alice.on_close(socket, clean=number % 2 == 0)
        house.backend.advance(5)
        assert house.backend.clients == {}
        assert "0 clients" in repr(house.backend)
