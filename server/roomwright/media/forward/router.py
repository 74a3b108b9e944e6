"""All endpoints of a process and the one timer that they share."""

from roomwright.media.forward.counts import Counts
from roomwright.media.forward.endpoint import Endpoint
from roomwright.media.forward.events import Event
from roomwright.media.forward.quality import QualityMeter
from roomwright.media.forward.settings import ForwardSettings
from roomwright.media.forward.sink import Sender, Sink
from roomwright.media.forward.speakers import Speakers

_FAR = float("inf")


class Router:
    """Endpoints, and what is done now and then: requests, reports, layers, speakers, `quality`.

    It is told the time and owns no timer: change, then ask `next_timeout`.
    """

    def __init__(self, sink: Sink, settings: ForwardSettings | None = None) -> None:
        self.sink = sink
        self.settings = settings or ForwardSettings()
        self.endpoints: dict[Endpoint, None] = {}
        self.counts = Counts()
        self._events: list[Event] = []
        self._speakers: dict[str, Speakers] = {}
        self.quality = QualityMeter()
        self._due = _FAR
        self._next_reports = _FAR
        self._next_speakers = _FAR
        self._next_quality = _FAR

    def __repr__(self) -> str:
        return f"<Router {len(self.endpoints)} endpoints>"

    def open(self, participant_sid: str, room: str, sender: Sender, now: float) -> Endpoint:
        """A peer connection of a participant; `sender` is what the sink knows it by."""
        if not self.endpoints:
            self._next_reports = now + self.settings.reports
            self._next_speakers = now + self.settings.speakers.interval
            self._next_quality = now + self.settings.quality_interval
        endpoint = Endpoint(self, participant_sid, room, sender)
        self.endpoints[endpoint] = None
        return endpoint

    def close(self, endpoint: Endpoint, now: float) -> None:
        """A peer connection is gone; idempotent."""
        endpoint.close(now)
        self.endpoints.pop(endpoint, None)
        self.quality.forget(endpoint)

    def take_events(self) -> list[Event]:
        """What has happened since the last call, in order."""
        taken, self._events = self._events, []
        return taken

    def emit(self, event: Event) -> None:
        """Keep an event until it is taken."""
        self._events.append(event)

    # time

    def next_timeout(self) -> float | None:
        """When to call `tick` next, in seconds; None: there is nothing to wait for."""
        if not self.endpoints:
            return None
        return min(self._due, self._next_reports, self._next_speakers, self._next_quality)

    def schedule(self, due: float) -> None:
        """A stream has something to do at that time."""
        self._due = min(self._due, due)

    def tick(self, now: float) -> None:
        """Do what is due. Everything that is to be sent goes to the sink."""
        if self._due <= now:
            self._on_due(now)
        if self._next_reports <= now:
            self._next_reports = now + self.settings.reports
            for endpoint in self.endpoints:
                endpoint.send_reports(now)
        if self._next_speakers <= now:
            self._next_speakers = now + self.settings.speakers.interval
            self._hear()
            self._settle_layers(now)
        if self._next_quality <= now:
            self._next_quality = now + self.settings.quality_interval
            for changed in self.quality.measure(list(self.endpoints)):
                self.emit(changed)

    def _on_due(self, now: float) -> None:
        self._due = _FAR
        for endpoint in self.endpoints:
            for stream in endpoint.streams:
                stream.on_timeout(now)
                if (due := stream.next_due()) is not None:
                    self.schedule(due)

    def _hear(self) -> None:
        levels: dict[str, dict[str, float]] = {}
        for endpoint in self.endpoints:
            room = levels.setdefault(endpoint.room, {})
            for track in endpoint.tracks.values():
                if track.level_id:
                    level = 0.0 if track.muted else track.loudness.update()
                    room[endpoint.participant_sid] = max(level, room.get(endpoint.participant_sid, 0.0))
        for name, room in levels.items():
            changed = self._speakers.setdefault(name, Speakers(name)).update(room)
            if changed:
                self.emit(changed)
        for name in self._speakers.keys() - levels.keys():
            del self._speakers[name]

    def _settle_layers(self, now: float) -> None:
        for endpoint in self.endpoints:
            for track in endpoint.tracks.values():
                if track.layered:
                    track.settle(now)
