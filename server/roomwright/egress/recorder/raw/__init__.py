"""The pipeline of an audio track to a WebSocket: raw samples, 16 bits, little-endian, 48 kHz, as they are heard.

Binary messages are samples, mono or stereo as the track is published. Text messages say when the track is muted or
unmuted: `{"muted": true}`. Gaps are silence; while the track is muted nothing is sent.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from roomwright.egress.recorder.intake.clock import SECOND
from roomwright.egress.recorder.intake.decode import AudioDecoder
from roomwright.egress.recorder.raw.socket import Socket
from roomwright.egress.recorder.units import OutputError
from roomwright.egress.redaction import stream_url
from roomwright_proto.livekit import StreamInfo, StreamInfoStatus, TrackSource

if TYPE_CHECKING:
    import av

    from roomwright.egress.recorder.intake.coded import Coded
    from roomwright.egress.recorder.intake.track import Track
    from roomwright_proto.roomwright.egress import v1

RATE: Final = 48_000
_MAX_SILENCE_NS: Final = 5 * SECOND
"""More than that was a pause, not a gap."""


class Raw:
    """One track, one connection."""

    tick_ns = SECOND // 50

    def __init__(self, plan: "v1.Plan") -> None:
        url = next(output.websocket_url for output in plan.outputs if output.websocket_url)
        self.start_ns: int | None = None
        self._url = stream_url(url)
        self._socket = Socket(url)
        self._decoder: AudioDecoder | None = None
        self._width = 2
        self._next_ns = 0
        self._bytes = 0
        self._ended_ns = 0
        self._status = StreamInfoStatus.ACTIVE

    @property
    def exhausted(self) -> bool:
        """Never: the end of the connection is an error."""
        return False

    def begin(self, at_ns: int) -> None:
        """Without media there is nothing to write."""

    def track_added(self, track: "Track") -> None:
        """Only sound can be sent."""
        if track.is_video:
            raise OutputError("a WebSocket takes the sound of a track, not its picture", 400)
        info = track.added.track
        stereo = info is not None and (info.stereo or info.source == TrackSource.SCREEN_SHARE_AUDIO)
        self._decoder = AudioDecoder("stereo" if stereo else "mono")
        self._width = 4 if stereo else 2

    def track_removed(self, track: "Track") -> None:
        """Nothing to do."""

    def track_muted(self, track: "Track", *, muted: bool) -> None:
        """Say so."""
        self._next_ns = 0
        self._socket.send('{"muted": true}' if muted else '{"muted": false}')

    def coded(self, track: "Track", coded: "Coded") -> None:
        """Send the sound, after the silence that was before it."""
        if self.start_ns is None:
            self.start_ns = coded.at_ns
        for at_ns, sound in self._decoder.decode(coded) if self._decoder else ():
            self._fill(at_ns)
            self._send(self._samples(sound))
            self._next_ns = max(self._next_ns, at_ns) if not self._next_ns else self._next_ns
            self._next_ns += sound.samples * SECOND // RATE

    def advance(self, until_ns: int) -> None:
        """Notice that the connection is gone."""
        self._socket.check()

    def order(self, order: "v1.Order") -> None:
        """There are no layouts and no streams."""

    def finish(self, at_ns: int) -> Sequence[str]:
        """Send what waits, and close."""
        self._ended_ns = at_ns
        self._status = StreamInfoStatus.FAILED
        self._socket.close()
        self._status = StreamInfoStatus.FINISHED
        return ()

    def progress(self, into: "v1.Progress") -> None:
        """The connection as a stream."""
        start_ns = self.start_ns or 0
        duration = max(0, self._ended_ns - start_ns) if start_ns and self._ended_ns else 0
        info = StreamInfo(url=self._url, started_at=start_ns, ended_at=self._ended_ns, duration=duration)
        info.status = self._status
        into.streams.append(info)
        into.bytes += self._bytes

    def _fill(self, at_ns: int) -> None:
        missing_ns = at_ns - self._next_ns
        if self._next_ns and SECOND // 20 < missing_ns < _MAX_SILENCE_NS:
            self._send(bytes(missing_ns * RATE // SECOND * self._width))
            self._next_ns = at_ns
        elif missing_ns >= _MAX_SILENCE_NS:
            self._next_ns = at_ns

    def _samples(self, sound: "av.AudioFrame") -> bytes:
        return bytes(sound.planes[0])[: sound.samples * self._width]

    def _send(self, data: bytes) -> None:
        self._bytes += len(data)
        self._socket.send(data)
