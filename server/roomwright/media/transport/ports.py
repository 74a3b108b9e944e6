"""What a transport needs of the socket that it lives on, and what it counts."""

from dataclasses import astuple, dataclass
from operator import add
from typing import TYPE_CHECKING, Protocol

from roomwright.media.transport.burst import Burst
from roomwright.media.transport.certificate import Certificate
from roomwright.media.transport.ice import Generation
from roomwright.media.transport.listener import Candidate
from roomwright.media.transport.localport import Path
from roomwright.media.transport.settings import TransportSettings
from roomwright.media.transport.spread import Spread

if TYPE_CHECKING:
    from roomwright.media.transport.transport import Transport


class Network(Protocol):
    """What a transport needs of the socket that it lives on."""

    settings: TransportSettings
    burst: Burst | Spread
    certificate: Certificate
    candidates: tuple[Candidate, ...]

    def generation(self) -> Generation:
        """New ICE credentials."""
        ...

    def claim_ufrag(self, ufrag: str, transport: "Transport") -> None:
        """Let checks that carry `ufrag` come to `transport`."""
        ...

    def retire(self, ufrags: list[str]) -> None:
        """Credentials are no longer valid."""
        ...

    def claim(self, path: Path, transport: "Transport", now: float) -> bool:
        """Let what comes by `path` go to `transport`; False if it belongs to another that is alive."""
        ...

    def release(self, path: Path, transport: "Transport") -> None:
        """`path` is no longer `transport`'s."""
        ...

    def monotonic(self) -> float:
        """The time."""
        ...

    def forget(self, transport: "Transport") -> None:
        """The transport is over."""
        ...


@dataclass(frozen=True, slots=True)
class Counters:
    """What one transport did since it was made. Octets are of UDP payload."""

    packets_received: int
    octets_received: int
    packets_sent: int
    octets_sent: int
    refused_received: int
    refused_sent: int
    messages_dropped: int
    messages_refused: int

    def __add__(self, other: "Counters") -> "Counters":
        return Counters(*map(add, astuple(self), astuple(other)))


NOTHING = Counters(0, 0, 0, 0, 0, 0, 0, 0)
