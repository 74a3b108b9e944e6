"""What a transport tells its owner, and the parameters that both sides of a session description carry."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from roomwright.media.transport.states import TransportState


class Setup(StrEnum):
    """The peer's `a=setup` (RFC 5763): who begins the DTLS handshake."""

    ACTIVE = "active"
    """The peer begins."""
    PASSIVE = "passive"
    """We begin."""
    ACTPASS = "actpass"
    """The peer leaves it to us: it begins."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A host candidate of ours over UDP; `str()` of it is the value of `a=candidate`."""

    foundation: str
    priority: int
    host: str
    port: int

    def __str__(self) -> str:
        return f"candidate:{self.foundation} 1 udp {self.priority} {self.host} {self.port} typ host"


@dataclass(frozen=True, slots=True)
class LocalParameters:
    """What our description says about a transport.

    Attributes:
        ufrag: ICE user name fragment.
        pwd: ICE password.
        fingerprint: SHA-256 of our certificate, as `AB:CD:…`.
        candidates: where we can be reached; there will be no others.
    """

    ufrag: str
    pwd: str
    fingerprint: str
    candidates: tuple[Candidate, ...]


@dataclass(frozen=True, slots=True)
class RemoteParameters:
    """What the peer's description says about a transport. Its password is not needed: we send no checks.

    Attributes:
        ufrag: ICE user name fragment; another one than before means that ICE restarts.
        fingerprint: SHA-256 of the peer's certificate, as `AB:CD:…`.
        setup: who begins the DTLS handshake; what counts is the first description's.
        max_message_bytes: the largest data channel message that the peer takes; 0 for any. 65536 if it does not say.
    """

    ufrag: str
    fingerprint: str
    setup: Setup
    max_message_bytes: int = 65536


class TransportListener(Protocol):
    """The owner of a transport. All calls come synchronously from the event loop's thread.

    A method that raises is a fault of ours: it is logged, and the transport fails. Methods may call `Transport.close`.
    `now` is in seconds on the injected monotonic clock, the same for all packets of one batch.
    """

    def on_state(self, state: TransportState, reason: str) -> None:
        """The transport entered `state`; `reason` says why when that is DISCONNECTED or FAILED, else it is empty."""
        ...

    def on_rtp(self, packet: bytes, now: float) -> None:
        """A decrypted, authentic RTP packet of at least 12 bytes. Its fields beyond the fixed header are unchecked."""
        ...

    def on_rtcp(self, packet: bytes, now: float) -> None:
        """A decrypted, authentic compound (or reduced-size) RTCP packet of at least 8 bytes."""
        ...

    def on_channel_open(self, label: str) -> None:
        """A data channel can be written to: one of the client's making, or one of ours that it has acknowledged."""
        ...

    def on_channel_message(self, label: str, data: bytes, is_text: bool) -> None:
        """A whole message; at most `MAX_MESSAGE_BYTES`. Text is handed over as its UTF-8 bytes, unchecked."""
        ...
