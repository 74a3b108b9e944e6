"""Data packets."""

import pytest

from roomwright.config import LimitSettings
from roomwright.errors import Code, ServiceError
from roomwright.rooms import commands as c
from roomwright.rooms.data import NONCES_KEPT
from roomwright_proto import livekit as pb

Kind = pb.DataPacketKind


@pytest.fixture
def people(engine):
    return {name: engine.join(name) for name in ("alice", "bob", "carol")}


def send(engine, data=b"x", room="room", **fields):
    sids = fields.pop("destination_sids", [])
    request = pb.SendDataRequest(room=room, data=data, **fields)
    request.destination_sids = sids
    return engine.call(engine.api.send_data, request)


def got(engine, participant):
    return [packet.user.payload for packet in engine.mail(participant, "data")]


def who_got(engine, people):
    return {name for name, participant in people.items() if got(engine, participant)}


def test_data_goes_to_everybody_who_can_receive_any(engine, people):
    people["joined"] = engine.join("joined", active=False)
    people["ghost"] = engine.join("ghost", hidden=True)
    assert send(engine) == pb.SendDataResponse()
    assert who_got(engine, people) == {"alice", "bob", "carol", "ghost"}


def test_the_sender_is_empty_and_the_rest_is_kept(engine, people):
    nonce = b"0123456789abcdef"
    send(engine, b"hi", topic="chat", kind=Kind.LOSSY, nonce=nonce, destination_identities=["bob"])
    (packet,) = engine.mail(people["bob"], "data")
    assert (packet.kind, packet.participant_identity, packet.participant_sid) == (Kind.LOSSY, "", "")
    assert packet.destination_identities == ["bob"]
    assert (packet.user.payload, packet.user.topic, packet.user.nonce) == (b"hi", "chat", nonce)


@pytest.mark.parametrize(("kind", "delivered"), [(Kind.RELIABLE, 0), (Kind.LOSSY, 1), (Kind(99), 1)])
def test_an_unknown_kind_is_lossy(engine, people, kind, delivered):
    send(engine, kind=kind)
    assert engine.mail(people["bob"], "data")[0].kind == delivered


def test_identities_and_sids_are_a_union(engine, people):
    send(engine, destination_identities=["alice", "nobody"], destination_sids=[people["bob"].sid, "PA_nope"])
    assert who_got(engine, people) == {"alice", "bob"}


def test_unknown_destinations_are_no_error(engine, people):
    assert send(engine, destination_identities=["nobody"]) == pb.SendDataResponse()
    assert send(engine, destination_sids=["PA_nope"]) == pb.SendDataResponse()
    assert who_got(engine, people) == set()


def test_empty_data_is_delivered(engine, people):
    send(engine, b"")
    assert got(engine, people["bob"]) == [b""]


def test_a_nonce_is_delivered_once(engine, people):
    for payload in (b"1", b"2"):
        send(engine, payload, nonce=b"0123456789abcdef")
    assert got(engine, people["bob"]) == [b"1"]
    engine.join("dave", "other")
    send(engine, b"3", room="other", nonce=b"0123456789abcdef")
    assert got(engine, engine.rooms.get("other").participants["dave"]) == [b"3"]


def test_only_so_many_nonces_are_remembered(engine, people):
    for number in range(NONCES_KEPT + 1):
        send(engine, nonce=number.to_bytes(16, "big"))
    assert len(engine.rooms.get("room").nonces) == NONCES_KEPT


@pytest.mark.parametrize("size", [1, 8, 15, 17, 32])
def test_a_nonce_has_16_bytes_or_none_whether_or_not_the_room_exists(engine, size):
    with pytest.raises(ServiceError, match=f"got: {size} bytes") as refused:
        send(engine, room="nowhere", nonce=b"n" * size)
    assert (refused.value.code, refused.value.meta) == (Code.INVALID_ARGUMENT, {})


def test_an_unknown_room_is_not_found(engine):
    with pytest.raises(ServiceError, match="requested room does not exist: 'nowhere'") as refused:
        send(engine, room="nowhere")
    assert refused.value.code is Code.NOT_FOUND


def test_data_above_the_limit_is_refused_and_not_remembered(make_engine):
    engine = make_engine(None, LimitSettings(max_data_size=10))
    bob = engine.join("bob")
    with pytest.raises(ServiceError, match="data is larger than the limit: 11 of 10 bytes") as refused:
        send(engine, b"x" * 11, nonce=b"0123456789abcdef")
    assert refused.value.code is Code.INVALID_ARGUMENT
    send(engine, b"x" * 10, nonce=b"0123456789abcdef")
    assert got(engine, bob) == [b"x" * 10]


class TestFromParticipants:
    def say(self, engine, participant, payload=b"x", to=(), **user):
        packet = pb.DataPacket(destination_identities=list(to), user=pb.UserPacket(payload=payload, **user))
        engine.say(participant, c.SendPacket(packet))

    def test_data_reaches_the_others_and_names_its_sender(self, engine, people):
        alice = people["alice"]
        self.say(engine, alice, topic="t")
        assert who_got(engine, people) == {"bob", "carol"}
        (packet,) = engine.mail(people["bob"], "data")
        assert (packet.participant_identity, packet.participant_sid) == ("alice", alice.sid)
        assert (packet.user.participant_identity, packet.user.topic) == ("alice", "t")

    def test_a_client_cannot_pretend_to_be_somebody_else(self, engine, people):
        packet = pb.DataPacket(participant_identity="bob", participant_sid="PA_x", chat_message=pb.ChatMessage())
        engine.say(people["alice"], c.SendPacket(packet))
        assert engine.mail(people["carol"], "data")[0].participant_identity == "alice"

    def test_destinations_are_followed(self, engine, people):
        self.say(engine, people["alice"], to=["carol"])
        assert who_got(engine, people) == {"carol"}

    def test_a_hidden_participant_is_heard(self, engine, people):
        self.say(engine, engine.join("ghost", hidden=True))
        assert who_got(engine, people) == {"alice", "bob", "carol"}

    def test_without_permission_nothing_is_sent(self, engine, people):
        self.say(engine, engine.join("mute", can_publish_data=False))
        assert who_got(engine, people) == set()
