"""Who is told of what: from an entry of the feed to its letters."""

from collections.abc import Iterator

from roomwright.config.event_names import EventFilter
from roomwright.config.event_settings import WebhookSettings
from roomwright.feed import Entry
from roomwright.webhooks.letter import Letter
from roomwright_proto import livekit as pb


class Recipients:
    """The configured URLs, and those that an entry brings along."""

    def __init__(self, settings: WebhookSettings) -> None:
        self._configured = [(each.url, settings.filter_of(each)) for each in settings.urls]

    @property
    def urls(self) -> list[str]:
        """The configured URLs."""
        return [url for url, _ in self._configured]

    def letters(self, entry: Entry, now_ms: int) -> list[Letter]:
        """One letter for each URL that wants the entry; a URL gets it once, the configuration's way first."""
        found: dict[str, Letter] = {}
        for url, api_key, requested in self._wanting(entry):
            if url not in found:
                found[url] = _letter(entry, url, now_ms, api_key=api_key, requested=requested)
        return list(found.values())

    def _wanting(self, entry: Entry) -> Iterator[tuple[str, str, bool]]:
        for url, wanted in self._configured:
            if wanted.wants(entry.name):
                yield url, "", False
        for webhook in entry.webhooks:
            if _filter(webhook).wants(entry.name):
                yield webhook.url, webhook.signing_key, True


def _filter(webhook: pb.WebhookConfig) -> EventFilter:
    chosen = webhook.filter_params or pb.FilterParams()
    return EventFilter(include_events=tuple(chosen.include_events), exclude_events=tuple(chosen.exclude_events))


def _letter(entry: Entry, url: str, now_ms: int, *, api_key: str, requested: bool) -> Letter:
    return Letter(
        sequence=entry.sequence,
        url=url,
        queue=entry.queue,
        event_id=entry.message.id,
        name=entry.name,
        room=entry.room,
        body=entry.body,
        since_ms=now_ms,
        api_key=api_key,
        requested=requested,
    )
