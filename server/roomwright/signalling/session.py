"""One client's signalling: over one socket after another, until it leaves, is sent away or does not come back.

    (new) --join--> OPEN --Cut--> CUT --Resume--> OPEN
                      |            |
                      +--End-------+--Expire--> OVER

OPEN: a socket is there. CUT: none is; messages that must not be lost are kept, and the participant stays. OVER: for
good; the participant has left, and whatever still comes is ignored. A client may resume while it is OPEN: the server
did not notice yet that the older socket is dead. Told the time and what happened, a session returns what shall be done.
"""

from collections.abc import Iterable, Mapping
from enum import Enum, auto

from roomwright.rooms.commands import Disconnect
from roomwright.rooms.instant import Instant
from roomwright.rooms.participant import Message, Participant, SubscriptionChanged, TokenOutdated
from roomwright.signalling import greeting, requests
from roomwright.signalling.backlog import Backlog
from roomwright.signalling.deadlines import LINGER, Deadlines
from roomwright.signalling.frames import Encoder, Frame, FrameError, decode
from roomwright.signalling.greeting import Host
from roomwright.signalling.outputs import HangUp, Output, Over, Ping, Send, Tell, ToMedia, Topic
from roomwright.signalling.wish import Wish
from roomwright_proto import livekit as pb


class SessionState(Enum):
    """See the module's picture."""

    OPEN = auto()
    CUT = auto()
    OVER = auto()


class Input(Enum):
    """What can happen to a session."""

    FRAME = auto()
    MESSAGE = auto()
    CUT = auto()
    RESUME = auto()
    EXPIRE = auto()
    END = auto()


_OPEN, _CUT, _OVER = SessionState

TRANSITIONS: Mapping[SessionState, Mapping[Input, SessionState]] = {
    _OPEN: {
        Input.FRAME: _OPEN,
        Input.MESSAGE: _OPEN,
        Input.CUT: _CUT,
        Input.RESUME: _OPEN,
        Input.END: _OVER,
    },
    _CUT: {Input.MESSAGE: _CUT, Input.RESUME: _OPEN, Input.EXPIRE: _OVER, Input.END: _OVER},
    _OVER: {},
}
"""What an input leads to. An input that is missing in a state's row is ignored there."""


class Session:
    """A client's signalling. `participant` is the engine's; it is looked at and never changed."""

    def __init__(self, participant: Participant, wish: Wish, host: Host, encoder: Encoder, now: Instant) -> None:
        self.participant = participant
        self.state = SessionState.OPEN
        self._wish = wish
        self._host = host
        self._encoder = encoder
        self._text = False
        self._backlog = Backlog(host.missed_messages)
        self._deadlines = Deadlines(now.monotonic)

    # the client's side

    def receive(self, frame: Frame, now: Instant) -> list[Output]:
        """A frame came. One that is no message ends this socket."""
        if not self._enter(Input.FRAME):
            return []
        self._deadlines.heard(now.monotonic)
        try:
            request = decode(frame)
        except FrameError:
            return [HangUp(), *self.cut(now, clean=True)]
        if request is None:
            return []
        self._text = isinstance(frame, str)
        return self._steps(requests.answer(request, self.participant, now))

    def heard(self, now: Instant) -> None:
        """The client answered a ping."""
        if self.state is _OPEN:
            self._deadlines.heard(now.monotonic)

    def cut(self, now: Instant, *, clean: bool) -> list[Output]:
        """The socket is gone; `clean`: the client closed it in good order, and so may not come back."""
        if not self._enter(Input.CUT):
            return []
        grace = self._host.resume_within if self.participant.active else 0.0 if clean else LINGER
        self._deadlines.cut(now.monotonic, grace)
        return [] if grace else self._expire()

    def resume(self, now: Instant, last_sequence: int) -> list[Output]:
        """The client is back, over a new socket."""
        if not self._enter(Input.RESUME):
            return []
        self._text = False
        self._deadlines.connected(now.monotonic)
        again = greeting.resumption(self.participant, self._host, last_sequence)
        sends = [self._send(message) for message in (*again, *self._backlog.take())]
        return [*sends, ToMedia(Topic.RESUMED, None)]

    def ask(self, request: pb.SignalRequest, now: Instant) -> list[Output]:
        """What the client asked for with its handshake instead of a frame."""
        return self._steps(requests.answer(request, self.participant, now)) if self.state is _OPEN else []

    # the engine's and the media's side

    def deliver(self, messages: Iterable[Message]) -> list[Output]:
        """The participant's outbox. When the participant is gone this is the end of the session."""
        outputs = [output for message in messages for output in self._deliver(message)]
        return outputs if self.participant.present else [*outputs, *self.end()]

    def say(self, message: pb.SignalResponse) -> list[Output]:
        """Something that the client shall know, now or when it is back."""
        if not self._enter(Input.MESSAGE):
            return []
        if self.state is _OPEN:
            return [self._send(message)]
        self._backlog.put(message)
        return self._expire() if self._backlog.overflown else []

    def end(self) -> list[Output]:
        """The participant is gone: nothing more is said."""
        listening = self.state is _OPEN
        if not self._enter(Input.END):
            return []
        self._deadlines.over()
        return [HangUp(), Over()] if listening else [Over()]

    # time

    def next_timeout(self) -> float | None:
        """When to call `on_timeout` next (monotonic seconds), or None."""
        return self._deadlines.next()

    def on_timeout(self, now: Instant) -> list[Output]:
        """Do what is due."""
        due, moment = self._deadlines, now.monotonic
        if due.expiry <= moment:
            return self._expire()
        if due.silence <= moment:
            return [HangUp(abruptly=True), *self.cut(now, clean=False)]
        outputs: list[Output] = []
        if due.ping <= moment:
            due.pinged(moment)
            outputs.append(Ping())
        if due.refresh <= moment:
            due.refreshed(moment)
            outputs += map(self._send, greeting.refresh(self.participant.current_claims(), self._host))
        return outputs

    # inside

    def _enter(self, happened: Input) -> bool:
        """Take the step that the table has for an input; False when there is none."""
        state = TRANSITIONS[self.state].get(happened)
        if state is None:
            return False
        self.state = state
        return True

    def _send(self, message: pb.SignalResponse) -> Send:
        return Send(self._encoder.encode(message, text=self._text))

    def _steps(self, steps: Iterable[requests.Step]) -> list[Output]:
        return [self._send(step) if isinstance(step, pb.SignalResponse) else step for step in steps]

    def _deliver(self, message: Message) -> list[Output]:
        match message:
            case TokenOutdated():
                return [output for fresh in greeting.refresh(message.claims, self._host) for output in self.say(fresh)]
            case SubscriptionChanged():
                return [ToMedia(Topic.SUBSCRIPTION, message)]
            case pb.DataPacket():
                return [ToMedia(Topic.DATA, message)]
            case _:
                return self._deliver_signal(message)

    def _deliver_signal(self, message: pb.SignalResponse) -> list[Output]:
        if message.join is not None:
            greeting.complete_join(message.join, self._wish, self._host)
        elif message.room_moved is not None:
            greeting.complete_move(message.room_moved, self.participant, self._host)
        outputs = self.say(message)
        if message.track_published is not None:
            outputs.append(ToMedia(Topic.ANNOUNCED, message.track_published))
        elif message.track_unpublished is not None:
            outputs.append(ToMedia(Topic.WITHDRAWN, message.track_unpublished.track_sid))
        return outputs

    def _expire(self) -> list[Output]:
        """The client did not come back."""
        if not self._enter(Input.EXPIRE):
            return []
        self._deadlines.over()
        lost = pb.DisconnectReason.CONNECTION_TIMEOUT if self.participant.active else pb.DisconnectReason.SIGNAL_CLOSE
        return [Tell(Disconnect(lost)), Over()]

    def __repr__(self) -> str:
        return f"<Session {self.participant.identity}: {self.state.name}>"
