"""A client of the gRPC port made of h2 and a socket: it can send what no gRPC client would."""

import asyncio
import struct
from dataclasses import dataclass, field

import h2.connection
import h2.events
from h2.config import H2Configuration
from h2.settings import SettingCodes

PATIENCE_S = 20.0
PATH = "/livekit.RoomService/CreateRoom"


def framed(body: bytes, *, flag: int = 0, size: int | None = None) -> bytes:
    """A message as gRPC sends it; `size` may lie."""
    return struct.pack(">BI", flag, len(body) if size is None else size) + body


@dataclass
class Answer:
    """All that came back on a stream."""

    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    reset: int | None = None

    @property
    def status(self) -> int:
        return int(self.headers["grpc-status"])

    @property
    def message(self) -> str:
        return self.headers["grpc-message"]


class Peer:
    """One connection. Validates nothing that it sends."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer
        config = H2Configuration(
            header_encoding="latin-1", validate_outbound_headers=False, normalize_outbound_headers=False
        )
        self.h2 = h2.connection.H2Connection(config)
        self.h2.initiate_connection()
        self.answers: dict[int, Answer] = {}
        self.ended: set[int] = set()
        self.goodbye: h2.events.ConnectionTerminated | None = None

    @classmethod
    async def connect(cls, port: int, window: int | None = None) -> "Peer":
        """Connect; with `window`, that many bytes may come unasked, on the connection and on each stream."""
        peer = cls(*await asyncio.open_connection("127.0.0.1", port))
        if window is not None:
            peer.h2.increment_flow_control_window(window)
            peer.h2.update_settings({SettingCodes.INITIAL_WINDOW_SIZE: window})
        peer.flush()
        return peer

    def flush(self) -> None:
        self.writer.write(self.h2.data_to_send())

    def request(self, token: str | None, body: bytes | None, *, end: bool = True, **changed: str | bytes | None) -> int:
        """Open a call: `changed` headers replace (or, being None, remove) the usual ones; `_` stands for `-`."""
        headers: dict[str, str | bytes | None] = {
            ":method": "POST",
            ":scheme": "http",
            ":path": PATH,
            ":authority": "test",
            "te": "trailers",
            "content-type": "application/grpc",
            "authorization": None if token is None else f"Bearer {token}",
        }
        headers.update({(f":{k}" if f":{k}" in headers else k.replace("_", "-")): v for k, v in changed.items()})
        stream = self.h2.get_next_available_stream_id()
        self.answers[stream] = Answer()
        self.h2.send_headers(stream, [(k, v) for k, v in headers.items() if v is not None], end_stream=False)
        if body is not None:
            self.h2.send_data(stream, body, end_stream=end)
        elif end:
            self.h2.end_stream(stream)
        self.flush()
        return stream

    async def answer(self, stream: int, within: float = PATIENCE_S) -> Answer:
        """What comes back until the stream ends."""
        async with asyncio.timeout(within):
            while stream not in self.ended and await self._read():
                pass
        assert stream in self.ended, f"the connection ended first; so far: {self.answers[stream]}"
        return self.answers[stream]

    async def call(self, token: str | None, body: bytes | None, **changed: str | bytes | None) -> Answer:
        return await self.answer(self.request(token, body, **changed))

    async def closed(self, within: float = PATIENCE_S) -> bool:
        """Wait until the server hangs up."""
        async with asyncio.timeout(within):
            while await self._read():
                pass
        return True

    async def _read(self) -> bool:
        try:
            data = await self.reader.read(65536)
        except ConnectionError:
            return False
        for event in self.h2.receive_data(data) if data else ():
            self._take(event)
        self.flush()
        return bool(data)

    def _take(self, event: h2.events.Event) -> None:
        match event:
            case h2.events.ResponseReceived() | h2.events.TrailersReceived():
                self.answers[event.stream_id].headers.update(event.headers)
            case h2.events.DataReceived():
                self.answers[event.stream_id].body += event.data
                self.h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
            case h2.events.StreamEnded():
                self.ended.add(event.stream_id)
            case h2.events.StreamReset():
                self.answers[event.stream_id].reset = event.error_code
                self.ended.add(event.stream_id)
            case h2.events.ConnectionTerminated():
                self.goodbye = event
            case _:
                pass

    async def close(self) -> None:
        self.writer.close()
