"""Webhooks as a part of the server: the outbox is opened at start where it is configured, else when it is needed."""

import asyncio
from collections import Counter
from collections.abc import Iterator, Mapping

import structlog

from roomwright.clock import Clock
from roomwright.config import Config, ConfigError
from roomwright.feed import Entry, Feed
from roomwright.metrics.figures import Figure
from roomwright.webhooks import Courier, Outbox, OutboxError, Recipients, Sender, outbox_directory
from roomwright.wire.http import NO_DOORS, Door

log = structlog.get_logger(__name__)

GRACE_S = 2.0
"""How long a server that stops may still deliver what it said at its end."""


def _nothing() -> None:
    """Not listening."""


class Webhooks:
    """Writes every event that somebody wants into the outbox, before the call that caused it is answered."""

    def __init__(self, config: Config, feed: Feed, clock: Clock) -> None:
        self._config = config
        self._feed = feed
        self._clock = clock
        self._recipients = Recipients(config.webhook)
        self._outbox: Outbox | None = None
        self._courier: Courier | None = None
        self._unlisten = _nothing
        self._opening: asyncio.Task[None] | None = None
        self._early: list[Entry] = []

    @property
    def doors(self) -> Mapping[str, Door]:
        """None."""
        return NO_DOORS

    def figures(self) -> Iterator[Figure]:
        """Deliveries of this life, by how they ended."""
        counts = self._courier.counts if self._courier is not None else Counter[str]()
        samples = [
            ({"status": status, "reason": reason}, counts[reason or "delivered"])
            for status, reason in (("success", ""), ("failure", "failed"), ("failure", "refused"))
        ]
        yield Figure("counter", "livekit_webhook_dispatch_total", "Webhooks posted.", samples)

    async def start(self) -> None:
        """Open the outbox, go on with what it holds, and listen. Raises ConfigError when it cannot be opened."""
        settings = self._config.webhook
        if settings.urls or settings.outbox_directory:
            await self._open()
        if settings.urls:
            self._unlisten = self._feed.listen(self._on_entry)
        else:
            self._unlisten = self._feed.listen_to_requested(self._on_requested, self._problem)

    async def settle(self) -> None:
        """Return when all that has happened is in the outbox."""
        if self._opening is not None:
            await asyncio.shield(self._opening)
        if self._courier is None:
            return
        self._feed.pump()
        if self._courier.journal.unsettled:
            await self._courier.journal.settled()

    async def stop(self) -> None:
        """Write the last events, deliver for a moment, close."""
        unlisten, self._unlisten = self._unlisten, _nothing
        unlisten()
        if self._opening is not None:
            await self._opening
        courier, self._courier = self._courier, None
        outbox, self._outbox = self._outbox, None
        if courier is not None:
            await courier.close(GRACE_S)
        if outbox is not None:
            outbox.close()

    async def _open(self) -> None:
        settings, keys = self._config.webhook, self._config.keys
        outbox = self._opened()
        store = outbox.store
        self._feed.next_sequence = max(self._feed.next_sequence, store.last_sequence() + 1)
        signing = {each.url: each.api_key or settings.api_key or next(iter(keys), "") for each in settings.urls}
        sender = Sender(keys, signing, settings.timeout, self._clock)
        self._courier = Courier(store, sender, parallel=settings.parallel, max_age=settings.max_age, clock=self._clock)
        waiting = await self._courier.start(self._recipients.urls)
        log.info("webhooks", outbox=str(outbox.directory), urls=len(settings.urls), waiting=waiting)

    def _opened(self) -> Outbox:
        if self._outbox is None:
            settings = self._config.webhook
            try:
                directory = outbox_directory(settings.outbox_directory)
                self._outbox = Outbox(directory, max_waiting=settings.max_waiting)
            except (OutboxError, OSError) as error:
                raise ConfigError(f"webhook.outbox_directory: {error}") from error
        return self._outbox

    def _problem(self) -> str:
        """Why the webhooks of a request could not be kept; it is refused then."""
        try:
            self._opened()
        except ConfigError as error:
            return str(error)
        return ""

    def _on_entry(self, entry: Entry) -> None:
        letters = self._recipients.letters(entry, self._clock.now_ns() // 1_000_000)
        if letters and self._courier is not None:
            self._courier.put(letters)

    def _on_requested(self, entry: Entry) -> None:
        """Nothing is configured, but a request has brought webhooks along."""
        if self._courier is not None:
            self._on_entry(entry)
            return
        self._early.append(entry)
        if self._opening is None:
            self._opening = asyncio.get_running_loop().create_task(self._open_late())

    async def _open_late(self) -> None:
        try:
            await self._open()
        except ConfigError as error:
            log.error("webhooks are lost", events=len(self._early), reason=str(error))  # noqa: TRY400
        early, self._early, self._opening = self._early, [], None
        for entry in early:
            self._on_entry(entry)
