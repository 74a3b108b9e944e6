"""A metric as whoever counts it offers it; free of the client library, so that offering costs nothing."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Literal, NamedTuple, Protocol, runtime_checkable

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


@runtime_checkable
class Counted(Protocol):
    """A part of a server that has figures of its own."""

    def figures(self) -> Iterable[Figure]:
        """They are asked for each time that metrics are read."""
        ...
