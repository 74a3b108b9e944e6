"""Whether one more egress may run: what each kind costs, and how much this machine has."""

import os

from roomwright.config import EgressCosts
from roomwright.egress.wish import Source
from roomwright.errors import Code, ServiceError
from roomwright_proto.roomwright.egress import v1

_KIND = v1.SourceKind


def cores() -> int:
    """The cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def cost(source: Source, costs: EgressCosts, *, encoded: bool) -> float:
    """What an egress takes, in cores."""
    match source.kind:
        case _KIND.ROOM if not source.video:
            return costs.audio_room_composite_cpu_cost
        case _KIND.ROOM:
            return costs.room_composite_cpu_cost
        case _KIND.PARTICIPANT:
            return costs.participant_cpu_cost
        case _KIND.TRACK_PAIR if encoded:
            return costs.track_composite_cpu_cost
        case _:
            return costs.track_cpu_cost


class Admission:
    """Counts what runs."""

    def __init__(self, costs: EgressCosts, available: float | None = None) -> None:
        self._costs = costs
        self._capacity = (available or cores()) * costs.max_cpu_utilization
        self._taken: dict[str, float] = {}

    def __repr__(self) -> str:
        return f"<Admission {self.taken:.2f} of {self._capacity:.2f} cores>"

    @property
    def taken(self) -> float:
        """What the running ones cost."""
        return sum(self._taken.values())

    def admit(self, egress_id: str, source: Source, *, encoded: bool) -> None:
        """Count an egress in. Raises `unavailable` where it is too much; on an idle machine nothing is."""
        needed = cost(source, self._costs, encoded=encoded)
        if self._taken and self.taken + needed > self._capacity + 1e-9:
            raise ServiceError(
                Code.UNAVAILABLE,
                f"not enough CPU: this egress takes {needed:g} cores, {self.taken:g} of {self._capacity:g} are in use",
            )
        self._taken[egress_id] = needed

    def release(self, egress_id: str) -> None:
        """It has ended. Idempotent."""
        self._taken.pop(egress_id, None)
