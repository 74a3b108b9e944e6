"""A track of a participant: announced, then published. It knows who is subscribed, not how media gets there."""

from collections.abc import Mapping

from roomwright.rooms.instant import NS_PER_US, Instant
from roomwright_proto import livekit as pb

_NO_WISHES: Mapping[str, str] = {}


class Track:
    """State of one track.

    `info` is replaced, never changed, when the track changes: whoever holds it holds a snapshot. `subscribers` are the
    sids of the participants that receive it, `was_subscribed` whether anybody ever did: its publisher is told once.
    `origin` is the track that a forwarded one mirrors. `wishes` says in which codec (`vp9`, …) its client would send
    the media of each cid; empty: it did not say.
    """

    __slots__ = ("cid", "info", "origin", "subscribers", "was_subscribed", "wishes")

    def __init__(self, info: pb.TrackInfo, cid: str = "", origin: "Track | None" = None) -> None:
        self.info = info
        self.cid = cid
        self.origin = origin
        self.subscribers: dict[str, None] = {}
        self.was_subscribed = False
        self.wishes: Mapping[str, str] = _NO_WISHES

    @property
    def sid(self) -> str:
        """The track's sid."""
        return self.info.sid

    def change(self, now: Instant, **fields: object) -> None:
        """Replace the info by one with other fields and the next version."""
        self.info = _with(self.info, version=_next_version(self.info.version, now), **fields)

    def __repr__(self) -> str:
        muted = ", muted" if self.info.muted else ""
        return f"<Track {self.sid} {self.info.name!r}: {self.info.type}{muted}, {len(self.subscribers)} subscribers>"


def announced(request: pb.AddTrackRequest, sid: str, now: Instant) -> Track:
    """The track that a client announces, as it looks before any media has arrived."""
    info = pb.TrackInfo(
        sid=sid,
        type=request.type,
        name=request.name,
        muted=request.muted,
        width=request.width,
        height=request.height,
        source=request.source,
        disable_red=request.disable_red,
        encryption=request.encryption,
        stream=request.stream or _STREAMS.get(request.source, _STREAM),
        codecs=_codecs(request),
        version=_next_version(None, now),
        audio_features=list(request.audio_features),
        backup_codec_policy=request.backup_codec_policy or _backup_codec_policy(request),
        packet_trailer_features=list(request.packet_trailer_features),
    )
    _set_deprecated(info, request)
    track = Track(info, request.cid)
    wished = [(codec.cid or request.cid, codec.codec) for codec in request.simulcast_codecs if codec.codec]
    track.wishes = dict(reversed(wished))  # of several for one cid the first
    return track


_STREAM = "camera"
_STREAMS: Mapping[pb.TrackSource, str] = {
    pb.TrackSource.SCREEN_SHARE: "screen_share",
    pb.TrackSource.SCREEN_SHARE_AUDIO: "screen_share",
}
"""Tracks of one stream are played in step: those of a screen apart from the rest."""


def _codecs(request: pb.AddTrackRequest) -> list[pb.SimulcastCodecInfo]:
    """The codecs that are announced, each with the client's id of its media; what they are is known when media is."""
    codecs = request.simulcast_codecs or [pb.SimulcastCodec(cid=request.cid, layers=list(request.layers))]
    return [
        pb.SimulcastCodecInfo(
            cid=codec.cid or request.cid,
            layers=list(codec.layers or request.layers),
            video_layer_mode=codec.video_layer_mode or pb.VideoLayerMode.ONE_SPATIAL_LAYER_PER_STREAM,
        )
        for codec in codecs
    ]


def _backup_codec_policy(request: pb.AddTrackRequest) -> pb.BackupCodecPolicy:
    """What an unsaid policy means: no publisher changes the codec of its audio for the sake of one subscriber."""
    policy = pb.BackupCodecPolicy
    return policy.SIMULCAST if request.type == pb.TrackType.AUDIO else policy.PREFER_REGRESSION


def mirrored(origin: Track, sid: str) -> Track:
    """A track that shows `origin` under another sid."""
    return Track(_with(origin.info, sid=sid), origin=origin)


def _set_deprecated(info: pb.TrackInfo, request: pb.AddTrackRequest) -> None:
    """Fields that older clients read; the constructor would warn about them."""
    info.simulcast = len(request.layers) > 1
    info.layers = list(request.layers)
    info.disable_dtx = request.disable_dtx
    info.stereo = request.stereo


def _next_version(previous: pb.TimedVersion | None, now: Instant) -> pb.TimedVersion:
    micro = now.wall_ns // NS_PER_US
    if previous is not None and previous.unix_micro >= micro:
        return pb.TimedVersion(unix_micro=previous.unix_micro, ticks=previous.ticks + 1)
    return pb.TimedVersion(unix_micro=micro)


def _with(info: pb.TrackInfo, **fields: object) -> pb.TrackInfo:
    """A copy with some fields changed. Lists and messages inside are shared: nobody changes them."""
    copy = pb.TrackInfo()
    vars(copy).update(vars(info))
    vars(copy).update(fields)
    return copy
