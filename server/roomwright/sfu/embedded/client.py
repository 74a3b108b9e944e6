"""One client of the embedded backend: its session, its socket, its media transports and its engine participant.

Drives the participant (`Driver`), serves its media (`Peer`), and does what the session wants done.
"""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

import structlog

from roomwright.rooms.commands import Command, Disconnect
from roomwright.rooms.participant import Message, Participant, SubscriptionChanged
from roomwright.sfu.embedded.media import PeerMedia, Setup, Source
from roomwright.sfu.embedded.socket import Socket
from roomwright.sfu.sorts import Sort
from roomwright.signalling.frames import Frame
from roomwright.signalling.greeting import rejoin
from roomwright.signalling.outputs import HangUp, Output, Over, Ping, Send, Tell, ToMedia, Topic
from roomwright.signalling.session import Session
from roomwright.signalling.wish import Wish
from roomwright_proto import livekit as pb

if TYPE_CHECKING:
    from roomwright.sfu.embedded.backend import EmbeddedBackend

log = structlog.get_logger(__name__)


class Client:
    """Made by the backend, which gives it a socket; `socket` is None while there is none."""

    def __init__(self, backend: "EmbeddedBackend", wish: Wish, socket: Socket) -> None:
        self.socket: Socket | None = socket
        self.media: PeerMedia | None = None
        self._backend = backend
        self._wish = wish
        self._session: Session | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._timer_due = 0.0
        self._version = 0

    # for the engine

    def attach(self, participant: Participant) -> None:
        """This is whom it drives."""
        self._session = Session(
            participant, self._wish, self._backend.host, self._backend.encoder, self._backend.instant()
        )
        self._backend.clients[participant.sid] = self

    def receive(self, messages: list[Message]) -> None:
        """What the engine has for the client."""
        self._do(self.session.deliver(messages))
        version = self.participant.version
        if version != self._version and self.media is not None:
            self._version = version
            self._guarded("refresh", self.media.refresh)

    # for the media

    @property
    def participant(self) -> Participant:
        """The engine's participant: look, but do not change it."""
        return self.session.participant

    def signal(self, message: pb.SignalResponse) -> None:
        """Send a message, now or when the client is back."""
        self._do(self.session.say(message))

    def tell(self, command: Command) -> None:
        """Report to the engine."""
        self._backend.tell(self.participant, command)
        if not self.participant.present:
            self._do(self.session.end())

    def give_up(self, reason: pb.DisconnectReason = pb.DisconnectReason.CONNECTION_TIMEOUT) -> None:
        """The media transport is lost for good."""
        if self.participant.present:
            self._do(self.session.say(rejoin(reason)))
            self.tell(Disconnect(reason))

    # for the socket

    def on_frame(self, frame: Frame) -> None:
        """A frame came."""
        outputs = self.session.receive(frame, self._backend.instant())
        self._backend.tally.read(garbled=bool(outputs) and isinstance(outputs[0], HangUp))
        self._do(outputs)

    def on_pong(self) -> None:
        """A sign of life came."""
        self.session.heard(self._backend.instant())

    def on_close(self, socket: Socket, *, clean: bool) -> None:
        """The socket is gone; `clean`: closed by the client in good order. Of an older socket it means nothing."""
        if socket is self.socket:
            self.socket = None
            self._do(self.session.cut(self._backend.instant(), clean=clean))

    # for the backend

    @property
    def session(self) -> Session:
        """The client's signalling."""
        if self._session is None:
            raise RuntimeError("this client has not joined")
        return self._session

    def begin(self) -> None:
        """The client has joined: open its media and do what its handshake asked for."""
        wish = self._wish
        setup = Setup(
            single_connection=wish.single_connection,
            subscriber_primary=wish.subscriber_primary,
            adaptive_stream=wish.adaptive_stream,
            allow_pause=wish.allow_pause,
            disable_ice_lite=wish.disable_ice_lite,
        )
        self._guarded("open", lambda: self._open(setup))
        self._ask(pb.SignalRequest(add_track=request) for request in wish.add_tracks)
        self._ask([pb.SignalRequest(offer=wish.offer)] if wish.offer is not None else ())
        self._rearm()

    def _open(self, setup: Setup) -> None:
        self.media = self._backend.media.open(self, setup)

    def resume(self, wish: Wish, socket: Socket) -> None:
        """The client is back over a new socket."""
        if self.socket is not None:
            self.socket.close()
        self.socket = socket
        sequence = self.media.last_sequence if self.media is not None else 0
        self._do(self.session.resume(self._backend.instant(), sequence))
        self._ask([pb.SignalRequest(sync_state=wish.sync_state)] if wish.sync_state is not None else ())
        self._ask([pb.SignalRequest(offer=wish.offer)] if wish.offer is not None else ())

    def _ask(self, asked: Iterable[pb.SignalRequest]) -> None:
        for request in asked:
            self._do(self.session.ask(request, self._backend.instant()))

    # doing

    def _do(self, outputs: list[Output]) -> None:
        for output in outputs:
            match output:
                case Send(frame):
                    self._backend.tally.said(heard=self.socket is not None)
                    if self.socket is not None:
                        self.socket.send(frame)
                case Tell(command):
                    self.tell(command)
                case ToMedia(topic, content):
                    self._to_media(topic, content)
                case Ping():
                    if self.socket is not None:
                        self.socket.ping()
                case HangUp(abruptly):
                    self._hang_up(abruptly)
                case Over():
                    self._release()
        self._rearm()

    def _to_media(self, topic: Topic, content: Any) -> None:
        media = self.media
        if topic is Topic.ANNOUNCED and content.track.sid in self.participant.pending:
            self._backend.tally.announced[Sort.of(content.track)] += 1
        if media is not None:
            self._guarded(topic.value, lambda: _MEDIA[topic](media, content))

    def _guarded(self, what: str, do: Callable[[], None]) -> None:
        """A fault of the media plane costs this client its session, and nobody else anything."""
        try:
            do()
        except Exception:
            log.exception("a client's media failed", **self.participant.names, what=what)
            asyncio.get_running_loop().call_soon(self.give_up)

    def _hang_up(self, abruptly: bool) -> None:
        socket, self.socket = self.socket, None
        if socket is not None and abruptly:
            socket.abort()
        elif socket is not None:
            socket.close()

    def _release(self) -> None:
        self._backend.clients.pop(self.participant.sid, None)
        log.info("a client goes", **self.participant.names, reason=self.participant.disconnect_reason.name)
        media, self.media = self.media, None
        if media is not None:
            media.close()

    # time

    def _rearm(self) -> None:
        """Have the timer fire when the session is due; one that fires too early only looks again."""
        due = self.session.next_timeout()
        if self._timer is not None and (due is None or due < self._timer_due):
            self._timer.cancel()
            self._timer = None
        if due is not None and self._timer is None:
            self._timer, self._timer_due = self._backend.call_at(due, self.on_timer), due

    def on_timer(self) -> None:
        """Do what is due."""
        self._timer = None
        self._do(self.session.on_timeout(self._backend.instant()))

    def __repr__(self) -> str:
        return f"<Client {self._session!r}, {'with' if self.socket else 'without'} a socket>"


def _subscription(media: PeerMedia, change: SubscriptionChanged) -> None:
    """A forwarded track's media comes from the participant and the track that it mirrors."""
    if not change.subscribed:
        media.unsubscribe(change.track.sid)
        return
    publisher = (change.publisher.origin or change.publisher).driver
    if isinstance(publisher, Client) and publisher.media is not None:
        source = Source(
            media=publisher.media,
            track=change.track.origin or change.track,
            track_sid=change.track.sid,
            publisher_sid=change.publisher.sid,
        )
        media.subscribe(source)


_MEDIA: Mapping[Topic, Callable[[PeerMedia, Any], None]] = {
    Topic.OFFER: lambda media, offer: media.on_offer(offer),
    Topic.ANSWER: lambda media, answer: media.on_answer(answer),
    Topic.TRICKLE: lambda media, candidate: media.on_trickle(candidate),
    Topic.TRACK_SETTING: lambda media, settings: media.on_track_setting(settings),
    Topic.SYNC_STATE: lambda media, state: media.on_sync_state(state),
    Topic.RESUMED: lambda media, _: media.on_resume(),
    Topic.ANNOUNCED: lambda media, published: media.announce(published.cid, published.track),
    Topic.WITHDRAWN: lambda media, sid: media.withdraw(sid),
    Topic.SUBSCRIPTION: _subscription,
    Topic.DATA: lambda media, packet: media.deliver(packet),
}
