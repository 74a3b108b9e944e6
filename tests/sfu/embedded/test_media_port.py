"""What a media plane is told, and what becomes of what it says."""

import pytest

from roomwright.clock import ManualClock
from roomwright.config import LimitSettings, RoomSettings
from roomwright.rooms import commands as c
from roomwright.sfu.embedded import EmbeddedBackend
from roomwright.sfu.embedded.media import NoMedia
from roomwright_proto import livekit as pb
from tests.sfu.embedded.fakes import FakeSocket
from tests.sfu.embedded.house import CALLER, House, publish, say


@pytest.fixture
async def house() -> House:
    return House()


class TestMedia:
    async def test_subscribers_get_the_source_and_lose_it(self, house):
        alice, socket, media = house.join("alice", active=True)
        bob, _, received = house.join("bob", active=True)
        sid = publish(alice, socket, media)
        (source,) = received.sources.values()
        assert (source.media, source.track_sid, source.publisher_sid) == (media, sid, alice.participant.sid)
        assert source.stream_id == f"{alice.participant.sid}|{sid}"
        say(bob, subscription=pb.UpdateSubscription(track_sids=[sid]))
        assert received.sources == {}
        assert socket.all("track_subscribed") == [pb.TrackSubscribed(track_sid=sid)]

    async def test_a_forwarded_track_comes_from_its_origin(self, house):
        alice, socket, media = house.join("alice", active=True)
        _, _, received = house.join("bob", active=True, room="other")
        sid = publish(alice, socket, media)
        request = pb.ForwardParticipantRequest(room="room", identity="alice", destination_room="other")
        await house.backend.forward_participant(request, CALLER)
        (source,) = received.sources.values()
        assert (source.media, source.track.sid) == (media, sid)
        assert source.track_sid != sid
        assert source.publisher_sid != alice.participant.sid

    async def test_data_goes_through_it(self, house):
        _, _, media = house.join("alice", active=True)
        bob, _, _ = house.join("bob", active=True)
        bob.tell(c.SendPacket(pb.DataPacket(user=pb.UserPacket(payload=b"hi"))))
        assert [packet.user.payload for packet in media.packets if packet.user] == [b"hi"]

    async def test_that_gives_up_ends_the_session_and_tells_the_client_to_rejoin(self, house):
        client, socket, media = house.join("alice", active=True)
        client.give_up()
        (leave,) = socket.all("leave")
        assert (leave.reason.name, leave.action.name) == ("CONNECTION_TIMEOUT", "RECONNECT")
        assert (socket.ended, media.names()) == ("closed", ["close"])
        assert await house.listed() == []
        client.give_up()
        assert len(socket.all("leave")) == 1

    async def test_that_fails_costs_its_client_the_session_and_nobody_else_anything(self, house):
        import asyncio

        alice, socket, media = house.join("alice", active=True)
        house.join("bob", active=True)
        media.broken = True
        say(alice, offer=pb.SessionDescription(sdp="v=0"))
        await asyncio.sleep(0)
        assert socket.all("leave")[0].action is pb.LeaveRequestAction.RECONNECT
        assert await house.listed() == ["bob"]

    async def test_is_told_nothing_after_its_end(self, house):
        alice, _, media = house.join("alice", active=True)
        say(alice, leave=pb.LeaveRequest())
        say(alice, offer=pb.SessionDescription(sdp="v=0"))
        alice.signal(pb.SignalResponse(pong=1))
        assert media.names() == ["close"]


async def test_without_a_media_plane_clients_stay_joined_and_offers_unanswered():
    from roomwright.clock import CountedIds

    backend = EmbeddedBackend(RoomSettings(), LimitSettings(), ManualClock(), CountedIds(), timer=False)
    await backend.start()
    assert isinstance(backend.media, NoMedia)
    socket, house = FakeSocket(), House()
    client = backend.connect(house.wish("alice", offer=pb.SessionDescription(sdp="v=0")), socket)
    assert client is not None
    for request in (
        {"answer": pb.SessionDescription()},
        {"trickle": pb.TrickleRequest()},
        {"sync_state": pb.SyncState()},
    ):
        say(client, **request)
    assert socket.kinds() == ["join"]
    assert client.participant.info().state is pb.ParticipantInfoState.JOINED
    assert "with a socket" in repr(client)
    await backend.close()


async def test_the_media_plane_is_started(house):
    await house.backend.start()
    assert house.plane.life == ["started"]
