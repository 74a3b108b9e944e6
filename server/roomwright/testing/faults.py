"""What shall go wrong with a test's server, call by call. It decides; `front.py` does it.

Safe for use from several threads: tests set rules in theirs, the server asks in its own.
"""

import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import Enum, auto

from roomwright.errors import Code, ServiceError

ANY = "*"
JOIN = "join"
"""The call by which a client comes in: the handshake of `/rtc` and `/rtc/v1`, or a scripted participant's joining."""


class Cut(Enum):
    """Whether a call's connection is cut, and when."""

    NO = auto()
    UNHANDLED = auto()
    UNANSWERED = auto()


@dataclass(frozen=True, slots=True)
class Fate:
    """What becomes of one call: a delay in seconds first, then a refusal or a cut, if any."""

    delay: float = 0.0
    refusal: ServiceError | None = None
    cut: Cut = Cut.NO


@dataclass(slots=True)
class Rule:
    """One thing that goes wrong with a call; `left` is how often still, None: until the test ends."""

    call: str
    left: int | None
    fate: Fate

    def applies(self, call: str) -> bool:
        """Whether it goes wrong now."""
        return self.call in {call, ANY} and self.left != 0

    def __str__(self) -> str:
        """For people."""
        times = "" if self.left is None else f", {self.left} more times"
        match self.fate:
            case Fate(refusal=ServiceError() as refusal):
                return f"{self.call} is refused: {refusal.code}{times}"
            case Fate(cut=Cut.NO):
                return f"{self.call} waits {self.fate.delay:g} s{times}"
            case _:
                return f"{self.call} is cut off{' unanswered' if self.fate.cut is Cut.UNANSWERED else ''}{times}"


class Faults:
    """What goes wrong until the test ends.

    A call is a method of the server's API, as `CreateRoom` or `RoomService.CreateRoom`; `join`; or `*` for all.
    Delays add up. Of the rules that refuse or cut, the oldest applies that is not used up.
    """

    def __init__(self, calls: Iterable[str], cut_sockets: Callable[[str | None], int]) -> None:
        self._full = {name.partition(".")[2] or name: name for name in (JOIN, *calls)}
        self._cut_sockets = cut_sockets
        self._rules: list[Rule] = []
        self._lock = threading.Lock()

    def __repr__(self) -> str:
        return f"<Faults: {'; '.join(self.descriptions()) or 'none'}>"

    def refuse(
        self, call: str, code: str = "unavailable", message: str = "refused by the test", *, times: int | None = None
    ) -> None:
        """Answer with an error: a code of Twirp's, such as `unavailable`, `internal` or `resource_exhausted`.

        `times`: only the next so many calls; the call has no effect.
        """
        if code not in {*Code}:
            raise ValueError(f"{code!r} is not an error code of Twirp's: {', '.join(Code)}")
        self._add(call, times, Fate(refusal=ServiceError(Code(code), message)))

    def delay(self, call: str, seconds: float, *, times: int | None = None) -> None:
        """Let calls wait before they are handled."""
        if seconds < 0:
            raise ValueError(f"a call cannot wait {seconds} s")
        self._add(call, times, Fate(delay=seconds))

    def drop(self, call: str, *, handled: bool = False, times: int | None = None) -> None:
        """Cut the connection instead of answering.

        `handled`: the call has taken effect, only its answer is lost. A `join` never takes effect then.
        """
        self._add(call, times, Fate(cut=Cut.UNANSWERED if handled else Cut.UNHANDLED))

    def cut_sockets(self, identity: str | None = None) -> int:
        """Cut the connection of one participant, or of everybody; returns how many were cut.

        Real clients come back by themselves; scripted participants are gone.
        """
        return self._cut_sockets(identity)

    def clear(self) -> None:
        """Nothing goes wrong any more."""
        with self._lock:
            self._rules.clear()

    def descriptions(self) -> list[str]:
        """What still goes wrong, for people."""
        with self._lock:
            return [str(rule) for rule in self._rules if rule.left != 0]

    def meet(self, call: str) -> Fate:
        """What becomes of this call (`RoomService.CreateRoom`), which is counted."""
        with self._lock:
            delays = [rule for rule in self._rules if rule.fate.delay and rule.applies(call)]
            ends = [rule for rule in self._rules if not rule.fate.delay and rule.applies(call)][:1]
            for rule in delays + ends:
                if rule.left is not None:
                    rule.left -= 1
        end = ends[0].fate if ends else Fate()
        return Fate(sum(rule.fate.delay for rule in delays), end.refusal, end.cut)

    def _add(self, call: str, times: int | None, fate: Fate) -> None:
        full = call if call == ANY or call in self._full.values() else self._full.get(call)
        if full is None:
            raise ValueError(f"there is no call {call!r}; there are *, {', '.join(self._full)}")
        if times is not None and times < 1:
            raise ValueError(f"{times} times is never")
        with self._lock:
            self._rules.append(Rule(full, times, fate))
