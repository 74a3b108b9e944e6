"""The RPC methods that a scripted participant registered, and how its client answers calls of them."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import structlog

from roomwright_proto import livekit as pb

log = structlog.get_logger(__name__)

APPLICATION_ERROR = 1500
UNSUPPORTED_METHOD = 1400


class RpcError(Exception):
    """What an RPC handler raises to answer with an error of its own."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


@dataclass(frozen=True, slots=True)
class RpcInvocation:
    """A call that reached a participant."""

    caller_identity: str
    method: str
    payload: str


RpcHandler = Callable[[RpcInvocation], str | Awaitable[str]]


class Methods:
    """Handlers by name. Packets that answer a call go out through `send`.

    A handler that returns a text is answered at once; one that returns an awaitable when that is done.
    """

    def __init__(self, send: Callable[[pb.DataPacket], None]) -> None:
        self._send = send
        self._handlers: dict[str, RpcHandler] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def register(self, method: str, handler: RpcHandler) -> None:
        """Answer calls of `method` with what the handler returns."""
        self._handlers[method] = handler

    def call(self, caller: str, request: pb.RpcRequest) -> None:
        """Acknowledge a call, and answer it."""
        self._send(pb.DataPacket(destination_identities=[caller], rpc_ack=pb.RpcAck(request_id=request.id)))
        try:
            result = self._invoke(RpcInvocation(caller, request.method, request.payload))
        except Exception as error:  # whatever a handler raises is its answer
            self._fail(caller, request.id, error)
            return
        if isinstance(result, str):
            self._answer(caller, pb.RpcResponse(request_id=request.id, payload=result))
        else:
            task = asyncio.get_running_loop().create_task(self._answer_later(caller, request.id, result))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    def _invoke(self, invocation: RpcInvocation) -> str | Awaitable[str]:
        handler = self._handlers.get(invocation.method)
        if handler is None:
            raise RpcError(UNSUPPORTED_METHOD, "Method not supported at destination")
        return handler(invocation)

    async def _answer_later(self, caller: str, request_id: str, result: Awaitable[str]) -> None:
        try:
            payload = await result
        except Exception as error:  # whatever a handler raises is its answer
            self._fail(caller, request_id, error)
        else:
            self._answer(caller, pb.RpcResponse(request_id=request_id, payload=payload))

    def _fail(self, caller: str, request_id: str, error: Exception) -> None:
        told = error
        if not isinstance(told, RpcError):
            log.warning("a handler of RPCs failed", caller=caller, exc_info=error)  # callers are not told why
            told = RpcError(APPLICATION_ERROR, "Application error in method handler")
        answer = pb.RpcError(code=told.code, message=told.message)
        self._answer(caller, pb.RpcResponse(request_id=request_id, error=answer))

    def _answer(self, caller: str, response: pb.RpcResponse) -> None:
        self._send(pb.DataPacket(destination_identities=[caller], rpc_response=response))
