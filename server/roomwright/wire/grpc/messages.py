"""One message in, one message or refusal out, on an HTTP/2 stream.

Owns the five bytes before each message and the limits of size and time. A limit is applied to the announced length,
before the message is there: grpclib's own reader takes whatever is announced.
"""

import asyncio
import struct

from grpclib.protocol import Stream
from h2.errors import ErrorCodes

from roomwright.errors import Code, ServiceError
from roomwright.wire.grpc.headers import OK_HEADERS, OK_TRAILERS, Headers
from roomwright.wire.http import MAX_BODY

MESSAGE_TIMEOUT_S = 30.0
"""How long a client may take to send its message, and again to take the reply."""

_PREFIX = struct.Struct(">BI")


async def receive(stream: Stream) -> bytes:
    """The only message of a call; ServiceError when it is missing, cut off, not alone, too large, too slow."""
    try:
        async with asyncio.timeout(MESSAGE_TIMEOUT_S):
            body = await _message(stream)
            if await _data(stream, 1):
                raise ServiceError(Code.MALFORMED, "something follows the message; the method takes exactly one")
            return body
    except TimeoutError:
        text = f"the message did not arrive within {MESSAGE_TIMEOUT_S:g} s"
        raise ServiceError(Code.DEADLINE_EXCEEDED, text) from None


async def _message(stream: Stream) -> bytes:
    prefix = await _data(stream, _PREFIX.size)
    if not prefix:
        raise ServiceError(Code.MALFORMED, "the call carries no message")
    compressed, size = _PREFIX.unpack(prefix)
    if compressed:
        raise ServiceError(Code.UNIMPLEMENTED, "compressed messages are not implemented by this server")
    if size > MAX_BODY:
        text = f"the message is {size} bytes long, more than the {MAX_BODY} allowed"
        raise ServiceError(Code.RESOURCE_EXHAUSTED, text)
    body = await _data(stream, size)
    if len(body) < size:
        raise _cut_off()
    return body


async def _data(stream: Stream, size: int) -> bytes:
    """Exactly `size` bytes, or none at the stream's end."""
    try:
        return await stream.recv_data(size)
    except AssertionError:  # grpclib's way to say that the stream ended among them
        raise _cut_off() from None


def _cut_off() -> ServiceError:
    return ServiceError(Code.MALFORMED, "the message is cut off: the stream ended within it")


async def reply(stream: Stream, body: bytes) -> None:
    """Send the reply and the status OK; give up on a client that does not take them."""
    try:
        async with asyncio.timeout(MESSAGE_TIMEOUT_S):
            await stream.send_headers(OK_HEADERS)
            await stream.send_data(_PREFIX.pack(0, len(body)) + body)
            await stream.send_headers(OK_TRAILERS, end_stream=True)
    except TimeoutError:
        _reset(stream, ErrorCodes.CANCEL)


async def refuse(stream: Stream, headers: Headers) -> None:
    """End the call without a message; what the client still sends is dropped."""
    try:
        async with asyncio.timeout(MESSAGE_TIMEOUT_S):
            await stream.send_headers(headers, end_stream=True)
        _reset(stream, ErrorCodes.NO_ERROR)  # RFC 9113, 8.1: stop sending, the answer is complete
    except TimeoutError:
        _reset(stream, ErrorCodes.CANCEL)


def _reset(stream: Stream, code: ErrorCodes) -> None:
    if stream.closable:
        stream.reset_nowait(code)
