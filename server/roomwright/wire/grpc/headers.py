"""What gRPC writes into headers and trailers (https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md).

Owns statuses, messages, meta and time-outs as text. Sends nothing.
"""

import re

from grpclib.const import Status
from grpclib.metadata import decode_timeout, encode_grpc_message

from roomwright.errors import Code, ServiceError, invalid_argument

Headers = list[tuple[str, str]]

CONTENT_TYPE = "application/grpc"
CONTENT_TYPES = frozenset({CONTENT_TYPE, "application/grpc+proto"})
META_PREFIX = "roomwright-meta-"
"""Before the key of each entry of an error's meta; the value is percent-encoded, as `grpc-message` is."""

STATUS = {
    Code.CANCELED: Status.CANCELLED,
    Code.UNKNOWN: Status.UNKNOWN,
    Code.INVALID_ARGUMENT: Status.INVALID_ARGUMENT,
    Code.MALFORMED: Status.INVALID_ARGUMENT,
    Code.DEADLINE_EXCEEDED: Status.DEADLINE_EXCEEDED,
    Code.NOT_FOUND: Status.NOT_FOUND,
    Code.BAD_ROUTE: Status.UNIMPLEMENTED,
    Code.ALREADY_EXISTS: Status.ALREADY_EXISTS,
    Code.PERMISSION_DENIED: Status.PERMISSION_DENIED,
    Code.UNAUTHENTICATED: Status.UNAUTHENTICATED,
    Code.RESOURCE_EXHAUSTED: Status.RESOURCE_EXHAUSTED,
    Code.FAILED_PRECONDITION: Status.FAILED_PRECONDITION,
    Code.ABORTED: Status.ABORTED,
    Code.OUT_OF_RANGE: Status.OUT_OF_RANGE,
    Code.UNIMPLEMENTED: Status.UNIMPLEMENTED,
    Code.INTERNAL: Status.INTERNAL,
    Code.UNAVAILABLE: Status.UNAVAILABLE,
    Code.DATA_LOSS: Status.DATA_LOSS,
}
"""gRPC's status of each code: the same names, but for Twirp's own `malformed` and `bad_route`."""

OK_HEADERS: Headers = [(":status", "200"), ("content-type", CONTENT_TYPE), ("grpc-accept-encoding", "identity")]
OK_TRAILERS: Headers = [("grpc-status", "0")]

# Clients refuse more than 8 KiB of headers, all in all.
_MAX_MESSAGE = 2048
_MAX_META_VALUE = 512
_MAX_META_KEY = 64
_MAX_META_ENTRIES = 8

_TIMEOUT = re.compile(r"[0-9]{1,8}[HMSmun]")
_NOT_IN_A_KEY = re.compile(r"[^0-9a-z_.-]")


def refusal(error: ServiceError, http_status: int = 200) -> Headers:
    """The headers that end a call with `error` ("trailers only": there is no message)."""
    headers = [(":status", str(http_status)), *OK_HEADERS[1:]]
    headers.append(("grpc-status", str(STATUS[error.code].value)))
    headers.append(("grpc-message", _percent(error.message, _MAX_MESSAGE)))
    for key, value in list(error.meta.items())[:_MAX_META_ENTRIES]:
        headers.append((_meta_key(key), _percent(value, _MAX_META_VALUE)))
    return headers


def timeout(value: str | None) -> float | None:
    """The seconds that a `grpc-timeout` allows, or None for no limit; ServiceError when it is not one."""
    if value is None:
        return None
    if not _TIMEOUT.fullmatch(value):
        raise invalid_argument(f"grpc-timeout {value[:40]!r} is not one to eight digits and a unit (H M S m u n)")
    return decode_timeout(value)


def _meta_key(key: str) -> str:
    """A key that may stand in a header; a final `-bin` would mean that the value is base64."""
    name = META_PREFIX + _NOT_IN_A_KEY.sub("-", key.lower())[:_MAX_META_KEY]
    return name.removesuffix("-bin") + "_bin" if name.endswith("-bin") else name


def _percent(text: str, limit: int) -> str:
    """`text` percent-encoded, without its end where that is longer than `limit`."""
    text = text[:limit].encode("utf-8", "replace").decode()
    while len(encoded := encode_grpc_message(text)) > limit:
        text = text[: len(text) * limit // len(encoded)]
    return encoded
