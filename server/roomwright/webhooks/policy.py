"""What an answer to a webhook means, and how long to wait after which failure. Pure."""

from dataclasses import dataclass
from enum import Enum, auto

FIRST_WAIT_S = 1.0
LONGEST_WAIT_S = 30.0


class Verdict(Enum):
    """What becomes of a letter after an attempt."""

    DELIVERED = auto()
    RETRY = auto()
    REFUSED = auto()


@dataclass(frozen=True, slots=True)
class Outcome:
    """How an attempt ended, and why in a few words. `unreachable`: nobody was there, so others need not try."""

    verdict: Verdict
    reason: str = ""
    unreachable: bool = False


def verdict(status: int) -> Verdict:
    """2xx is delivered; 429 and 5xx but 501 are tried again, as LiveKit does; anything else is a refusal for good."""
    if 200 <= status < 300:
        return Verdict.DELIVERED
    if status == 429 or (status >= 500 and status != 501):
        return Verdict.RETRY
    return Verdict.REFUSED


def wait(failures: int) -> float:
    """Seconds until the next attempt after so many failures in a row: 1, 2, 4, … and at most 30."""
    return min(LONGEST_WAIT_S, FIRST_WAIT_S * 2.0 ** min(failures - 1, 10))
