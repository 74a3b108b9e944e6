"""The deliveries: takes lanes whose turn it is, posts their letters, and writes down what became of them."""

import asyncio
import contextlib
import sqlite3
from collections import Counter
from collections.abc import Collection

import structlog

from roomwright.clock import Clock
from roomwright.webhooks.journal import Journal
from roomwright.webhooks.lanes import AHEAD, MOST_LANES, Lane, Lanes
from roomwright.webhooks.letter import Letter
from roomwright.webhooks.policy import Outcome, Verdict
from roomwright.webhooks.schema import WAITING
from roomwright.webhooks.sender import Sender
from roomwright.webhooks.store import Store
from roomwright.webhooks.summary import shown

log = structlog.get_logger(__name__)

TURN = 16
"""Letters that a lane may send before another lane of its URL has its turn."""
LOOK_S = 1.0
"""How often it is looked whether another process (`roomwright webhooks replay`) has changed the outbox."""
NOT_CONFIGURED = "its URL is not configured any more (webhook.urls)"


class Courier:
    """Delivers what is in a store until it is closed. Letters come by `put`.

    `counts` of this life: `delivered`, `refused` for good, `failed` attempts of which more may follow.
    """

    def __init__(self, store: Store, sender: Sender, *, parallel: int, max_age: float, clock: Clock) -> None:
        self.journal = Journal(store, self._on_written)
        self._sender = sender
        self._lanes = Lanes(parallel)
        self._max_age_ms = round(max_age * 1_000)
        self._clock = clock
        self._wake = asyncio.Event()
        self._turns: set[asyncio.Task[None]] = set()
        self._running: asyncio.Task[None] | None = None
        self.counts: Counter[str] = Counter()

    def __repr__(self) -> str:
        return f"<Courier: {self._lanes!r}>"

    async def start(self, urls: Collection[str]) -> int:
        """Begin with what earlier lives have left for the configured `urls`. Returns how many letters that is."""
        waiting = await self.journal.ask(lambda store: _taken_over(store, urls))
        await self._look_everywhere()
        self._running = asyncio.get_running_loop().create_task(self._run())
        return waiting

    def put(self, letters: list[Letter]) -> None:
        """Write letters to the store, then deliver them."""
        self.journal.put(letters)

    def nudge(self) -> None:
        """Look at the clock again."""
        self._wake.set()

    async def close(self, grace: float) -> None:
        """Deliver for at most `grace` seconds what can be delivered now; the rest is for the next life."""
        await self.journal.settled()
        await _ended([self._running] if self._running is not None else [])
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(grace):
                while self._start_turns():
                    await asyncio.wait(self._turns, return_when=asyncio.FIRST_COMPLETED)
        await _ended(self._turns)
        await self.journal.close()
        await self._sender.close()

    # whose turn it is

    def _on_written(self, letters: list[Letter]) -> None:
        for letter in letters:
            self._lanes.add(letter)
        if letters:
            self._wake.set()

    async def _run(self) -> None:
        looked = self._clock.monotonic()
        while True:
            self._start_turns()
            await self._wait()
            if self._clock.monotonic() - looked >= LOOK_S:
                looked = self._clock.monotonic()
                await self._look_safely()

    async def _wait(self) -> None:
        due = self._lanes.next_due()
        seconds = LOOK_S if due is None else min(LOOK_S, max(0.0, due - self._clock.monotonic()))
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._wake.wait()
        self._wake.clear()

    async def _look_safely(self) -> None:
        try:
            await self._look()
        except sqlite3.Error as error:
            log.error("the outbox cannot be read", reason=str(error))  # noqa: TRY400 - the reason says it all

    async def _look(self) -> None:
        """Find what is only in the store: what another process let wait again, and lanes beyond those known here."""
        if await self.journal.ask(Store.changed):
            await self._look_everywhere()
        for url in self._lanes.short():
            self._lanes.refill(url, await self._queues(url), MOST_LANES)

    async def _look_everywhere(self) -> None:
        for url in await self.journal.ask(Store.urls):
            self._lanes.refill(url, await self._queues(url), MOST_LANES)

    async def _queues(self, url: str) -> list[str]:
        return await self.journal.ask(lambda store: store.queues(url, MOST_LANES))

    # a turn

    def _start_turns(self) -> bool:
        """Serve whose turn it is; whether anybody is being served."""
        for lane in self._lanes.take(self._clock.monotonic()):
            task = asyncio.get_running_loop().create_task(self._turn(lane))
            self._turns.add(task)
            task.add_done_callback(self._end_turn)
        return bool(self._turns)

    def _end_turn(self, task: asyncio.Task[None]) -> None:
        self._turns.discard(task)
        self._wake.set()
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("a turn of webhooks failed", exc_info=error)

    async def _turn(self, lane: Lane) -> None:
        """Deliver a few letters; the lane is given back in any case."""
        failure: Outcome | None = _BROKEN
        try:
            failure = await self._serve(lane)
        finally:
            if failure is None:
                self._lanes.release(lane)
            else:
                self._lanes.retry(lane, self._clock.monotonic(), unreachable=failure.unreachable)

    async def _serve(self, lane: Lane) -> Outcome | None:
        """Deliver until the turn is over. Returns the outcome for a letter that must be tried again, if any."""
        for _ in range(TURN):
            if not lane.letters and self.journal.failing:
                return _UNWRITTEN
            letter = await self._next(lane)
            if letter is None:
                break
            outcome = await self._sender.post(letter)
            if outcome.verdict is Verdict.RETRY:
                self._failed(letter, outcome.reason)
                return outcome
            self._ended(letter, outcome)
            self._lanes.answered(lane)
        return None

    async def _next(self, lane: Lane) -> Letter | None:
        if not lane.letters and lane.more:
            news = lane.news
            letters = await self.journal.ask(lambda store: store.head(lane.url, lane.queue, AHEAD))
            self._lanes.read(lane, letters, news, AHEAD)
        return lane.letters[0] if lane.letters else None

    def _ended(self, letter: Letter, outcome: Outcome) -> None:
        key = letter.sequence, letter.url
        if outcome.verdict is Verdict.DELIVERED:
            self.counts["delivered"] += 1
            self.journal.delivered(key)
            return
        self.counts["refused"] += 1
        self.journal.dead(key, outcome.reason)
        log.warning("a webhook was refused", **_names(letter), reason=outcome.reason)

    def _failed(self, letter: Letter, reason: str) -> None:
        """Later again, unless it is too old; then so are others of its queue."""
        self.counts["failed"] += 1
        self.journal.failed((letter.sequence, letter.url), reason)
        too_old = self._clock.now_ns() // 1_000_000 - self._max_age_ms
        if letter.since_ms <= too_old:
            self.journal.expired(letter.url, letter.queue, too_old, reason)
            log.warning("webhooks are given up", url=shown(letter.url), queue=letter.queue, reason=reason)
        elif letter.attempts == 0:
            log.info("a webhook will be tried again", **_names(letter), reason=reason)


_BROKEN = Outcome(Verdict.RETRY)
"""Of a turn that ended before its time."""
_UNWRITTEN = Outcome(Verdict.RETRY)
"""Of a turn for which the store would have to be read while it does not know yet what has been delivered."""


async def _ended(tasks: Collection[asyncio.Task[None]]) -> None:
    """Cancel tasks and wait for them."""
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def _taken_over(store: Store, urls: Collection[str]) -> int:
    """Part with what was for other URLs; how many letters are left."""
    retired = store.retire(urls, NOT_CONFIGURED)
    if retired:
        log.warning("webhooks of an earlier life are given up", events=retired, reason=NOT_CONFIGURED)
    return store.count(WAITING)


def _names(letter: Letter) -> dict[str, str | None]:
    """Which one it is, for the log."""
    return {"room": letter.room or None, "event_id": letter.event_id, "url": shown(letter.url)}
