"""What the machine says of itself: how busy it is, and what its network interfaces sent and dropped."""

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from roomwright.metrics.figures import Figure

_MINUTES = ("1", "5", "15")
_INTERFACES = Path("/proc/net/dev")
_SENT, _DROPPED = 9, 11
"""Columns of that file after the interface's name."""


class Node:
    """Packets are counted from when it was made. What the system does not tell is left out."""

    def __init__(self) -> None:
        self._begin = _packets()

    def figures(self) -> Iterator[Figure]:
        """All of it."""
        yield Figure("gauge", "roomwright_node_cpus", "Processors that the process may use.", [({}, _cpus())])
        loads = [({"minutes": minutes}, load) for minutes, load in zip(_MINUTES, _loads(), strict=False)]
        yield Figure("gauge", "roomwright_node_load", "Load average of the machine.", loads)
        packets = _packets()
        if packets is not None and self._begin is not None:
            counts = [({"type": kind}, packets[kind] - self._begin[kind]) for kind in packets]
            yield Figure("gauge", "livekit_node_packet_total", "Packets that the machine sent.", counts)


def _cpus() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _loads() -> tuple[float, ...]:
    with suppress(OSError, AttributeError):
        return os.getloadavg()
    return ()


def _packets() -> dict[str, int] | None:
    """Of all interfaces but loopback; None where that cannot be known."""
    found = {"out": 0, "dropped": 0}
    with suppress(OSError, ValueError, IndexError):
        for line in _INTERFACES.read_text().splitlines()[2:]:
            name, _, rest = line.partition(":")
            columns = rest.split()
            if name.strip() != "lo":
                found["out"] += int(columns[_SENT])
                found["dropped"] += int(columns[_DROPPED])
        return found
    return None
