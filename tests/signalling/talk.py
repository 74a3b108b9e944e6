"""A session with an engine behind it, and no socket: frames are handed over, outputs come back."""

from collections.abc import Callable
from typing import Any

from betterproto2 import which_one_of

from roomwright import codec
from roomwright.clock import ManualClock
from roomwright.rooms import commands as c
from roomwright.rooms.instant import Instant
from roomwright.rooms.registry import Rooms
from roomwright.signalling.frames import Encoder
from roomwright.signalling.greeting import Host
from roomwright.signalling.outputs import Output, Send, Tell, ToMedia
from roomwright.signalling.session import Session, SessionState
from roomwright.signalling.wish import Wish
from roomwright_proto import livekit as pb

HOST = Host(node_id="ND_1", sif_trailer=b"trailer", mint=lambda claims: f"token of {claims.identity}")


def message_of(output: Send) -> pb.SignalResponse:
    if isinstance(output.frame, str):
        return codec.from_json(pb.SignalResponse, output.frame)
    return codec.decode(pb.SignalResponse, output.frame)


class Talk:
    """A participant's client and its session; the engine is drained after everything that happens."""

    def __init__(self, rooms: Rooms, clock: ManualClock, wish: Wish, host: Host) -> None:
        self.rooms, self.clock = rooms, clock
        self.participant = rooms.join(
            c.Join(claims=wish.claims, auto_subscribe=wish.auto_subscribe, client=wish.client), self.now
        )
        self.session = Session(self.participant, wish, host, Encoder(), self.now)
        self.outputs: list[Output] = []
        self.drain()

    @property
    def now(self) -> Instant:
        return Instant.of(self.clock)

    def drain(self) -> None:
        while messages := self.participant.take_outbox():
            self.do(self.session.deliver(messages))

    def do(self, outputs: list[Output]) -> list[Output]:
        self.outputs += outputs
        for output in outputs:
            if isinstance(output, Tell):
                self.rooms.handle(self.participant, output.command, self.now)
        self.drain()
        return outputs

    def ask(self, **request: Any) -> list[Output]:
        return self.do(self.session.receive(codec.encode(pb.SignalRequest(**request)), self.now))

    def activate(self) -> None:
        self.rooms.handle(self.participant, c.Activate(), self.now)
        self.drain()

    def pass_time(self, seconds: float) -> list[Output]:
        self.clock.advance(seconds)
        return self.do(self.session.on_timeout(self.now))

    def said(self, kind: str) -> list[Any]:
        """The contents of all messages of that kind."""
        return [value for name, value in self._messages() if name == kind]

    def kinds(self) -> list[str]:
        return [name for name, _ in self._messages()]

    def media(self) -> list[tuple[str, Any]]:
        return [(output.topic.value, output.content) for output in self.outputs if isinstance(output, ToMedia)]

    def others(self) -> list[str]:
        """The outputs that are neither messages nor for the media, by their names."""
        return [type(output).__name__ for output in self.outputs if not isinstance(output, Send | ToMedia)]

    def forget(self) -> None:
        self.outputs.clear()

    def _messages(self) -> list[tuple[str, Any]]:
        sends = [output for output in self.outputs if isinstance(output, Send)]
        return [which_one_of(message_of(output), "message") for output in sends]


Join = Callable[..., Talk]


def in_state(join: Join, state: SessionState) -> Talk:
    """A client whose session is in that state."""
    alice = join()
    if state is not SessionState.OPEN:
        alice.activate()
        alice.do(alice.session.cut(alice.now, clean=False))
    if state is SessionState.OVER:
        alice.pass_time(20)
    assert alice.session.state is state
    alice.forget()
    return alice
