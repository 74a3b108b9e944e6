"""Taps of one client's tracks. They follow a track from one section to another."""

from typing import TYPE_CHECKING

from roomwright.media.forward.up import UpTrack
from roomwright.media.rtp.rtcp import SenderReport
from roomwright.sfu.taps import Payload, TapListener

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from roomwright.sfu.embedded.plane.client import ClientMedia


class Taps:
    """The taps of one client's tracks."""

    def __init__(self, client: "ClientMedia") -> None:
        self._client = client
        self._taps: dict[TrackTap, None] = {}

    def open(self, track_sid: str, listener: TapListener) -> "TrackTap":
        """Tap a track of the client's."""
        tap = TrackTap(self._client, track_sid, listener, self._forget)
        self._taps[tap] = None
        tap.refresh()
        return tap

    def refresh(self) -> None:
        """The client negotiated: tracks may arrive elsewhere, in other codecs, or not any more."""
        for tap in list(self._taps):
            tap.refresh()

    def close(self) -> None:
        """The client is gone."""
        for tap in list(self._taps):
            tap.close()

    def _forget(self, tap: "TrackTap") -> None:
        self._taps.pop(tap, None)


class TrackTap:
    """A tapped track (`Tap`)."""

    def __init__(
        self, client: "ClientMedia", track_sid: str, listener: TapListener, on_close: "Callable[[TrackTap], None]"
    ) -> None:
        self._client = client
        self._track_sid = track_sid
        self._listener = listener
        self._on_close = on_close
        self._up: UpTrack | None = None
        self._epoch_ns = client.hub.epoch_ns
        self._begun = False
        self.payloads: Sequence[Payload] = ()

    def __repr__(self) -> str:
        return f"<TrackTap {self._track_sid}: {self._up!r}>"

    def refresh(self) -> None:
        """Listen where the track arrives now."""
        up = self._client.publications.find(self._track_sid)
        if up is not self._up:
            self._detach()
            self._attach(up)
        payloads = _payloads(up) if up is not None else self.payloads
        changed, self.payloads = payloads != self.payloads, payloads
        if changed and self._begun:
            self._listener.on_payloads(payloads)
        self._begun = True

    def request_key_frame(self, layer: int) -> None:
        """Ask the publisher for a key frame of a layer."""
        up = self._up
        if up is None or up.kind != "video":
            return
        for stream in up.streams.values():
            if stream.layer == layer:
                stream.request_key_frame(self._client.hub.now())

    def repeat_reports(self) -> None:
        """Tell the listener the latest sender report of each layer."""
        for stream in self._up.streams.values() if self._up is not None else ():
            if stream.reception.report is not None:
                self._on_report(stream.reception.report, stream.layer, stream.reception.report_at)

    def close(self) -> None:
        """Tap no more. Idempotent."""
        self._detach()
        self._on_close(self)

    def _attach(self, up: UpTrack | None) -> None:
        self._up = up
        if up is None:
            return
        up.taps = (*up.taps, self._on_packet)
        up.report_taps = (*up.report_taps, self._on_report)
        self._client.hub.demand(up)
        for stream in up.streams.values():
            self.request_key_frame(stream.layer)

    def _detach(self) -> None:
        up, self._up = self._up, None
        if up is None:
            return
        up.taps = tuple(tap for tap in up.taps if tap != self._on_packet)
        up.report_taps = tuple(tap for tap in up.report_taps if tap != self._on_report)
        self._client.hub.demand(up)

    def _on_packet(self, packet: bytes, layer: int, now: float) -> None:
        up = self._up
        if up is not None and not up.muted:  # a publisher that was muted may send on
            self._listener.on_packet(packet, layer, self._epoch_ns + int(now * 1e9))

    def _on_report(self, report: SenderReport, layer: int, now: float) -> None:
        self._listener.on_report(layer, report.ntp, report.rtp, self._epoch_ns + int(now * 1e9))


def _payloads(up: UpTrack) -> tuple[Payload, ...]:
    """The codecs that carry media; retransmissions have been made into what they repair."""
    return tuple(
        Payload(
            type=codec.payload_type,
            mime=f"{up.kind}/{codec.name.lower()}",
            clock_rate=codec.clock_rate,
            channels=codec.channels or 0,
            fmtp=codec.fmtp,
        )
        for codec in up.published.codecs
        if codec.name.lower() != "rtx"
    )
