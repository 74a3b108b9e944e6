import base64
import contextlib

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from roomwright import codec
from roomwright.auth.claims import Claims, VideoGrant
from roomwright.config import LimitSettings
from roomwright.errors import Code, ServiceError
from roomwright.signalling.wish import from_join_request, from_query
from roomwright_proto import livekit as pb

LARGEST = LimitSettings().max_join_request


def claims(**grant) -> Claims:
    return Claims(
        identity="alice", metadata="m", attributes={"a": "1"}, video=VideoGrant(room_join=True, room="r", **grant)
    )


def base64url(value: object) -> str:
    return base64.urlsafe_b64encode(orjson.dumps(value)).decode()


def join_request(**fields) -> str:
    request = codec.encode(pb.JoinRequest(**fields))
    return base64.urlsafe_b64encode(codec.encode(pb.WrappedJoinRequest(join_request=request))).decode()


class TestTheQuery:
    def test_without_parameters_is_a_client_that_subscribes_to_everything(self):
        wish = from_query({}, claims())
        assert (wish.auto_subscribe, wish.single_connection, wish.reconnect) == (True, False, False)
        assert wish.client == pb.ClientInfo()

    def test_says_what_the_client_is(self):
        query = {
            "sdk": "python",
            "version": "1.2.1",
            "protocol": "18",
            "os": "Debian",
            "os_version": "12.0.0",
            "device_model": "Unknown",
            "client_protocol": "2",
            "capabilities": "CAP_PACKET_TRAILER,CAP_COMPRESSION_DEFLATE_RAW,CAP_UNUSED,CAP_NEW",
        }
        client = from_query(query, claims()).client
        assert (client.sdk, client.version, client.protocol) == (pb.ClientInfoSdk.PYTHON, "1.2.1", 18)
        assert (client.os, client.os_version, client.device_model) == ("Debian", "12.0.0", "Unknown")
        assert client.capabilities == [
            pb.ClientInfoCapability.CAP_PACKET_TRAILER,
            pb.ClientInfoCapability.CAP_COMPRESSION_DEFLATE_RAW,
        ]

    @pytest.mark.parametrize(
        ("name", "sdk"),
        [("reactnative", "REACT_NATIVE"), ("ios", "SWIFT"), ("unityweb", "UNITY_WEB"), ("what", "UNKNOWN")],
    )
    def test_names_sdks_as_they_name_themselves(self, name, sdk):
        assert from_query({"sdk": name}, claims()).client.sdk.name == sdk

    @pytest.mark.parametrize("protocol", ["", "x", "-1", "9999999999", "٣"])
    def test_with_a_strange_protocol_counts_as_the_oldest(self, protocol):
        assert from_query({"protocol": protocol}, claims()).client.protocol == 0

    @pytest.mark.parametrize(
        ("protocol", "grant", "primary"),
        [("0", {}, False), ("1", {}, False), ("9", {}, True), ("99", {}, True), ("9", {"can_subscribe": False}, False)],
    )
    def test_decides_whose_connection_comes_first(self, protocol, grant, primary):
        assert from_query({"protocol": protocol}, claims(**grant)).subscriber_primary is primary

    def test_has_switches(self):
        query = {
            "auto_subscribe": "0",
            "adaptive_stream": "1",
            "subscriber_allow_pause": "0",
            "disable_ice_lite": "true",
        }
        wish = from_query(query, claims())
        assert (wish.auto_subscribe, wish.adaptive_stream) == (False, True)
        assert (wish.allow_pause, wish.disable_ice_lite) == (False, True)
        assert from_query({}, claims()).allow_pause is None

    @pytest.mark.parametrize("name", ["sid", "participant_sid"])
    def test_names_whom_to_resume(self, name):
        wish = from_query({"reconnect": "1", name: "PA_1"}, claims())
        assert (wish.reconnect, wish.participant_sid) == (True, "PA_1")

    def test_with_publish_is_somebody_else_who_does_not_subscribe(self):
        wish = from_query({"publish": "x", "protocol": "9"}, claims())
        assert wish.claims.identity == "alice#x"
        assert wish.claims.video is not None
        assert wish.claims.video.can_subscribe is False
        assert not wish.subscriber_primary

    def test_with_attributes_adds_them(self):
        wish = from_query({"attributes": base64url({"b": "2"})}, claims(can_update_own_metadata=True))
        assert wish.claims.attributes == {"a": "1", "b": "2"}


REFUSED = {
    "no token": ({}, None, "no token"),
    "no grant": ({}, Claims(identity="a"), "no video grant"),
    "no roomJoin": ({}, Claims(identity="a", video=VideoGrant(room="r")), "roomJoin"),
    "publish without canPublish": ({"publish": "x"}, claims(can_publish=False), "canPublish"),
    "attributes without permission": ({"attributes": base64url({"b": "2"})}, claims(), "canUpdateOwnMetadata"),
}
WRONG = {
    "no identity": ({}, Claims(video=VideoGrant(room_join=True, room="r")), "identity cannot be empty"),
    "no room": ({}, Claims(identity="a", video=VideoGrant(room_join=True)), "no room name"),
    "attributes that are not base64": ({"attributes": "!!"}, claims(), "attributes cannot be decoded"),
    "attributes that are not JSON": ({"attributes": "____"}, claims(), "attributes cannot be decoded"),
    "attributes that are no object": ({"attributes": base64url([])}, claims(), "attributes cannot be decoded"),
    "attributes that are no strings": ({"attributes": base64url({"a": 1})}, claims(), "attributes cannot be decoded"),
}


@pytest.mark.parametrize(("query", "token", "words"), REFUSED.values(), ids=REFUSED.keys())
def test_what_the_token_does_not_allow_is_401(query, token, words):
    with pytest.raises(ServiceError, match=words) as refused:
        from_query(query, token)
    assert refused.value.code is Code.UNAUTHENTICATED


@pytest.mark.parametrize(("query", "token", "words"), WRONG.values(), ids=WRONG.keys())
def test_what_is_wrong_is_400(query, token, words):
    with pytest.raises(ServiceError, match=words) as refused:
        from_query(query, token)
    assert refused.value.code is Code.INVALID_ARGUMENT


@settings(deadline=None)
@given(st.dictionaries(st.sampled_from(["publish", "attributes", "protocol", "sdk", "capabilities", "sid"]), st.text()))
def test_no_query_raises_anything_else(query):
    with contextlib.suppress(ServiceError):
        from_query(query, claims(can_update_own_metadata=True))


class TestTheJoinRequest:
    def test_has_everything_in_it(self):
        offer = pb.SessionDescription(type="offer", sdp="v=0", id=1)
        track = pb.AddTrackRequest(cid="c")
        settings = pb.ConnectionSettings(adaptive_stream=True, subscriber_allow_pause=False, disable_ice_lite=True)
        text = join_request(
            client_info=pb.ClientInfo(protocol=18),
            connection_settings=settings,
            publisher_offer=offer,
            add_track_requests=[track],
        )
        wish = from_join_request(text, claims(), LARGEST)
        assert (wish.single_connection, wish.subscriber_primary) == (True, False)
        assert (wish.offer, wish.add_tracks) == (offer, (track,))
        assert (wish.auto_subscribe, wish.adaptive_stream, wish.allow_pause) == (False, True, False)
        assert wish.disable_ice_lite

    def test_that_is_empty_subscribes_to_everything(self):
        assert from_join_request("CAA=", claims(), LARGEST).auto_subscribe

    def test_may_subscribe_to_nothing(self):
        assert not from_join_request(
            join_request(connection_settings=pb.ConnectionSettings()), claims(), LARGEST
        ).auto_subscribe

    def test_may_resume(self):
        state = pb.SyncState(track_sids_disabled=["TR_1"])
        text = join_request(reconnect=True, participant_sid="PA_1", sync_state=state)
        wish = from_join_request(text, claims(), LARGEST)
        assert (wish.reconnect, wish.participant_sid, wish.sync_state) == (True, "PA_1", state)

    def test_brings_metadata_and_attributes_where_allowed(self):
        text = join_request(metadata="own", participant_attributes={"b": "2"})
        wish = from_join_request(text, claims(can_update_own_metadata=True), LARGEST)
        assert (wish.claims.metadata, wish.claims.attributes) == ("own", {"a": "1", "b": "2"})
        with pytest.raises(ServiceError, match="canUpdateOwnMetadata"):
            from_join_request(text, claims(), LARGEST)

    def test_is_asked_for_after_the_token_and_before_its_grants(self):
        with pytest.raises(ServiceError, match="no token"):
            from_join_request("", None, LARGEST)
        with pytest.raises(ServiceError, match="no video grant"):
            from_join_request("", Claims(identity="a"), LARGEST)
        with pytest.raises(ServiceError, match="join_request is required"):
            from_join_request("", Claims(identity="a", video=VideoGrant(room="r")), LARGEST)
