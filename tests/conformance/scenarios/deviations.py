"""Where participants see otherwise than at the reference on purpose: with `../deviations.py`, at most fifteen rules.

Two of those hold here, too: that counts are exact, and that a full room says so.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class EventRule:
    """One deviation; `expectation.py` says what is expected instead."""

    name: str
    reason: str


AT_ONCE = EventRule(
    "comings and goings are told at once, and why",
    "the reference tells every three seconds of those who do not publish: who leaves soon after another is not told, "
    "and who is replaced or removed goes without a reason",
)
UNSEEN = EventRule(
    "nobody subscribes to whom they cannot see",
    "the reference sends a hidden participant's tracks to all, whose SDKs throw them away",
)
REFRESHED = EventRule(
    "a client gets one new token for one change",
    "the reference sends one for each field of a request, and one for a request that changes nothing",
)
WHOLE = EventRule(
    "webhooks hold the whole room, and why it ended",
    "the reference tells of a track's room only the name and sid, so that receivers must ask for the rest",
)
EVENT_RULES = (AT_ONCE, UNSEEN, REFRESHED, WHOLE)
EXACT = "counts are exact"
FULL = "a full room says so"
SHARED = (EXACT, FULL)
