"""Calls to participants."""

import pytest

from roomwright.errors import Code, ServiceError
from roomwright.rooms import commands as c
from roomwright_proto import livekit as pb


@pytest.fixture
def alice(engine):
    return engine.join("alice")


class Calls:
    """Calls to alice, and what she sends back."""

    def __init__(self, engine, alice) -> None:
        self.engine, self.alice, self.done = engine, alice, []

    def start(self, deadline=None, **fields):
        fields = {"room": "room", "destination_identity": "alice", "method": "m", "payload": "p", **fields}
        call = self.engine.api.perform_rpc(pb.PerformRpcRequest(**fields), deadline, self.engine.now)
        self.engine.drain()
        return call, self.engine.mail(self.alice, "data")[-1]

    def send(self, participant=None, **fields):
        self.engine.say(participant or self.alice, c.SendPacket(pb.DataPacket(**fields)))

    def acknowledge(self, packet):
        self.send(rpc_ack=pb.RpcAck(request_id=packet.rpc_request.id))

    def respond(self, packet, participant=None, **fields):
        self.send(participant, rpc_response=pb.RpcResponse(request_id=packet.rpc_request.id, **fields))

    def finished(self):
        self.done += self.engine.rooms.take_calls()
        return self.done


@pytest.fixture
def calls(engine, alice):
    return Calls(engine, alice)


def test_the_request_reaches_the_participant(calls):
    _, packet = calls.start(response_timeout_ms=8000)
    request = packet.rpc_request
    assert (request.method, request.payload, request.response_timeout_ms, request.version) == ("m", "p", 8000, 1)
    assert packet.destination_identities == ["alice"]
    assert len(packet.participant_identity) == len("00000000-0000-0000-0000-000000000000")


@pytest.mark.parametrize("payload", ["answer", ""])
def test_the_answer_comes_back(calls, payload):
    call, packet = calls.start()
    calls.acknowledge(packet)
    assert calls.finished() == []
    calls.respond(packet, payload=payload)
    assert calls.finished() == [call]
    assert (call.answer, call.error) == (payload, None)
    assert calls.engine.pass_time(100) == []
    assert calls.alice.calls == {}


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        (1400, Code.INVALID_ARGUMENT),
        (1402, Code.INVALID_ARGUMENT),
        (1500, Code.INTERNAL),
        (123, Code.INTERNAL),
        (1502, Code.CANCELED),
    ],
)
def test_an_error_comes_back_with_its_code(calls, code, expected):
    call, packet = calls.start()
    calls.respond(packet, error=pb.RpcError(code=code, message="my error"))
    assert (call.error.code, call.error.message) == (expected, f"RpcError {code}: my error")


def test_without_acknowledgement_it_gives_up_after_seven_seconds(calls):
    call, _ = calls.start()
    calls.engine.pass_time(6.9)
    assert not call.done
    calls.engine.pass_time(0.1)
    assert call.error.code is Code.CANCELED
    assert "RpcError 1501" in call.error.message


@pytest.mark.parametrize(("timeout_ms", "seconds"), [(0, 15), (8000, 8), (1000, 1)])
def test_without_answer_it_gives_up_after_the_asked_time(calls, timeout_ms, seconds):
    call, packet = calls.start(response_timeout_ms=timeout_ms)
    calls.acknowledge(packet)
    calls.engine.pass_time(seconds - 0.1)
    assert not call.done
    calls.engine.pass_time(0.1)
    assert (call.error.code, call.error.message) == (Code.CANCELED, "RpcError 1502: Response timeout")
    assert calls.finished() == [call]


def test_an_answer_that_comes_too_late_is_nobodys(calls):
    call, packet = calls.start(response_timeout_ms=1000)
    calls.engine.pass_time(1)
    calls.respond(packet, payload="late")
    assert call.answer is None
    assert calls.finished() == [call]


def test_the_callers_deadline_is_kept(calls):
    call, _ = calls.start(deadline=calls.engine.now.monotonic + 0.5)
    calls.engine.pass_time(0.5)
    assert call.error.code is Code.DEADLINE_EXCEEDED


def test_only_the_called_participant_can_answer(engine, calls):
    bob = engine.join("bob")
    call, packet = calls.start()
    calls.respond(packet, participant=bob, payload="not mine")
    assert not call.done


def test_a_participant_that_leaves_will_not_answer(engine, calls):
    call, _ = calls.start()
    engine.say(calls.alice, c.Leave())
    assert call.error.code is Code.CANCELED
    assert "RpcError 1503" in call.error.message
    assert calls.finished() == [call]


def test_a_participant_that_moves_still_answers(engine, calls):
    call, packet = calls.start()
    request = pb.MoveParticipantRequest(room="room", identity="alice", destination_room="other")
    engine.call(engine.api.move_participant, request)
    calls.respond(packet, payload="from elsewhere")
    assert call.answer == "from elsewhere"


def test_participants_may_answer_who_cannot_publish_data(engine):
    alice = engine.join("alice", can_publish_data=False)
    calls = Calls(engine, alice)
    call, packet = calls.start()
    calls.respond(packet, payload="x")
    assert call.answer == "x"


def test_an_answer_in_an_unknown_form_is_an_error(calls):
    call, packet = calls.start()
    calls.respond(packet, compressed_payload=b"x")
    assert call.error.code is Code.INVALID_ARGUMENT
    assert "RpcError 1404" in call.error.message


def test_calls_between_participants_are_just_data(engine, calls):
    bob = engine.join("bob")
    request = pb.RpcRequest(id="1", method="m")
    calls.send(bob, destination_identities=["alice"], rpc_request=request)
    assert engine.mail(calls.alice, "data")[-1].rpc_request == request
    calls.send(destination_identities=["bob"], rpc_response=pb.RpcResponse(request_id="1", payload="p"))
    assert engine.mail(bob, "data")[-1].rpc_response.payload == "p"


@pytest.mark.parametrize(
    ("fields", "code", "message"),
    [
        ({"destination_identity": ""}, Code.INVALID_ARGUMENT, "destination identity is required"),
        ({"destination_identity": "", "room": "nowhere"}, Code.INVALID_ARGUMENT, "destination identity is required"),
        ({"payload": "x" * 15_361}, Code.INVALID_ARGUMENT, "RpcError 1402"),
        ({"payload": "é" * 7_681}, Code.INVALID_ARGUMENT, "RpcError 1402"),
        ({"destination_identity": "nobody"}, Code.NOT_FOUND, "participant does not exist"),
        ({"room": "nowhere"}, Code.NOT_FOUND, "participant does not exist"),
    ],
)
def test_wrong_calls_are_refused_at_once(calls, fields, code, message):
    with pytest.raises(ServiceError, match=message) as refused:
        calls.start(**fields)
    assert refused.value.code is code
    assert calls.alice.calls == {}


def test_the_largest_payload_is_accepted(calls):
    calls.start(payload="x" * 15_360)


def test_a_participant_without_media_transport_cannot_be_reached(engine, calls):
    engine.join("joined", active=False)
    with pytest.raises(ServiceError, match="RpcError 1501") as refused:
        calls.start(destination_identity="joined")
    assert refused.value.code is Code.CANCELED


def test_repr_shows_the_state(calls):
    call, packet = calls.start()
    assert repr(call) == f"<RpcCall {call.id}: sent>"
    calls.acknowledge(packet)
    assert repr(call).endswith("acknowledged>")
    calls.respond(packet, payload="x")
    assert repr(call).endswith("answered>")
