"""Between what the protocol says of a track and what negotiation and forwarding know of it."""

import pytest

from roomwright.media.forward.settings import DownSettings, Quality
from roomwright.media.sdp import Published, RtpCodec
from roomwright.sfu.embedded.plane import infos
from roomwright_proto import livekit as pb

VP8 = RtpCodec(payload_type=96, name="VP8", clock_rate=90_000)
RTX = RtpCodec(payload_type=97, name="rtx", clock_rate=90_000, fmtp="apt=96")


def published(**fields) -> Published:
    return Published(
        **{"track_sid": "TR_1", "mid": "4", "kind": "video", "cid": "c1", "codecs": (RTX, VP8), "extensions": ()}
        | fields
    )


def layers(*widths: int) -> list[pb.VideoLayer]:
    return [pb.VideoLayer(width=width, height=width // 2) for width in widths]


def test_an_announcement_can_be_named_by_any_of_its_ids():
    info = pb.TrackInfo(
        sid="TR_1",
        type=pb.TrackType.VIDEO,
        codecs=[pb.SimulcastCodecInfo(cid="c1"), pb.SimulcastCodecInfo(cid="c2"), pb.SimulcastCodecInfo()],
        disable_red=True,
    )
    announced = infos.announced("c1", info, {"c2": "vp8"})
    assert (announced.track_sid, announced.kind, announced.cids, announced.red) == (
        "TR_1",
        "video",
        ("c1", "c2"),
        False,
    )
    assert announced.wish("c2") == "vp8"


def test_layers_are_in_the_order_of_their_size():
    info = pb.TrackInfo(codecs=[pb.SimulcastCodecInfo(layers=layers(1280, 320, 640))])
    assert infos.sizes(info) == ((320, 160), (640, 320), (1280, 640))
    assert infos.sizes(pb.TrackInfo()) == ()


def test_the_codec_is_the_first_that_is_no_repair():
    assert infos.mime(published()) == "video/VP8"


def test_the_codec_that_arrives_is_completed_and_others_are_not():
    info = pb.TrackInfo(
        codecs=[pb.SimulcastCodecInfo(cid="c0"), pb.SimulcastCodecInfo(cid="c1", layers=layers(320, 640))]
    )
    other, mine = infos.codecs(info, published(ssrcs=(7, 8)), "video/VP8")
    assert other == info.codecs[0]
    assert (mine.mime_type, mine.mid, mine.cid) == ("video/VP8", "4", "c1")
    assert [(layer.width, layer.ssrc) for layer in mine.layers] == [(320, 7), (640, 8)]
    assert info.codecs[1].layers[0].ssrc == 0


def test_layers_that_are_told_apart_by_rid_have_no_ssrc_yet():
    info = pb.TrackInfo(codecs=[pb.SimulcastCodecInfo(layers=layers(320, 640))])
    (codec,) = infos.codecs(info, published(rids=("q", "h")), "video/VP8")
    assert [layer.ssrc for layer in codec.layers] == [0, 0]


@pytest.mark.parametrize(
    ("update", "settings"),
    [
        (pb.UpdateTrackSettings(), DownSettings(quality=Quality.LOW)),
        (pb.UpdateTrackSettings(quality=pb.VideoQuality.HIGH), DownSettings(quality=Quality.HIGH)),
        (pb.UpdateTrackSettings(quality=pb.VideoQuality.OFF), DownSettings(quality=Quality.OFF)),
        (
            pb.UpdateTrackSettings(disabled=True, width=1, height=2),
            DownSettings(disabled=True, quality=Quality.LOW, width=1, height=2),
        ),
    ],
)
def test_wishes(update, settings):
    assert infos.settings(update) == settings
