"""Payloads become the frames that the encoder gave; what no encoder gave is refused, and nothing worse."""

import contextlib

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from roomwright.egress.recorder.intake.frames import UNPACKERS
from roomwright.egress.recorder.intake.unpack import opus
from roomwright.egress.recorder.intake.unpack.av1 import Av1
from roomwright.egress.recorder.intake.unpack.h264 import H264, START
from roomwright.egress.recorder.intake.unpack.vp9 import Vp9, superframe
from roomwright.egress.recorder.intake.unpack.whole import DamagedError
from tests.egress import payloads
from tests.egress.payloads import Encoded

PACKETS = st.lists(st.binary(max_size=60), max_size=5)


@pytest.mark.parametrize("codec", ["vp8", "vp9", "av1"])
def test_frames_come_out_as_the_encoder_gave_them(codec) -> None:
    unpacker = UNPACKERS[codec]()
    for number, frame in enumerate(payloads.video(codec, 1, size=(640, 360))):
        for payload in payloads.cut(codec, frame, number):
            unpacker.add(payload)
        data, key = unpacker.take()
        expected = (
            frame.data if codec != "av1" else b"".join(obu for obu in payloads._obus(frame.data) if obu[0] >> 3 != 2)
        )
        assert (data, key) == (expected, frame.key)


def test_h264_comes_out_with_start_codes_and_its_parameter_sets() -> None:
    unpacker = H264()
    for number, frame in enumerate(payloads.video("h264", 1, size=(640, 360))):
        for payload in payloads.cut("h264", frame, number):
            unpacker.add(payload)
        data, key = unpacker.take()
        assert data.startswith(START)
        assert key == frame.key
        if key:
            assert data.startswith(unpacker.parameters)


def test_a_key_picture_without_parameter_sets_gets_those_of_before() -> None:
    unpacker = H264()
    for payload in (b"\x67sps", b"\x68pps", b"\x65one"):
        unpacker.add(payload)
    whole = unpacker.take()
    unpacker.add(b"\x65two")
    assert whole == (START + b"\x67sps" + START + b"\x68pps" + START + b"\x65one", True)
    assert unpacker.take() == (START + b"\x67sps" + START + b"\x68pps" + START + b"\x65two", True)


@given(st.lists(st.binary(min_size=1, max_size=300), min_size=2, max_size=3))
def test_layers_of_vp9_become_a_superframe_with_their_sizes(frames) -> None:
    unpacker = Vp9()
    for frame in frames:
        unpacker.add(b"\x0c" + frame)
    data, key = unpacker.take()
    assert key
    assert data == superframe(frames)
    width = (data[-1] >> 3 & 3) + 1
    sizes = data[-1 - width * len(frames) : -1]
    assert [int.from_bytes(sizes[at : at + width], "little") for at in range(0, len(sizes), width)] == [
        *map(len, frames)
    ]


@given(st.sampled_from(sorted(UNPACKERS)), PACKETS)
@example("av1", [b"\x00"])
@example("av1", [b"\x50\x0a"])
def test_garbage_is_refused_by_name_or_passed_on(codec, packets) -> None:
    unpacker = UNPACKERS[codec]()
    for payload in packets:
        with contextlib.suppress(DamagedError):
            unpacker.add(payload)
    unpacker.take()
    assert unpacker.take()[0] == b""


def test_an_obu_that_is_cut_over_packets_is_joined() -> None:
    frame = next(payloads.video("av1", 1, size=(640, 360)))
    unpacker = Av1()
    for payload in payloads.cut("av1", Encoded(0, frame.data, key=True), 0):
        unpacker.add(payload)
    assert unpacker.take()[1]
    assert unpacker.parameters[0] >> 3 == 1


@given(st.binary(max_size=40))
def test_the_duration_of_anything_is_none_or_a_whole_number_of_frames(packet) -> None:
    ticks = opus.duration(packet)
    assert 0 <= ticks <= 5_760
    assert ticks % 120 == 0


@pytest.mark.parametrize(("ticks", "packet"), opus.SILENCES)
def test_silence_is_as_long_as_it_says_and_decodes_to_silence(ticks, packet) -> None:
    import av

    decoder = av.CodecContext.create("libopus", "r")
    decoder.sample_rate, decoder.layout = 48_000, "mono"
    (frame,) = decoder.decode(av.Packet(packet))
    assert opus.duration(packet) == frame.samples == ticks
    assert not frame.to_ndarray().any()


@given(st.lists(st.binary(min_size=1, max_size=80), min_size=1, max_size=8), st.data())
def test_redundant_blocks_come_out_oldest_first_with_their_times(data, draw) -> None:
    frames = [Encoded(number / 50, piece, key=True) for number, piece in enumerate(data)]
    number = draw.draw(st.integers(0, len(frames) - 1))
    blocks = list(opus.blocks(payloads.red(frames, number, 97)))
    first = max(0, number - 2)
    assert blocks == [((number - place) * 960, frames[place].data) for place in range(first, number + 1)]


@given(st.binary(max_size=60))
def test_any_payload_of_redundant_audio_can_be_read(payload) -> None:
    assert len(list(opus.blocks(payload))) <= 16
