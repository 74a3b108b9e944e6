"""A metric as whoever counts it offers it; free of the client library, so that offering costs nothing."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Literal, NamedTuple, Protocol, TypeAlias, runtime_checkable

from roomwright.metrics.histogram import Histogram

Labels = Mapping[str, str]
Sample = tuple[Labels, float]
Kind = Literal["counter", "gauge", "unknown"]
"""`unknown` is for counters whose name does not end in `_total`: the client library would make it."""


class Figure(NamedTuple):
    """A metric's name, purpose and samples. A label's values are few, and never a client's."""

    kind: Kind
    name: str
    purpose: str
    samples: Sequence[Sample]


class Distribution(NamedTuple):
    """A histogram's name, purpose, and what was observed, by labels."""

    name: str
    purpose: str
    samples: Sequence[tuple[Labels, Histogram]]


Figures: TypeAlias = Iterable[Figure | Distribution]


@runtime_checkable
class Counted(Protocol):
    """A part of a server that has figures of its own."""

    def figures(self) -> Figures:
        """They are asked for each time that metrics are read."""
        ...
