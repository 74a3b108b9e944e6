"""Live streams of one encoding; they come and go, and fail each on its own."""

from collections.abc import Sequence
from time import monotonic
from typing import Final

from roomwright_proto import livekit as pb
from roomwright_proto.roomwright.egress import v1

from ...redaction import stream_url
from ..units import OutputError, StreamFormat, Unit
from .sender import GRACE, RETRIES, Sender

SCHEMES: Final = ("rtmp://", "rtmps://")

_CODECS: Final = {"h264", "aac", "mp3"}


class StreamsOutput:
    """See `units.Output`."""

    def __init__(self, stream: v1.Stream, *, retries: Sequence[float] = RETRIES) -> None:
        for destination in stream.destinations:
            _check(destination.url)
        self._destinations = list(stream.destinations)
        self._retries = retries
        self._formats: Sequence[StreamFormat] | None = None
        self._senders: list[Sender] = []

    @property
    def live(self) -> bool:
        """Whether there is a stream that is sent, or will be."""
        return self._formats is None or any(sender.live for sender in self._senders)

    @property
    def failure(self) -> str:
        """Why the last one failed, if all that ended have failed."""
        ended = [sender.info for sender in self._senders if not sender.live]
        errors = [info.error for info in ended if info.status is pb.StreamInfoStatus.FAILED]
        return errors[-1] if errors and len(errors) == len(ended) else ""

    def open(self, formats: Sequence[StreamFormat], epoch_ns: int) -> None:
        """Connect all."""
        _ = epoch_ns
        for stream in formats:
            if stream.codec not in _CODECS:
                raise OutputError(f"RTMP is incompatible with codec {stream.codec}", 400)
        self._formats = formats
        for destination in self._destinations:
            self._start(destination)

    def add(self, destination: pb.StreamDestination) -> None:
        """One more stream."""
        _check(destination.url)
        if self._formats is None:
            self._destinations.append(destination)
        elif all(sender.url != destination.url or not sender.live for sender in self._senders):
            self._start(destination)

    def remove(self, url: str) -> None:
        """End a stream; one that is not there is none of ours."""
        self._destinations = [each for each in self._destinations if each.url != url]
        for sender in self._senders:
            if sender.url == url and sender.live:
                sender.stop()

    def write(self, unit: Unit) -> None:
        """Send a unit to all."""
        for sender in self._senders:
            sender.offer(unit)

    def progress(self, into: v1.Progress) -> None:
        """Add a StreamInfo for each."""
        into.streams.extend(sender.info for sender in self._senders)
        into.bytes += sum(sender.sent_bytes for sender in self._senders)

    def close(self) -> None:
        """End all, in the time of one."""
        running = [sender for sender in self._senders if sender.live]
        deadline = monotonic() + GRACE
        for sender in running:
            sender.end()
        for sender in running:
            sender.stop(max(0.0, deadline - monotonic()))

    def _start(self, destination: pb.StreamDestination) -> None:
        self._senders.append(Sender(destination, self._formats or [], retries=self._retries))


def _check(url: str) -> None:
    if not url.lower().startswith(SCHEMES):
        raise OutputError(f"invalid url {stream_url(url)}: not RTMP", 400)
