"""The frames between server and recorder come out as they went in, however the stream is cut."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roomwright.egress.frames import FrameError, FrameReader, Packet, message_frame, packet_frame

PACKETS = st.builds(
    Packet, st.integers(0, 65535), st.integers(0, 3), st.integers(-(2**63), 2**63 - 1), st.binary(max_size=1500)
)
FRAMES = st.lists(st.one_of(st.binary(max_size=200), PACKETS), max_size=8)


def encoded(frame: bytes | Packet) -> bytes:
    if isinstance(frame, bytes):
        return message_frame(frame)
    return packet_frame(frame.track, frame.layer, frame.arrival_ns, frame.data)


@given(FRAMES, st.integers(1, 300))
def test_frames_come_out_as_they_went_in_however_the_stream_is_cut(frames, step) -> None:
    stream, reader = b"".join(map(encoded, frames)), FrameReader()
    pieces = [stream[at : at + step] for at in range(0, len(stream), step)]
    assert [frame for piece in pieces for frame in reader.feed(piece)] == frames


@given(st.binary(max_size=400))
def test_nothing_but_a_frame_error_comes_of_garbage(data) -> None:
    with contextlib.suppress(FrameError):
        list(FrameReader().feed(data))


@pytest.mark.parametrize("data", [b"\0\0\0\0\0", b"\xff\xff\xff\xff\0", b"\0\0\0\2\1\0", b"\0\0\0\1\7"])
def test_a_frame_that_cannot_be_is_an_error(data) -> None:
    with pytest.raises(FrameError):
        list(FrameReader().feed(data))
