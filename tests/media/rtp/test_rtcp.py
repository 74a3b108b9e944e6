"""RTCP: what is built is read as it was meant, by us and by others; garbage is nothing."""

from aiortc.rtp import RtcpByePacket, RtcpPacket, RtcpPsfbPacket, RtcpRrPacket, RtcpRtpfbPacket, RtcpSrPacket
from aiortc.rtp import unpack_remb_fci as unpack_remb
from hypothesis import given, settings
from hypothesis import strategies as st

from roomwright.media.rtp import rtcp, rtcp_write

WORD = st.integers(0, 2**32 - 1)
REPORT = st.builds(rtcp.SenderReport, WORD, st.integers(0, 2**64 - 1), WORD, WORD, WORD)
BLOCK = st.builds(rtcp.ReportBlock, WORD, st.integers(0, 255), st.integers(-(2**23), 2**23 - 1), WORD, WORD, WORD, WORD)
MISSING = st.sets(st.integers(0, 3_000), min_size=1, max_size=60)


@settings(deadline=None)
@given(REPORT)
def test_sender_reports(report):
    raw = rtcp_write.sender_report(report) + rtcp_write.source_description(report.ssrc, "PA_x")
    assert next(rtcp.parse(raw)) == report
    other = RtcpPacket.parse(raw)[0]
    assert isinstance(other, RtcpSrPacket)
    info = other.sender_info
    assert (other.ssrc, info.ntp_timestamp, info.rtp_timestamp) == (report.ssrc, report.ntp, report.rtp)
    assert (info.packet_count, info.octet_count) == (report.packets, report.octets)


@settings(deadline=None)
@given(WORD, st.lists(BLOCK, max_size=31))
def test_receiver_reports(ssrc, blocks):
    raw = rtcp_write.receiver_report(ssrc, blocks)
    assert list(rtcp.parse(raw)) == [rtcp.Reports(tuple(blocks))]
    other = RtcpPacket.parse(raw)[0]
    assert isinstance(other, RtcpRrPacket)
    assert [(r.ssrc, r.packets_lost, r.highest_sequence) for r in other.reports] == [
        (block.ssrc, block.lost, block.highest) for block in blocks
    ]


@settings(deadline=None)
@given(st.integers(0, 0xFFFF), MISSING)
def test_negative_acknowledgements(first, missing):
    numbers = [(first + number) & 0xFFFF for number in sorted(missing)]
    raw = rtcp_write.nack(1, 2, numbers)
    assert list(rtcp.parse(raw)) == [rtcp.Nack(2, tuple(numbers))]
    other = RtcpPacket.parse(raw)[0]
    assert isinstance(other, RtcpRtpfbPacket)
    assert [number & 0xFFFF for number in other.lost] == numbers  # theirs are not cut to 16 bits


def test_requests_for_key_frames():
    assert list(rtcp.parse(rtcp_write.picture_loss(1, 2))) == [rtcp.KeyFrameRequest(2)]
    assert list(rtcp.parse(rtcp_write.full_intra(1, 2, 300))) == [rtcp.KeyFrameRequest(2)]
    other = RtcpPacket.parse(rtcp_write.picture_loss(1, 2))[0]
    assert isinstance(other, RtcpPsfbPacket)
    assert (other.fmt, other.ssrc, other.media_ssrc) == (1, 1, 2)


@settings(deadline=None)
@given(st.integers(1_000, 2**40), st.lists(WORD, max_size=20))
def test_estimates(bitrate, ssrcs):
    raw = rtcp_write.estimate(1, bitrate, ssrcs)
    (message,) = rtcp.parse(raw)
    assert isinstance(message, rtcp.Remb)
    assert message.ssrcs == tuple(ssrcs)
    assert bitrate * (1 - 2**-16) <= message.bitrate <= bitrate
    other = RtcpPacket.parse(raw)[0]
    assert isinstance(other, RtcpPsfbPacket)
    assert unpack_remb(other.fci) == (message.bitrate, ssrcs)


@settings(deadline=None)
@given(st.lists(WORD, min_size=1, max_size=31))
def test_goodbyes(ssrcs):
    raw = rtcp_write.bye(ssrcs)
    assert list(rtcp.parse(raw)) == [rtcp.Bye(tuple(ssrcs))]
    other = RtcpPacket.parse(raw)[0]
    assert isinstance(other, RtcpByePacket)
    assert other.sources == ssrcs


@settings(deadline=None)
@given(st.text(max_size=300))
def test_names_fill_whole_words(name):
    raw = rtcp_write.source_description(9, name)
    assert len(raw) == 4 * (1 + int.from_bytes(raw[2:4], "big"))


HEADS = st.builds(
    lambda count, kind, words, body: bytes((0x80 | count, kind)) + words.to_bytes(2, "big") + body,
    st.integers(0, 31),
    st.integers(198, 208),
    st.integers(0, 12),
    st.binary(max_size=60),
)


@settings(deadline=None)
@given(st.one_of(st.binary(max_size=100), st.lists(HEADS, max_size=3).map(b"".join)))
def test_no_bytes_break_the_reader(raw):
    assert len(list(rtcp.parse(raw))) <= len(raw)


def test_a_flood_of_missing_numbers_is_cut():
    raw = rtcp_write.nack(1, 2, range(0, 30_000, 2))
    (message,) = rtcp.parse(raw)
    assert isinstance(message, rtcp.Nack)
    assert len(message.numbers) == rtcp.MAX_NUMBERS
