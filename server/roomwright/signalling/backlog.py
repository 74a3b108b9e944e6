"""What a client missed while its socket was cut, for when it is back.

A resumed client is told everything as it is then, so that only what is not part of that is kept: who left meanwhile,
and messages that happen rather than hold.
"""

from betterproto2 import which_one_of

from roomwright_proto import livekit as pb

_SUPERSEDED = frozenset({"room_update", "refresh_token", "pong", "pong_resp", "speakers_changed", "connection_quality"})
"""Kinds that are stale or told anew when the client is back."""


class Backlog:
    """The messages that are kept, in order; a client that misses more than `kept` joins again instead of resuming."""

    def __init__(self, kept: int) -> None:
        self._kept = kept
        self._messages: list[pb.SignalResponse] = []

    @property
    def overflown(self) -> bool:
        """Whether more was missed than is kept."""
        return len(self._messages) > self._kept

    def put(self, message: pb.SignalResponse) -> None:
        """Keep a message, if it must be."""
        if self.overflown:
            return
        if message.update is not None:
            message = _without_present(message.update)
            if message.update is None:
                return
        if which_one_of(message, "message")[0] not in _SUPERSEDED:
            self._messages.append(message)

    def take(self) -> list[pb.SignalResponse]:
        """All of them; nothing is kept any more."""
        taken, self._messages = self._messages, []
        return taken


def _without_present(update: pb.ParticipantUpdate) -> pb.SignalResponse:
    gone = [info for info in update.participants if info.state is pb.ParticipantInfoState.DISCONNECTED]
    return pb.SignalResponse(update=pb.ParticipantUpdate(participants=gone) if gone else None)
