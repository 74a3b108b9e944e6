"""The gRPC port of a test's server: the real one, behind the same faults as its HTTP port."""

from collections.abc import Mapping
from typing import Any

from grpclib.protocol import Stream

from roomwright.errors import ServiceError
from roomwright.testing.faults import Cut
from roomwright.testing.front import Record
from roomwright.wire.exchange import Watchers
from roomwright.wire.grpc.calls import Methods
from roomwright.wire.grpc.connection import Calls, Connection
from roomwright.wire.grpc.server import GrpcServer

_PACKAGE = "/livekit."


class TestedGrpc(GrpcServer):
    """The real port, once a call's fate is known. A call that is cut takes its connection with it, as on the other."""

    __test__ = False

    def __init__(self, record: Record, *others: Any) -> None:
        super().__init__(*others)
        self._record = record

    def _connection(self) -> Connection:
        return _TestedConnection(self._record, self._methods, self._connections, self._watchers)


class _TestedConnection(Connection):
    def __init__(self, record: Record, *others: Any) -> None:
        self._record = record
        super().__init__(*others)

    def _make_calls(self, methods: Methods, watchers: Watchers) -> Calls:
        return _TestedCalls(self._record, self, methods, self._idle, watchers)


class _TestedCalls(Calls):
    def __init__(self, record: Record, connection: Connection, *others: Any) -> None:
        super().__init__(*others)
        self._record = record
        self._connection = connection

    async def _reply(self, stream: Stream, headers: Mapping[str, str]) -> bytes:
        path = headers.get(":path", "")
        if not path.startswith(_PACKAGE):
            return await super()._reply(stream, headers)
        name = path.removeprefix(_PACKAGE).replace("/", ".")
        call = self._record.begin(name)
        try:
            reply = await self._fated(stream, headers, name)
        except ServiceError as error:
            call.end(f"{error.code} {error.message}")
            raise
        call.end("connection cut" if stream.connection.is_closing() else "OK")
        return reply

    async def _fated(self, stream: Stream, headers: Mapping[str, str], name: str) -> bytes:
        fate = await self._record.fate(name)
        if fate.refusal is not None:
            raise fate.refusal
        reply = b"" if fate.cut is Cut.UNHANDLED else await super()._reply(stream, headers)
        if fate.cut is not Cut.NO:
            self._connection.abort()  # what is closing is sent no reply
        return reply
