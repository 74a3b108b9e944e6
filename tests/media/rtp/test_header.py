"""Reading and rewriting packets in place."""

from hypothesis import given, settings
from hypothesis import strategies as st

from roomwright.media.rtp import red, vp8
from roomwright.media.rtp.header import elements, extension_byte, extension_text, payload_end, payload_start
from roomwright.media.rtp.keyframes import starts_key_frame
from roomwright.media.rtp.rewrite import Recipe, Rewriter
from tests.media.forward.support import packet
from tests.media.forward.support import vp8 as vp8_payload

RAW = st.binary(min_size=12, max_size=80).map(lambda raw: bytes((0x80 | raw[0] & 0x3F,)) + raw[1:])
"""Anything with version 2 that is as long as a header."""
ELEMENTS = st.dictionaries(st.integers(1, 14), st.binary(min_size=1, max_size=16), max_size=6)
PAYLOAD = st.binary(max_size=60)


def found(raw: bytes) -> dict[int, bytes]:
    return {number: raw[start : start + length] for number, start, length in elements(raw)}


@settings(deadline=None)
@given(ELEMENTS, PAYLOAD)
def test_extensions_in_the_one_byte_form_are_read(extensions, payload):
    raw = packet(1, extensions=extensions, payload=payload)
    assert found(raw) == extensions
    assert raw[payload_start(raw) :] == payload


def test_extensions_in_the_two_byte_form_are_read():
    body = bytes((1, 2)) + b"ab" + b"\0" + bytes((200, 0)) + bytes((7, 1)) + b"c" + b"\0\0"
    raw = packet(1, payload=b"")
    raw = bytes((raw[0] | 0x10,)) + raw[1:] + b"\x10\x00\x00\x03" + body.ljust(12, b"\0") + b"pay"
    assert found(raw) == {1: b"ab", 200: b"", 7: b"c"}
    assert raw[payload_start(raw) :] == b"pay"


def test_contributing_sources_are_skipped():
    raw = packet(1, payload=b"")
    raw = bytes((raw[0] | 2,)) + raw[1:] + bytes(8) + b"pay"
    assert raw[payload_start(raw) :] == b"pay"


def test_mid_and_level_are_found():
    raw = packet(1, extensions={4: b"audio-0", 1: b"\x9e"})
    assert extension_text(raw, 4) == "audio-0"
    assert extension_byte(raw, 1) == 0x9E
    assert (extension_text(raw, 5), extension_byte(raw, 5), extension_text(raw, 0)) == ("", -1, "")


def test_padding_ends_the_payload():
    raw = packet(1, payload=b"data\0\0\x03")
    padded = bytes((raw[0] | 0x20,)) + raw[1:]
    assert padded[12 : payload_end(padded, 12)] == b"data"
    lying = padded[:-1] + b"\xff"
    assert payload_end(lying, 12) == 12


@settings(deadline=None)
@given(st.one_of(st.binary(max_size=80), RAW))
def test_no_bytes_break_the_readers(raw):
    start = payload_start(raw)
    if start < 0:
        return
    assert 12 <= start <= len(raw)
    assert start <= payload_end(raw, start) <= len(raw)
    assert all(begin + length <= start for _, begin, length in elements(raw))
    for codec in ("VP8", "VP9", "H264", "H265", "AV1", "opus"):
        assert starts_key_frame(codec, raw, start) in (True, False)
    red.primary(raw[start:])
    assert len(vp8.renumbered(raw[start:], 5, 7)) == len(raw) - start


RECIPE = st.builds(
    Recipe,
    payload_types=st.just(((96, 120), (111, 109))),
    extensions=st.lists(st.tuples(st.integers(1, 14), st.integers(1, 14)), max_size=3).map(tuple),
    send_time=st.integers(0, 14),
)


@settings(deadline=None)
@given(RAW, RECIPE)
def test_rewriting_never_touches_the_payload(raw, recipe):
    start = payload_start(raw)
    rewritten = Rewriter(recipe).rewrite(raw, start, b"abc") if start >= 0 else None
    if rewritten is None:
        return
    first, extension, payload = rewritten
    assert payload == raw[start:]
    assert first & 0x80 == raw[1] & 0x80
    whole = first.to_bytes(2, "big") + raw[2:12] + extension + payload
    assert whole[payload_start(whole) :] == payload
    assert bool(extension) == bool(first & 0x1000)


@settings(deadline=None)
@given(ELEMENTS, PAYLOAD)
def test_only_mapped_extensions_are_kept_under_their_new_ids(extensions, payload):
    raw = packet(1, extensions=extensions, payload=payload)
    recipe = Recipe(payload_types=((96, 96),), extensions=((1, 9), (2, 3)), send_time=5)
    rewritten = Rewriter(recipe).rewrite(raw, payload_start(raw), b"abc")
    assert rewritten is not None
    first, extension, _ = rewritten
    kept = found(first.to_bytes(2, "big") + raw[2:12] + extension)
    expected = {9: extensions.get(1), 3: extensions.get(2), 5: b"abc"}
    assert kept == {number: data for number, data in expected.items() if data is not None}


@settings(deadline=None)
@given(st.integers(0, 0x7FFF), st.integers(0, 255), st.integers(0, 0x7FFF), st.integers(0, 255), PAYLOAD)
def test_picture_ids_are_moved_and_nothing_else(picture_id, tl0, ids, indices, rest):
    payload = vp8_payload(picture_id, tl0=tl0) + rest
    moved = vp8.renumbered(payload, ids, indices)
    assert moved == vp8_payload(picture_id + ids, tl0=tl0 + indices) + rest


def test_a_short_picture_id_stays_short():
    payload = b"\x90\x80\x7e\x01"
    assert vp8.renumbered(payload, 5, 0) == b"\x90\x80\x03\x01"


def test_key_frames_are_seen():
    cases = [
        ("VP8", vp8_payload(1, key=True), True),
        ("VP8", vp8_payload(1), False),
        ("VP8", vp8_payload(1, key=True, first=False), False),
        ("H264", b"\x67\x42", True),
        ("H264", b"\x65\x88", True),
        ("H264", b"\x41\x9a", False),
        ("H264", b"\x78\x00\x02\x09\x10\x00\x02\x67\x42", True),
        ("H264", b"\x78\x00\x02\x09\x10\x00\x02\x41\x42", False),
        ("H264", b"\x7c\x85\x00", True),
        ("H264", b"\x7c\x05\x00", False),
        ("VP9", b"\x8c\x81\x00\x00", True),
        ("VP9", b"\xcc\x81\x00\x00", False),
        ("VP9", b"\x84\x81\x00\x00", False),
        ("VP9", b"\xac\x81\x00\x00", True),
        ("VP9", b"\xac\x81\x00\x02", False),
        ("AV1", b"\x08\x0a", True),
        ("AV1", b"\x88\x0a", False),
        ("AV1", b"\x10\x32", False),
        ("H265", b"\x40\x01\x0c", True),
        ("H265", b"\x02\x01\x0c", False),
        ("H265", b"\x62\x01\x93", True),
        ("H265", b"\x62\x01\x13", False),
        ("opus", b"", True),
    ]
    for codec, payload, expected in cases:
        raw = packet(1, payload=payload)
        assert starts_key_frame(codec, raw, 12) is expected, (codec, payload)
