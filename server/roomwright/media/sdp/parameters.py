"""What descriptions tell about transports: small values that are handed to the transport or come from it."""

from collections.abc import Iterable
from dataclasses import dataclass

from roomwright.media.sdp.errors import SdpError

_MAX_PRIORITY = 2**32 - 1
_MAX_PORT = 65_535


@dataclass(frozen=True, slots=True)
class IceParameters:
    """One side's ICE credentials (RFC 8839, 5.4)."""

    ufrag: str
    pwd: str


@dataclass(frozen=True, slots=True)
class DtlsParameters:
    """One side's DTLS facts.

    `fingerprint` is SHA-256 of the certificate, 32 pairs of upper-case hexadecimal digits with colons between. `setup`
    is `actpass`, `active` or `passive`.
    """

    fingerprint: str
    setup: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A transport address (RFC 8839, 5.1). `component` is 1: RTP and RTCP share a port here."""

    foundation: str
    priority: int
    address: str
    port: int
    protocol: str = "udp"
    type: str = "host"
    component: int = 1
    tcp_type: str = ""

    @classmethod
    def parse(cls, text: str) -> "Candidate":
        """Read what follows `a=` or what a trickled candidate holds; extensions are skipped. Raises SdpError."""
        fields = text.removeprefix("candidate:").split()
        if len(fields) < 8 or fields[6] != "typ":
            raise SdpError(f"not a candidate: {text[:80]!r}")
        foundation, component, protocol, priority, address, port, _, kind, *rest = fields
        extensions = dict(zip(rest[::2], rest[1::2], strict=False))
        return cls(
            foundation=foundation,
            component=_number(component, 256),
            protocol=protocol.lower(),
            priority=_number(priority, _MAX_PRIORITY),
            address=address,
            port=_number(port, _MAX_PORT),
            type=kind,
            tcp_type=extensions.get("tcptype", ""),
        )

    def __str__(self) -> str:
        text = (
            f"candidate:{self.foundation} {self.component} {self.protocol} {self.priority} {self.address} {self.port}"
        )
        tcp = f" tcptype {self.tcp_type}" if self.tcp_type else ""
        return f"{text} typ {self.type}{tcp}"


@dataclass(frozen=True, slots=True)
class TransportParameters:
    """Everything that one side says about its transport.

    `max_message_bytes` is the largest data channel message that it takes, 0: any; 65,536 when it does not say.
    """

    ice: IceParameters
    dtls: DtlsParameters
    candidates: tuple[Candidate, ...] = ()
    max_message_bytes: int = 65_536

    @classmethod
    def of(
        cls, ufrag: str, pwd: str, fingerprint: str, candidates: Iterable[object] = (), setup: str = "actpass"
    ) -> "TransportParameters":
        """From a transport's own parameters; `str()` of each candidate is `candidate:…`."""
        parsed = tuple(Candidate.parse(str(candidate)) for candidate in candidates)
        return cls(IceParameters(ufrag, pwd), DtlsParameters(fingerprint, setup), parsed)


def _number(text: str, largest: int) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 10 and int(text) <= largest):
        raise SdpError(f"not a number up to {largest}: {text[:20]!r}")
    return int(text)
