"""What a scripted participant's client received."""

import asyncio
from collections.abc import Callable, Iterator

from betterproto2 import Message, which_one_of

from roomwright_proto import livekit as pb

PATIENCE = 5.0


class Inbox:
    """All messages in order of arrival; it forgets none. `kind` is the name of a message's oneof member.

    `on_message`, if set, is called with each.

    For a `SignalResponse`: `join`, `update`, `leave`, `mute`, `room_update`, …; for a `DataPacket`: `user`,
    `rpc_request`, `chat_message`, ….
    """

    def __init__(self) -> None:
        self.messages: list[pb.SignalResponse | pb.DataPacket] = []
        self.on_message: Callable[[pb.SignalResponse | pb.DataPacket], None] | None = None
        self._read: dict[str, int] = {}
        self._arrival = asyncio.Event()

    def put(self, message: pb.SignalResponse | pb.DataPacket) -> None:
        """Add a message."""
        self.messages.append(message)
        self._arrival.set()
        if self.on_message is not None:
            self.on_message(message)

    def kinds(self) -> list[str]:
        """The kinds of all messages, in order."""
        return [_kind_and_value(message)[0] for message in self.messages]

    def signals(self, kind: str) -> list[object]:
        """The contents of all signalling messages of that kind."""
        return [value for name, value in self._contents(pb.SignalResponse) if name == kind]

    def packets(self) -> list[pb.DataPacket]:
        """All data packets."""
        return [message for message in self.messages if isinstance(message, pb.DataPacket)]

    def data(self) -> list[bytes]:
        """The payloads of all user packets."""
        return [packet.user.payload for packet in self.packets() if packet.user is not None]

    def rooms(self) -> list[str]:
        """The names of the rooms that the client was told it is in, in order."""
        contents = (value for _, value in self._contents(pb.SignalResponse))
        arrivals = (value for value in contents if isinstance(value, (pb.JoinResponse, pb.RoomMovedResponse)))
        return [value.room.name for value in arrivals if value.room is not None]

    def seen(self) -> dict[str, pb.ParticipantInfo]:
        """What the client knows of the others: by identity, as last told, without those that are gone."""
        known: dict[str, pb.ParticipantInfo] = {}
        for _, value in self._contents(pb.SignalResponse):
            match value:
                case pb.JoinResponse() | pb.RoomMovedResponse():
                    known = {info.identity: info for info in value.other_participants}
                case pb.ParticipantUpdate():
                    known |= {info.identity: info for info in value.participants}
                case _:
                    pass
        gone = pb.ParticipantInfoState.DISCONNECTED
        return {identity: info for identity, info in known.items() if info.state is not gone}

    async def receive(self, kind: str, patience: float = PATIENCE) -> object:
        """The content of the next message of that kind that was not received yet; waits up to `patience` seconds."""
        async with asyncio.timeout(patience):
            while True:
                for position in range(self._read.get(kind, 0), len(self.messages)):
                    self._read[kind] = position + 1
                    name, value = _kind_and_value(self.messages[position])
                    if name == kind:
                        return value
                self._arrival.clear()
                await self._arrival.wait()

    def _contents(self, of: type[Message]) -> Iterator[tuple[str, object]]:
        return (_kind_and_value(message) for message in self.messages if isinstance(message, of))


def _kind_and_value(message: pb.SignalResponse | pb.DataPacket) -> tuple[str, object]:
    group = "message" if isinstance(message, pb.SignalResponse) else "value"
    return which_one_of(message, group)
