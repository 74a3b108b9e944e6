"""The port to media as it arrives: what recordings are made of.

Owns the contract alone. A backend that carries no media has no taps (`Backend.taps` is None).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Payload:
    """What a payload type of a track means; `mime` in lower case, such as `audio/opus`."""

    type: int
    mime: str
    clock_rate: int
    channels: int = 0
    fmtp: str = ""


class TapListener(Protocol):
    """Whoever taps a track. Called on the event loop for every packet: it must return at once."""

    def on_packet(self, packet: bytes, layer: int, arrival_ns: int) -> None:
        """A decrypted RTP packet as its publisher sent it; late and retransmitted ones too, none while muted.

        `layer` 0 is the smallest; `arrival_ns` is nanoseconds since the epoch on a clock that never goes back.
        """
        ...

    def on_report(self, layer: int, ntp: int, rtp: int, arrival_ns: int) -> None:
        """The publisher's sender report: which moment (NTP, 32.32 bits) an RTP time stamp is."""
        ...

    def on_payloads(self, payloads: Sequence[Payload]) -> None:
        """The publisher negotiated other codecs than before."""
        ...


class Tap(Protocol):
    """A tapped track. Its publisher sends all layers while it is open."""

    @property
    def payloads(self) -> Sequence[Payload]:
        """What the publisher may send now."""
        ...

    def request_key_frame(self, layer: int) -> None:
        """Ask the publisher for a key frame of a layer; asked too often, it is asked once."""
        ...

    def repeat_reports(self) -> None:
        """Tell the listener the latest sender report of each layer, which it may have missed."""
        ...

    def close(self) -> None:
        """Tap no more. Idempotent."""
        ...


SpeakersListener = Callable[[Sequence[str]], None]
"""Told the identities of those who speak, loudest first, whenever that changes."""


class MediaTaps(Protocol):
    """Media of a backend's rooms, for recordings."""

    def tap(self, room: str, track_sid: str, listener: TapListener) -> Tap | None:
        """Listen to a published track; None: there is no such track, or no media of it."""
        ...

    def listen_to_speakers(self, room: str, listener: SpeakersListener) -> Callable[[], None]:
        """Listen to who speaks in a room; the function that this returns ends it. Idempotent."""
        ...
