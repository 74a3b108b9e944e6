"""Between what the protocol says of a track and what negotiation and forwarding know of it. Pure functions."""

from collections.abc import Mapping

from roomwright.media.forward.settings import DownSettings, Quality
from roomwright.media.sdp import Announced, Published
from roomwright_proto import livekit as pb

KINDS = {pb.TrackType.AUDIO: "audio", pb.TrackType.VIDEO: "video"}
"""The kinds of tracks that are media."""


def announced(cid: str, info: pb.TrackInfo, wishes: Mapping[str, str]) -> Announced:
    """An announcement, with all ids by which offers may name the track, and the codecs that are wished by these."""
    cids = dict.fromkeys([cid, *(codec.cid for codec in info.codecs)])
    return Announced(
        track_sid=info.sid,
        kind=KINDS.get(info.type, ""),
        cids=tuple(name for name in cids if name),
        red=not info.disable_red,
        dtx=not info.disable_dtx,
        stereo=info.stereo,
        wishes=wishes,
    )


def sizes(info: pb.TrackInfo) -> tuple[tuple[int, int], ...]:
    """Width and height of the layers, smallest first."""
    layers = info.codecs[0].layers if info.codecs and info.codecs[0].layers else info.layers
    return tuple(sorted((layer.width, layer.height) for layer in layers))


def mime(published: Published) -> str:
    """What the client sends: the codec that the answer prefers."""
    first = next((codec.name for codec in published.codecs if codec.name.lower() != "rtx"), "")
    return f"{published.kind}/{first}"


def codecs(info: pb.TrackInfo, published: Published, mime_type: str) -> tuple[pb.SimulcastCodecInfo, ...]:
    """The announced codecs, completed by what was negotiated for the one that arrives."""
    found = next((codec for codec in info.codecs if codec.cid == published.cid), None) or next(iter(info.codecs), None)
    return tuple(_completed(codec, published, mime_type) if codec is found else codec for codec in info.codecs)


def _completed(codec: pb.SimulcastCodecInfo, published: Published, mime_type: str) -> pb.SimulcastCodecInfo:
    layers = list(codec.layers)
    if len(layers) == len(published.ssrcs):
        layers = [_with_ssrc(layer, ssrc) for layer, ssrc in zip(layers, published.ssrcs, strict=True)]
    return pb.SimulcastCodecInfo(
        mime_type=mime_type, mid=published.mid, cid=codec.cid, layers=layers, video_layer_mode=codec.video_layer_mode
    )


def _with_ssrc(layer: pb.VideoLayer, ssrc: int) -> pb.VideoLayer:
    return pb.VideoLayer(
        quality=layer.quality,
        width=layer.width,
        height=layer.height,
        bitrate=layer.bitrate,
        ssrc=ssrc,
        spatial_layer=layer.spatial_layer,
        rid=layer.rid,
    )


def settings(update: pb.UpdateTrackSettings) -> DownSettings:
    """A subscriber's wishes."""
    known = update.quality in tuple(Quality)
    return DownSettings(
        disabled=update.disabled,
        quality=Quality(int(update.quality)) if known else Quality.HIGH,
        width=update.width,
        height=update.height,
    )
