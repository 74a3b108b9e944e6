"""Limits of one transport in time: how long connecting may take, what silence means (RFC 7675), what is a flood.

Sans-IO.
"""

from roomwright.media.transport.settings import TransportSettings
from roomwright.media.transport.states import Input, TransportState


class Watch:
    """Decides by the clock.

    Attributes:
        heard: when the peer was last heard for certain; in seconds on the monotonic clock, like every time here.
        deadline: when connecting must be done; None before it begins.
    """

    __slots__ = ("_settings", "deadline", "heard")

    def __init__(self, settings: TransportSettings, now: float) -> None:
        self._settings = settings
        self.heard = now
        self.deadline: float | None = None

    def begin(self, now: float) -> None:
        """Connecting begins."""
        self.deadline = now + self._settings.connect_timeout_s

    def judge(self, state: TransportState, now: float, missing: str) -> tuple[Input | None, str]:
        """What the time means in `state`, None for nothing, and why; `missing` says what connecting waits for."""
        silence = now - self.heard
        match state:
            case TransportState.CONNECTING if self.deadline is not None and now >= self.deadline:
                return Input.FAIL, f"not connected within {self._settings.connect_timeout_s:g} s: {missing}"
            case TransportState.CONNECTED if silence >= self._settings.disconnect_after_s:
                return Input.SILENT, f"nothing was heard from the peer for {silence:.0f} s"
            case TransportState.DISCONNECTED if silence >= self._settings.fail_after_s:
                return Input.FAIL, f"nothing was heard from the peer for {silence:.0f} s"
            case TransportState.DISCONNECTED if silence < self._settings.disconnect_after_s:
                return Input.HEARD, ""
            case _:
                return None, ""


class Allowance:
    """How many datagrams one peer may send until `renew`; more are dropped before anything is done with them.

    Attributes:
        exceeded: datagrams that were too many.
    """

    __slots__ = ("_left", "_size", "exceeded")

    def __init__(self, size: int) -> None:
        self._size = self._left = size
        self.exceeded = 0

    def take(self) -> bool:
        """Count a datagram; False if it is one too many."""
        self._left -= 1
        if self._left >= 0:
            return True
        self.exceeded += 1
        return False

    def renew(self) -> None:
        """A second has passed, or less."""
        self._left = self._size
