"""Calls from the API to a method that a participant registered, over its data channel.

The client acknowledges a request at once and answers it later. Codes and their meaning are those of LiveKit's RPC
(https://docs.livekit.io/home/client/data/rpc/#errors).
"""

from typing import TYPE_CHECKING

from roomwright.errors import Code, ServiceError, invalid_argument
from roomwright.rooms.limits import RPC_PAYLOAD_SIZE, over
from roomwright.rooms.timers import TOLERANCE
from roomwright_proto import livekit as pb

if TYPE_CHECKING:
    from roomwright.rooms.participant import Participant
    from roomwright.rooms.turn import Turn

ACKNOWLEDGE_WITHIN = 7.0
ANSWER_WITHIN = 15.0

UNSUPPORTED_METHOD = 1400
PAYLOAD_TOO_LARGE = 1402
UNSUPPORTED_VERSION = 1404
CONNECTION_TIMEOUT = 1501
RESPONSE_TIMEOUT = 1502
RECIPIENT_DISCONNECTED = 1503

_CODES = {
    UNSUPPORTED_METHOD: Code.INVALID_ARGUMENT,
    PAYLOAD_TOO_LARGE: Code.INVALID_ARGUMENT,
    UNSUPPORTED_VERSION: Code.INVALID_ARGUMENT,
    CONNECTION_TIMEOUT: Code.CANCELED,
    RESPONSE_TIMEOUT: Code.CANCELED,
    RECIPIENT_DISCONNECTED: Code.CANCELED,
}


class RpcCall:
    """One call that waits for its answer: then `answer` is set, or `error`.

    `due` is when it gives up unless something comes: first the acknowledgement, then the answer; seconds on the
    monotonic scale.
    """

    __slots__ = ("_answer_by", "_caller_by", "acknowledged", "answer", "due", "error", "id", "participant")

    def __init__(
        self, call_id: str, participant: "Participant", now: float, answer_by: float, caller_by: float
    ) -> None:
        self.id = call_id
        self.participant = participant
        self.acknowledged = False
        self.answer: str | None = None
        self.error: ServiceError | None = None
        self._answer_by = answer_by
        self._caller_by = caller_by
        self.due: float | None = min(now + ACKNOWLEDGE_WITHIN, answer_by, caller_by)

    @property
    def done(self) -> bool:
        """Whether it has an answer or an error."""
        return self.answer is not None or self.error is not None

    def acknowledge(self) -> None:
        """The client has the request: now only the answer is waited for."""
        self.acknowledged = True
        self.due = min(self._answer_by, self._caller_by)

    def finish(self, answer: str) -> None:
        """The method answered."""
        self.answer = answer
        self._over()

    def fail(self, code: int, message: str) -> None:
        """The method failed or could not be reached."""
        self.error = rpc_error(code, message)
        self._over()

    def expire(self, now: float) -> None:
        """Nothing came in time."""
        now += TOLERANCE
        if now >= self._answer_by:
            self.fail(RESPONSE_TIMEOUT, "Response timeout")
        elif now >= self._caller_by:
            self.error = ServiceError(
                Code.DEADLINE_EXCEEDED, "the caller's deadline passed before the RPC was answered"
            )
            self._over()
        else:
            self.fail(CONNECTION_TIMEOUT, "Connection timeout: the participant did not acknowledge the request")

    def _over(self) -> None:
        self.due = None
        self.participant.calls.pop(self.id, None)

    def __repr__(self) -> str:
        state = "failed" if self.error else "answered" if self.done else "acknowledged" if self.acknowledged else "sent"
        return f"<RpcCall {self.id}: {state}>"


def check(request: pb.PerformRpcRequest) -> None:
    """Refuse a call whose fields are wrong."""
    if not request.destination_identity:
        raise invalid_argument("destination_identity: a destination identity is required")
    if over(request.payload, RPC_PAYLOAD_SIZE):
        raise rpc_error(PAYLOAD_TOO_LARGE, f"Request payload too large: the limit is {RPC_PAYLOAD_SIZE} bytes")


def start(
    turn: "Turn",
    participant: "Participant",
    request: pb.PerformRpcRequest,
    call_id: str,
    caller_id: str,
    deadline: float | None,
) -> RpcCall:
    """Send the request to the participant, which must be ACTIVE: without media transport it cannot be reached."""
    if not participant.active or participant.origin is not None:
        raise rpc_error(CONNECTION_TIMEOUT, f"Connection timeout: {participant.identity!r} has no data channel")
    wait = request.response_timeout_ms / 1000 or ANSWER_WITHIN
    now = turn.now.monotonic
    call = RpcCall(call_id, participant, now, now + wait, float("inf") if deadline is None else deadline)
    participant.calls[call_id] = call
    body = pb.RpcRequest(
        id=call_id,
        method=request.method,
        payload=request.payload,
        response_timeout_ms=round(wait * 1000),
        version=1,
    )
    turn.post(
        participant,
        pb.DataPacket(
            kind=pb.DataPacketKind.RELIABLE,
            participant_identity=caller_id,
            destination_identities=[participant.identity],
            rpc_request=body,
        ),
    )
    turn.calls.append(call)
    return call


def take(turn: "Turn", sender: "Participant", packet: pb.DataPacket) -> bool:
    """Whether the packet was for a call from the API; then it is dealt with."""
    if packet.rpc_ack is not None:
        call = sender.calls.get(packet.rpc_ack.request_id)
        if call is None:
            return False
        call.acknowledge()
    elif packet.rpc_response is not None:
        call = sender.calls.get(packet.rpc_response.request_id)
        if call is None:
            return False
        _answer(call, packet.rpc_response)
    else:
        return False
    turn.calls.append(call)
    return True


def abandon(turn: "Turn", participant: "Participant") -> None:
    """The participant is gone: whoever waits for it is told."""
    for call in list(participant.calls.values()):
        call.fail(RECIPIENT_DISCONNECTED, f"Recipient disconnected: {participant.identity!r}")
        turn.calls.append(call)


def rpc_error(code: int, message: str) -> ServiceError:
    """An RPC error in the form in which the API answers it; codes of applications are `internal`."""
    return ServiceError(_CODES.get(code, Code.INTERNAL), f"RpcError {code}: {message}")


def _answer(call: RpcCall, response: pb.RpcResponse) -> None:
    if response.error is not None:
        call.fail(response.error.code, response.error.message)
    elif response.payload is not None:
        call.finish(response.payload)
    else:
        call.fail(UNSUPPORTED_VERSION, "Unsupported RPC version: the answer is in a form that was not asked for")
