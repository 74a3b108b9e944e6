"""Whatever is put, fails, hangs or is killed: each letter on disk arrives at least once, in order per queue and URL."""

import asyncio
import shutil
import tempfile
from collections import defaultdict
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from roomwright.clock import ManualClock
from roomwright.webhooks import Courier, Letter, Outbox, courier, lanes
from roomwright.webhooks.lanes import Lanes
from roomwright.webhooks.policy import LONGEST_WAIT_S, Outcome, Verdict
from roomwright.webhooks.schema import WAITING

URLS = ("http://a", "http://b")
QUEUES = ("standup", "retro", "EG_1")
FOR_EVER_S = 1e9
OUTCOMES = {
    "well": Outcome(Verdict.DELIVERED),
    "failing": Outcome(Verdict.RETRY, "HTTP 500"),
    "unreachable": Outcome(Verdict.RETRY, "refused", unreachable=True),
}


class Receivers:
    """Stands for the sender and all listeners: what each URL does now, and what each has taken."""

    def __init__(self) -> None:
        self.does = dict.fromkeys(URLS, "well")
        self.taken: dict[tuple[str, str], list[int]] = defaultdict(list)
        self.forgetful = False

    async def post(self, letter: Letter) -> Outcome:
        await asyncio.sleep(0)
        if self.does[letter.url] == "hanging":
            await asyncio.Event().wait()
        outcome = OUTCOMES[self.does[letter.url]]
        if outcome.verdict is Verdict.DELIVERED:
            self.taken[letter.url, letter.queue].append(letter.sequence)
        return outcome

    async def close(self) -> None:
        pass


class History(RuleBasedStateMachine):
    """One outbox, through as many lives as come."""

    @initialize()
    def begin(self) -> None:
        self.loop = asyncio.new_event_loop()
        self.directory = Path(tempfile.mkdtemp())
        self.clock = ManualClock()
        self.receivers = Receivers()
        self.sequence = 0
        self.on_disk: dict[tuple[str, str], list[int]] = defaultdict(list)
        self.live()

    def live(self) -> None:
        self.outbox = Outbox(self.directory)
        self.loop.run_until_complete(self.start())

    async def start(self) -> None:
        self.courier = Courier(self.outbox.store, self.receivers, parallel=2, max_age=FOR_EVER_S, clock=self.clock)
        self.courier._lanes = Lanes(2, most=2, held=3)
        await self.courier.start(URLS)

    @rule(picks=st.lists(st.tuples(st.sampled_from(URLS), st.sampled_from(QUEUES)), min_size=1, max_size=40))
    def put(self, picks) -> None:
        """As a call does: its answer waits until all is on disk."""
        letters = [self.letter(url, queue) for url, queue in picks]

        async def call() -> None:
            self.courier.put(letters)
            await self.courier.journal.settled()

        self.loop.run_until_complete(call())
        for letter in letters:
            self.on_disk[letter.url, letter.queue].append(letter.sequence)

    def letter(self, url: str, queue: str) -> Letter:
        self.sequence += 1
        return Letter(
            sequence=self.sequence,
            url=url,
            queue=queue,
            event_id=f"EV_{self.sequence}",
            name="room_started",
            room=queue,
            body=b"{}",
            since_ms=self.clock.now_ns() // 1_000_000,
        )

    @rule(url=st.sampled_from(URLS), does=st.sampled_from([*OUTCOMES, "hanging"]))
    def change(self, url: str, does: str) -> None:
        self.receivers.does[url] = does

    @rule(seconds=st.sampled_from([0.0, 0.5, 1.0, 5.0, LONGEST_WAIT_S]))
    def wait(self, seconds: float) -> None:
        self.clock.advance(seconds)
        self.loop.run_until_complete(self.go_on())

    async def go_on(self) -> None:
        """Long enough for some deliveries and for what the store is asked meanwhile."""
        self.courier.nudge()
        for _ in range(6):
            for _ in range(5):
                await asyncio.sleep(0)
            await self.courier.journal.ask(repr)

    @rule()
    def kill(self) -> None:
        """End without a word: what is only in memory is gone."""
        self.loop.run_until_complete(self.drop())
        self.outbox.close()
        self.live()

    async def drop(self) -> None:
        tasks = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in tasks:
            task.cancel()
        journal = self.courier.journal
        if journal._timer is not None:
            journal._timer.cancel()
        journal._thread.shutdown(wait=True, cancel_futures=True)
        await asyncio.gather(*tasks, return_exceptions=True)

    @rule()
    def stop(self) -> None:
        """End in good order."""
        self.loop.run_until_complete(self.courier.close(0.01))
        self.outbox.close()
        self.live()

    @invariant()
    def in_order(self) -> None:
        """First arrivals of a queue are in order."""
        for taken in getattr(self, "receivers", Receivers()).taken.values():
            first = list(dict.fromkeys(taken))
            assert first == sorted(first)

    def teardown(self) -> None:
        if not hasattr(self, "loop"):
            return
        try:
            self.kill()
            self.receivers.does = dict.fromkeys(URLS, "well")
            self.loop.run_until_complete(asyncio.wait_for(self.all_arrived(), 60))
            self.in_order()
            self.loop.run_until_complete(self.courier.close(5))
            assert list(self.outbox.store.rows(10)) == []
            self.outbox.close()
        finally:
            self.loop.close()
            shutil.rmtree(self.directory)

    def lacking(self) -> bool:
        return any(set(wanted) - set(self.receivers.taken[key]) for key, wanted in self.on_disk.items())

    async def all_arrived(self) -> None:
        """Also again where an earlier life had no time to write it down: until nothing waits."""
        while self.lacking() or await self.courier.journal.ask(lambda store: store.count(WAITING)):
            self.clock.advance(LONGEST_WAIT_S)
            self.courier.nudge()
            await asyncio.sleep(0.001)


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Little is held in memory, so that the store is asked again and again."""
    for module in (lanes, courier):
        monkeypatch.setattr(module, "AHEAD", 2)
    monkeypatch.setattr(courier, "MOST_LANES", 2)
    monkeypatch.setattr(courier, "TURN", 2)


TestAnyHistory = History.TestCase
TestAnyHistory.settings = settings(max_examples=50, stateful_step_count=25, deadline=None)
