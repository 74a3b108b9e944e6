"""What a client of the embedded backend knows by the messages that it was sent."""

from collections.abc import Iterable
from typing import Any

from roomwright_proto import livekit as pb

_DISCONNECTED = pb.ParticipantInfoState.DISCONNECTED


def others(identity: str, messages: Iterable[tuple[str, Any]]) -> dict[str, pb.ParticipantInfo]:
    """The other participants of its room, by identity."""
    known: dict[str, pb.ParticipantInfo] = {}
    for kind, content in messages:
        if kind in {"join", "room_moved"}:
            known = {info.identity: info for info in content.other_participants}
        elif kind == "update":
            known |= {info.identity: info for info in content.participants}
    return {name: info for name, info in known.items() if name != identity and info.state is not _DISCONNECTED}
