"""The `join_request` of `/rtc/v1`: base64url of a `WrappedJoinRequest`, whose content may be compressed.

A few bytes can be made of much: what comes out of the compression is bounded.
"""

import base64
import binascii
import zlib
from typing import TypeVar

from roomwright import codec
from roomwright.errors import ServiceError, invalid_argument
from roomwright_proto import livekit as pb

_M = TypeVar("_M", pb.WrappedJoinRequest, pb.JoinRequest)
_GZIP = 16 + zlib.MAX_WBITS


def unwrap(text: str, largest: int) -> pb.JoinRequest:
    """The request in a URL's parameter, padded or not; it has up to `largest` bytes. Raises `invalid_argument`."""
    if not text:
        raise invalid_argument("join_request is required: a base64url WrappedJoinRequest in the query")
    wrapped = _decoded(pb.WrappedJoinRequest, decode_base64url(text, "join_request"))
    content = wrapped.join_request
    if wrapped.compression is pb.WrappedJoinRequestCompression.GZIP:
        content = _gunzip(content, largest)
    elif wrapped.compression is not pb.WrappedJoinRequestCompression.NONE:
        raise invalid_argument(f"join_request: compression {wrapped.compression!r} is not known")
    return _decoded(pb.JoinRequest, content)


def decode_base64url(text: str, what: str) -> bytes:
    """Bytes from base64 of either alphabet, padded or not. Raises `invalid_argument` about `what`."""
    body = text.rstrip("=").replace("-", "+").replace("_", "/").replace(" ", "+")
    try:
        return base64.b64decode(body + "=" * (-len(body) % 4), validate=True)
    except (binascii.Error, ValueError) as error:
        raise invalid_argument(f"{what} cannot be decoded: it is not base64url") from error


def _decoded(kind: type[_M], data: bytes) -> _M:
    try:
        return codec.decode(kind, data)
    except codec.CodecError as error:
        raise _undecodable(f"it is no {kind.__name__}: {error}") from error


def _gunzip(data: bytes, largest: int) -> bytes:
    stream = zlib.decompressobj(_GZIP)
    try:
        content = stream.decompress(data, largest)
    except zlib.error as error:
        raise _undecodable(f"it is not gzip: {error}") from error
    if stream.eof:
        return content
    if len(content) >= largest:
        raise _undecodable(f"it has more than {largest} bytes when decompressed")
    raise _undecodable("its gzip data ends too early")


def _undecodable(why: str) -> ServiceError:
    return invalid_argument(f"join_request cannot be decoded: {why}")
