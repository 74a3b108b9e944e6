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
    """Webhooks (`webhook:`)."""

    urls: tuple[WebhookUrl, ...] = ()
    """http or https; a text, or {url, api_key, filter_params} where one is different."""
    api_key: str | None = None
    """The API key that signs; null: the first of the keys."""
    filter_params: EventFilter | None = None
    """{include_events: [room_started], exclude_events: []}; null: all of LiveKit's events."""
    outbox_directory: str | None = None
    """null: in the user's directory for the state of programs."""
    timeout: int = 10
    """Seconds that one delivery may take."""
    max_age: int = 86_400
    """Seconds for which a delivery is tried again."""
    parallel: int = 16
    """How many rooms' deliveries one URL is sent at a time."""
    max_waiting: int = 1_000_000
    """How many deliveries may wait."""

    def filter_of(self, target: WebhookUrl) -> EventFilter:
        """Which events `target` is sent."""
        return target.filter_params or self.filter_params or EventFilter()


@dataclass(frozen=True, slots=True, kw_only=True)
class EventSettings:
    """The event stream (`events:`)."""

    kept: int = 4_096
    """How many events a reader can go back."""
    heartbeat: int = 15
    """Seconds between signs of life."""
    max_readers: int = 200
    """At a time."""
