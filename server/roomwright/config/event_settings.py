"""The shape of what is set about webhooks and the event stream."""

from dataclasses import dataclass

from roomwright.config.event_names import EventFilter


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookUrl:
    """Where webhooks go. `api_key` and the filter override those of the section; None: the section's."""

    url: str
    api_key: str | None = None
    filter_params: EventFilter | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookSettings:
    """Webhooks (`webhook:`). Times in seconds.

    `api_key` signs; None: the first of the keys. `outbox_directory` None: the user's directory for the state of
    programs. `timeout` is what one delivery may take, `max_age` how long a delivery is tried again, `parallel` how
    many rooms' deliveries one URL may be sent at a time, `max_waiting` how many may wait in the outbox.
    """

    urls: tuple[WebhookUrl, ...] = ()
    api_key: str | None = None
    filter_params: EventFilter | None = None
    outbox_directory: str | None = None
    timeout: int = 10
    max_age: int = 86_400
    parallel: int = 16
    max_waiting: int = 1_000_000

    def filter_of(self, target: WebhookUrl) -> EventFilter:
        """Which events `target` is sent."""
        return target.filter_params or self.filter_params or EventFilter()


@dataclass(frozen=True, slots=True, kw_only=True)
class EventSettings:
    """The event stream (`events:`). `kept` events can be resumed from; `heartbeat` in seconds; `max_readers` at a time."""

    kept: int = 4_096
    heartbeat: int = 15
    max_readers: int = 200
