"""A published track: its codecs, its streams, and who subscribes to it."""

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias

from roomwright.media.forward.events import MediaStarted
from roomwright.media.forward.loudness import Loudness
from roomwright.media.forward.settings import DownSettings, ForwardSettings, Quality
from roomwright.media.forward.stream import Stream
from roomwright.media.rtp.header import extension_byte
from roomwright.media.rtp.rtcp import SenderReport
from roomwright.media.sdp.extensions import AUDIO_LEVEL
from roomwright.media.sdp.tracks import Published

if TYPE_CHECKING:
    from roomwright.media.forward.down import DownTrack
    from roomwright.media.forward.endpoint import Endpoint

Tap: TypeAlias = Callable[[bytes, int, float], None]
"""Gets every packet of a track as it came: packet, layer, arrival in seconds."""
ReportTap: TypeAlias = Callable[[SenderReport, int, float], None]
"""Gets every sender report of a track: report, layer, arrival in seconds."""

_LAYER_OF_RID = {"q": 0, "h": 1, "f": 2}
_MAX_LAYERS = 4


class UpTrack:
    """A track that a participant sends.

    `sizes` are width and height of the layers in pixels, smallest first; they may be set at any time. `muted` stops
    forwarding, whatever the publisher sends. `taps` get every packet, `report_taps` every sender report.
    """

    def __init__(self, endpoint: "Endpoint", published: Published, settings: ForwardSettings) -> None:
        self.endpoint = endpoint
        self.settings = settings
        self.published = published
        self.streams: dict[int, Stream] = {}
        self.downs: dict[DownTrack, None] = {}
        self.sizes: tuple[tuple[int, int], ...] = ()
        self.taps: tuple[Tap, ...] = ()
        self.report_taps: tuple[ReportTap, ...] = ()
        self.muted = False
        self.mime = ""
        self.loudness = Loudness(settings.speakers)
        self.update(published)

    def __repr__(self) -> str:
        return f"<UpTrack {self.published.track_sid}: {self.mime or 'silent'}, {len(self.streams)} streams>"

    def update(self, published: Published) -> None:
        """Take what a later negotiation says of the same section."""
        self.published = published
        self.kind = published.kind
        self._names = {codec.payload_type: codec.name for codec in published.codecs}
        media = [codec for codec in published.codecs if codec.name.lower() not in ("rtx", "red")]
        self.clock_rate = media[0].clock_rate if media else 90_000
        self.kept = self.settings.kept_video if self.kind == "video" else self.settings.kept_audio
        self.repairs = any("nack" in codec.feedback for codec in media)
        self.pli = any("nack pli" in codec.feedback for codec in media)
        self.level_id = next((e.id for e in published.extensions if e.uri == AUDIO_LEVEL), 0)
        self.layered = bool(published.rids) or len(published.ssrcs) > 1
        self.renumbers = self.layered and any(codec.name.lower() == "vp8" for codec in media)

    @property
    def track_sid(self) -> str:
        """The track's sid."""
        return self.published.track_sid

    @property
    def mid(self) -> str:
        """The section that it arrives on."""
        return self.published.mid

    def codec_name(self, payload_type: int) -> str:
        """The codec of a payload type; empty for what was not negotiated."""
        return self._names.get(payload_type, "")

    def start(self, payload_type: int, now: float) -> None:
        """A stream begins to arrive."""
        if not self.mime:
            name = self.codec_name(payload_type)
            self.mime = f"{self.kind}/{name}"
            self.endpoint.router.emit(MediaStarted(self.endpoint.participant_sid, self.track_sid, self.mid, self.mime))
        self.settle(now)

    def hear(self, packet: bytes, now: float) -> None:
        """Take the audio level that a packet carries."""
        level = extension_byte(packet, self.level_id)
        if level >= 0:
            self.loudness.observe(level & 0x7F, now)

    def add_stream(self, ssrc: int, rid: str) -> Stream:
        """A stream that was announced or learned."""
        stream = self.streams[ssrc] = Stream(self, ssrc, self._layer(ssrc, rid))
        return stream

    def stream_of_rid(self, rid: str) -> Stream | None:
        """The layer of a restriction identifier, if it has been seen."""
        layer = self._layer(0, rid)
        return next((stream for stream in self.streams.values() if stream.layer == layer), None)

    def set_muted(self, muted: bool, now: float) -> None:
        """Stop forwarding, or go on: audio at once, video with the next key frame."""
        self.muted = muted
        self.settle(now)

    def settle(self, now: float) -> None:
        """Choose each subscriber's layer anew: after a change, and now and then because layers come and go."""
        for down in list(self.downs):
            down.settle(now)

    def choose(self, settings: DownSettings, current: Stream | None, now: float) -> Stream | None:
        """The best stream for a subscriber: what it wants, else the next smaller one, else the next larger one.

        While the whole track is silent it keeps `current`.
        """
        if settings.disabled or self.muted or settings.quality is Quality.OFF:
            return None
        wanted = self._wanted_layer(settings)
        alive = [s for s in self.streams.values() if s.seen and now - s.seen < self.settings.idle_layer]
        possible = alive or ([current] if current else list(self.streams.values()))
        return min(possible, key=lambda s: (s.layer > wanted, abs(s.layer - wanted), -s.seen), default=None)

    def wanted_layers(self) -> set[int]:
        """The layers that subscribers want now, and taps always the best; a publisher need not send the others."""
        settings = [down.settings for down in self.downs]
        wanted = {self._wanted_layer(s) for s in settings if not s.disabled and s.quality is not Quality.OFF}
        return wanted | {int(Quality.HIGH)} if self.taps else wanted

    def close(self, now: float) -> None:
        """The track ends. Its down tracks stay, silent, until they are unsubscribed."""
        for down in list(self.downs):
            down.detach(now)
        self.downs.clear()
        self.streams.clear()
        self.taps = ()
        self.report_taps = ()

    def _wanted_layer(self, settings: DownSettings) -> int:
        if self.sizes and (settings.width or settings.height):
            for layer, (width, height) in enumerate(self.sizes):
                if width >= settings.width and height >= settings.height:
                    return layer
            return len(self.sizes) - 1
        return int(settings.quality)

    def _layer(self, ssrc: int, rid: str) -> int:
        published = self.published
        if rid:
            known = _LAYER_OF_RID.get(rid)
            return known if known is not None else min(_index(published.rids, rid), _MAX_LAYERS)
        return min(_index(published.ssrcs, ssrc), _MAX_LAYERS) if len(published.ssrcs) > 1 else 0


def _index(items: tuple[object, ...], item: object) -> int:
    return items.index(item) if item in items else 0
