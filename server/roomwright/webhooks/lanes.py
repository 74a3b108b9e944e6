"""Whose turn it is. Pure: told of letters, outcomes and the time, it says which queues may be served.

A lane is one queue on its way to one URL. Lanes of a URL are served side by side, up to `parallel`; a lane's letters
one by one. A lane that failed waits on its own; where nobody was there at all, its whole URL waits. The store has every
letter; some are held here so that it need not be asked.
"""

import heapq
from collections import deque
from dataclasses import dataclass, field
from enum import Enum, auto
from itertools import count

from roomwright.webhooks import policy
from roomwright.webhooks.letter import Letter

MOST_LANES = 5_000
"""Lanes of one URL that are known here; the others wait in the store until half of these are gone."""
AHEAD = 32
"""Letters of a lane that are held."""
MOST_HELD = 4_096
"""Letters of all lanes that are held."""


class State(Enum):
    """What a lane is doing."""

    READY = auto()
    BUSY = auto()
    WAITING = auto()


@dataclass(slots=True, eq=False)
class Lane:
    """`letters` are the first of the queue; with `more`, the store has others behind them.

    `news` counts what was told of the lane: who reads the store while it grows has not read everything.
    """

    url: str
    queue: str
    letters: deque[Letter] = field(default_factory=deque[Letter])
    more: bool = False
    news: int = 0
    state: State = State.READY
    failures: int = 0
    due: float = 0.0

    def __repr__(self) -> str:
        return f"<Lane {self.queue!r} to {self.url}: {self.state.name}, {len(self.letters)} letters>"


@dataclass(slots=True, eq=False)
class _Url:
    """`due`: when it is worth trying again.

    `overflow`: the store may have lanes that are not known here; `turned_away`: one more since it was last asked.
    """

    lanes: dict[str, Lane] = field(default_factory=dict[str, Lane])
    ready: deque[Lane] = field(default_factory=deque[Lane])
    busy: int = 0
    failures: int = 0
    due: float = 0.0
    overflow: bool = False
    turned_away: bool = False


class Lanes:
    """All lanes with letters in them."""

    def __init__(self, parallel: int, *, most: int = MOST_LANES, held: int = MOST_HELD) -> None:
        self._parallel = parallel
        self._most = most
        self._free = held
        self._urls: dict[str, _Url] = {}
        self._waiting: list[tuple[float, int, Lane]] = []
        self._ties = count()

    def __repr__(self) -> str:
        return f"<Lanes: {sum(len(url.lanes) for url in self._urls.values())} to {len(self._urls)} URLs>"

    # what there is to do

    def add(self, letter: Letter) -> None:
        """A letter is in the store now, behind all that its lane had."""
        lane = self._lane(letter.url, letter.queue)
        if lane is None:
            return
        lane.news += 1
        if lane.more or len(lane.letters) >= AHEAD or self._free <= 0:
            lane.more = True
        else:
            lane.letters.append(letter)
            self._free -= 1

    def found(self, url: str, queue: str) -> None:
        """The store has letters for this lane, some of which may come before those that are known."""
        lane = self._lane(url, queue)
        if lane is None:
            return
        lane.news += 1
        self._let_go(lane, keep=1 if lane.state is State.BUSY else 0)  # the first may be on its way
        if lane.state is State.WAITING:
            self._make_ready(lane)

    def _lane(self, url: str, queue: str) -> Lane | None:
        target = self._urls.setdefault(url, _Url())
        lane = target.lanes.get(queue)
        if lane is not None:
            return lane
        if len(target.lanes) >= self._most:
            target.overflow = target.turned_away = True
            return None
        lane = target.lanes[queue] = Lane(url, queue, more=target.overflow)  # it may have been turned away before
        target.ready.append(lane)
        return lane

    # whose turn it is

    def take(self, now: float) -> list[Lane]:
        """Lanes whose turn it is now; each is busy until it is given back by `release` or `retry`."""
        while self._waiting and self._waiting[0][0] <= now:
            due, _, lane = heapq.heappop(self._waiting)
            if lane.state is State.WAITING and lane.due == due:
                self._make_ready(lane)
        taken: list[Lane] = []
        for url in self._urls.values():
            while url.ready and url.busy < self._parallel and url.due <= now:
                lane = url.ready.popleft()
                lane.state = State.BUSY
                url.busy += 1
                taken.append(lane)
        return taken

    def next_due(self) -> float | None:
        """When somebody's turn comes without anything else happening; None if nobody waits."""
        times = [url.due for url in self._urls.values() if url.ready and url.busy < self._parallel]
        if self._waiting:
            times.append(self._waiting[0][0])
        return min(times, default=None)

    # what became of a turn

    def read(self, lane: Lane, letters: list[Letter], news: int, asked: int) -> None:
        """The store had these letters for a lane without any, when `news` was the lane's count."""
        lane.letters.extend(letters)
        self._free -= len(letters)
        lane.more = len(letters) >= asked or news != lane.news

    def answered(self, lane: Lane) -> None:
        """The lane's URL has taken its first letter, or refused it for good: the next one may go."""
        lane.letters.popleft()
        self._free += 1
        lane.failures = 0
        url = self._urls[lane.url]
        url.failures, url.due = 0, 0.0

    def release(self, lane: Lane) -> None:
        """The lane has had its turn; it gets another one if it has letters."""
        url = self._freed(lane)
        if lane.letters or lane.more:
            self._make_ready(lane)
            return
        del url.lanes[lane.queue]
        self._tidy(lane.url)

    def retry(self, lane: Lane, now: float, *, unreachable: bool) -> None:
        """The lane's first letter could not be delivered: later again, and then out of the store."""
        url = self._freed(lane)
        self._let_go(lane)
        if unreachable:
            if url.due <= now:
                url.failures += 1
                url.due = now + policy.wait(url.failures)
            lane.state = State.READY
            url.ready.appendleft(lane)
            return
        lane.failures += 1
        lane.state = State.WAITING
        lane.due = now + policy.wait(lane.failures)
        heapq.heappush(self._waiting, (lane.due, next(self._ties), lane))

    # more lanes than are known here

    def short(self) -> list[str]:
        """URLs of whose lanes the store knows more, and for which there is room again. Ask it, and say `refill`."""
        names = [name for name, url in self._urls.items() if url.overflow and len(url.lanes) <= self._most // 2]
        for name in names:
            self._urls[name].turned_away = False
        return names

    def refill(self, name: str, queues: list[str], asked: int) -> None:
        """The store has these queues for a URL, and perhaps others if there are as many as were asked for."""
        for queue in queues:
            self.found(name, queue)
        if (url := self._urls.get(name)) is not None:
            url.overflow = url.turned_away or len(queues) >= asked
            self._tidy(name)

    def _freed(self, lane: Lane) -> _Url:
        url = self._urls[lane.url]
        url.busy -= 1
        return url

    def _make_ready(self, lane: Lane) -> None:
        lane.state = State.READY
        self._urls[lane.url].ready.append(lane)

    def _let_go(self, lane: Lane, keep: int = 0) -> None:
        """Hold no letters; the store has them."""
        while len(lane.letters) > keep:
            lane.letters.pop()
            self._free += 1
        lane.more = True

    def _tidy(self, name: str) -> None:
        url = self._urls[name]
        if not url.lanes and not url.overflow:
            del self._urls[name]
