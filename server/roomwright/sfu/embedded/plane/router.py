"""The router of packets, wired to the event loop: it says when it has something to do."""

from collections.abc import Callable

from roomwright.media.forward.events import Event
from roomwright.media.forward.router import Router
from roomwright.media.forward.settings import ForwardSettings
from roomwright.media.forward.sink import Sink


class WakingRouter(Router):
    """A router that calls `on_event` when an event is there to be taken, `on_due` when its next time-out moved up."""

    def __init__(
        self, sink: Sink, settings: ForwardSettings, on_event: Callable[[], None], on_due: Callable[[float], None]
    ) -> None:
        super().__init__(sink, settings)
        self._on_event = on_event
        self._on_due_at = on_due

    def emit(self, event: Event) -> None:
        """Keep an event until it is taken."""
        super().emit(event)
        self._on_event()

    def schedule(self, due: float) -> None:
        """A stream has something to do at that time."""
        super().schedule(due)
        self._on_due_at(due)
