import base64
import contextlib
import gzip

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from roomwright import codec
from roomwright.config import LimitSettings
from roomwright.errors import Code, ServiceError
from roomwright.signalling.join_request import unwrap
from roomwright_proto import livekit as pb

LARGEST = LimitSettings().max_join_request

REQUEST = pb.JoinRequest(metadata="m", connection_settings=pb.ConnectionSettings(auto_subscribe=True))
GZIP = pb.WrappedJoinRequestCompression.GZIP


def wrapped(content: bytes, compression: pb.WrappedJoinRequestCompression = GZIP) -> str:
    message = pb.WrappedJoinRequest(compression=compression, join_request=content)
    return base64.urlsafe_b64encode(codec.encode(message)).decode()


@pytest.mark.parametrize("padding", ["padded", "bare"])
def test_a_request_as_it_is(padding):
    text = wrapped(codec.encode(REQUEST), pb.WrappedJoinRequestCompression.NONE)
    assert unwrap(text if padding == "padded" else text.rstrip("="), LARGEST) == REQUEST


def test_a_compressed_request():
    assert unwrap(wrapped(gzip.compress(codec.encode(REQUEST))), LARGEST) == REQUEST


def test_the_emptiest_request():
    assert unwrap("CAA=", LARGEST) == pb.JoinRequest()


REFUSED = {
    "none at all": "",
    "not base64": "!!",
    "not protobuf": "____",
    "not gzip": wrapped(b"plain"),
    "cut off": wrapped(gzip.compress(codec.encode(REQUEST))[:-9]),
    "not a join request": wrapped(gzip.compress(b"\xff\xff")),
    "unknown compression": wrapped(b"", pb.WrappedJoinRequestCompression(7)),
    "a bomb": wrapped(gzip.compress(bytes(LARGEST + 1))),
}


@pytest.mark.parametrize("text", REFUSED.values(), ids=REFUSED.keys())
def test_what_cannot_be_read_is_the_clients_mistake(text):
    with pytest.raises(ServiceError, match="join_request") as refused:
        unwrap(text, LARGEST)
    assert refused.value.code is Code.INVALID_ARGUMENT


def test_a_bomb_is_not_unpacked():
    """A thousand times the largest request in a megabyte: refused before it is there."""
    with pytest.raises(ServiceError, match="more than 1048576 bytes"):
        unwrap(wrapped(gzip.compress(bytes(100 * LARGEST))), LARGEST)


@settings(deadline=None)
@given(st.text(max_size=60) | st.binary(max_size=60).map(lambda data: base64.urlsafe_b64encode(data).decode()))
def test_no_text_raises_anything_else(text):
    with contextlib.suppress(ServiceError):
        unwrap(text, LARGEST)
