"""Who is let in, who is not, and what is said about it."""

import base64
import gzip

import aiohttp
import pytest

from roomwright import codec
from roomwright.app import Server
from roomwright.config import Config, RoomSettings
from roomwright_proto import livekit as pb
from tests.serving import KEY, SECRET
from tests.wire.signalling.client import CALLER, Client, bearer, listed


class TestTheHandshake:
    @pytest.mark.parametrize("path", ["/rtc", "/rtc/v1?join_request=CAA%3D", "/rtc/v1?join_request=CAA="])
    async def test_is_answered_by_join(self, connect, path):
        client = await connect(path)
        assert (await client.next())[0] == "join"
        assert (await client.next())[0] == "refresh_token"

    @pytest.mark.parametrize("compression", list(pb.WrappedJoinRequestCompression))
    async def test_takes_a_long_join_request_with_tracks(self, connect, compression):
        tracks = [pb.AddTrackRequest(cid=f"c{number}", name=f"{number:01000}") for number in range(60)]
        request = codec.encode(pb.JoinRequest(add_track_requests=tracks))
        if compression is pb.WrappedJoinRequestCompression.GZIP:
            request = gzip.compress(request)
        wrapped = codec.encode(pb.WrappedJoinRequest(compression=compression, join_request=request))
        client = await connect(f"/rtc/v1?join_request={base64.urlsafe_b64encode(wrapped).decode()}")
        await client.until("join")
        assert [(await client.until("track_published")).cid for _ in tracks] == [track.cid for track in tracks]

    async def test_takes_the_token_from_the_query(self, server, http):
        client = Client(await http.ws_connect(f"{server.url}/rtc?access_token={bearer()}"))
        assert (await client.until("join")).participant.identity == "alice"

    async def test_offers_neither_subprotocol_nor_compression(self, server, http):
        ws = await http.ws_connect(f"{server.url}/rtc?access_token={bearer()}", protocols=("foo",), compress=15)
        assert (ws.protocol, ws.compress) == (None, 0)

    @pytest.mark.parametrize(
        ("path", "claims", "status", "words"),
        [
            ("/rtc", {"room_join": False}, 401, "roomJoin"),
            ("/rtc", {"room": ""}, 400, "no room name"),
            ("/rtc", {"identity": ""}, 400, "identity"),
            ("/rtc", {"identity": "i" * 257}, 400, "identity length"),
            ("/rtc/v1", {}, 400, "join_request is required"),
            ("/rtc?attributes=!!", {}, 400, "attributes"),
        ],
    )
    async def test_is_refused_in_words(self, server, http, path, claims, status, words):
        headers = {"Authorization": f"Bearer {bearer(**claims)}", "Upgrade": "websocket", "Connection": "Upgrade"}
        async with http.get(server.url + path, headers=headers) as answer:
            assert (answer.status, answer.content_type) == (status, "text/plain")
            assert words in await answer.text()
        assert len(server.backend.rooms) == 0

    async def test_without_a_key_names_the_version(self, server, http):
        headers = {"Authorization": f"Bearer {bearer()}", "Upgrade": "websocket", "Connection": "Upgrade"}
        async with http.get(f"{server.url}/rtc", headers=headers) as answer:
            assert (answer.status, answer.headers["Sec-WebSocket-Version"]) == (400, "13")
        assert await listed(server) == []

    @pytest.mark.parametrize("verb", ["POST", "OPTIONS"])
    async def test_by_another_verb_than_get_is_refused(self, server, http, verb):
        headers = {"Authorization": f"Bearer {bearer()}", "Connection": "Upgrade", "Upgrade": "websocket"}
        headers |= {"Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ=="}
        async with http.request(verb, server.url + "/rtc", headers=headers) as answer:
            assert answer.status == 400
        assert await listed(server) == []

    @pytest.mark.parametrize("upgrade", [{}, {"Upgrade": "h2c", "Connection": "Upgrade"}])
    async def test_of_another_kind_is_not_found(self, server, http, upgrade):
        async with http.get(f"{server.url}/rtc", headers=upgrade) as answer:
            assert (answer.status, await answer.text()) == (404, "")

    async def test_into_a_full_room_is_forbidden(self, server, http, connect):
        await server.backend.create_room(pb.CreateRoomRequest(name="room", max_participants=1), CALLER)
        await connect()
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            await connect(identity="bob")
        assert refused.value.status == 403
        assert await listed(server) == ["alice"]

    async def test_where_rooms_are_not_created_needs_one(self, http):
        settings = RoomSettings(auto_create=False)
        config = Config(port=0, bind_addresses=("127.0.0.1",), keys={KEY: SECRET}, room=settings)
        async with Server(config) as server:
            headers = {"Authorization": f"Bearer {bearer()}"}
            async with http.get(f"{server.url}/rtc/validate", headers=headers) as answer:
                assert answer.status == 404
                assert "requested room does not exist" in await answer.text()
            creator = {"Authorization": f"Bearer {bearer(room_create=True)}"}
            async with http.get(f"{server.url}/rtc/validate", headers=creator) as answer:
                assert answer.status == 200


class TestValidate:
    @pytest.mark.parametrize("path", ["/rtc/validate", "/rtc/v1/validate?join_request=CAA="])
    async def test_says_success_and_lets_any_origin_read_it(self, server, http, path):
        headers = {"Authorization": f"Bearer {bearer()}", "Origin": "https://app.example"}
        async with http.get(server.url + path, headers=headers) as answer:
            assert (answer.status, await answer.text()) == (200, "success")
            assert answer.headers["Access-Control-Allow-Origin"] == "*"
        assert len(server.backend.rooms) == 0

    @pytest.mark.parametrize("authorization", ["", "Bearer nonsense"])
    async def test_lets_any_origin_read_why_not(self, server, http, authorization):
        headers = {"Authorization": authorization} if authorization else {}
        async with http.get(f"{server.url}/rtc/validate", headers=headers) as answer:
            assert (answer.status, answer.content_type) == (401, "text/plain")
            assert answer.headers["Access-Control-Allow-Origin"] == "*"

    async def test_refuses_a_revoked_token(self, server, http, connect):
        client = await connect()
        await client.until("join")
        request = pb.RoomParticipantIdentity(room="room", identity="alice", revoke_token_ts=2**40)
        await server.backend.remove_participant(request, CALLER)
        assert (await client.until("leave")).reason is pb.DisconnectReason.PARTICIPANT_REMOVED
        assert await client.end() == 1000
        async with http.get(f"{server.url}/rtc/validate", headers={"Authorization": f"Bearer {bearer()}"}) as answer:
            assert answer.status == 401
            assert "revoked" in await answer.text()

    async def test_with_too_many_parameters_is_refused(self, server, http):
        query = "&".join(f"p{number}=1" for number in range(101))
        headers = {"Authorization": f"Bearer {bearer()}"}
        async with http.get(f"{server.url}/rtc/validate?{query}", headers=headers) as answer:
            assert answer.status == 400
