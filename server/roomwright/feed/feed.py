"""The feed itself: it takes what the backend says, numbers it, and hands it to its listeners."""

import asyncio
from collections.abc import Callable, Sequence

import structlog

from roomwright import codec
from roomwright.clock import Clock, Ids
from roomwright.feed.entry import Entry
from roomwright.feed.translation import messages
from roomwright.sfu.fanout import EventStream, ListenerTooSlowError
from roomwright_proto import livekit as pb

log = structlog.get_logger(__name__)

Listener = Callable[[Entry], None]
"""Told of every entry, in order, in the event loop's thread. It must not wait."""

BACKLOG = 1_000_000
"""Events of the backend that may be unread: as many as a server full of people says when it closes."""


class Feed:
    """Everything that happens, in one order. `source` opens a stream of the backend's events."""

    def __init__(self, source: Callable[[int], EventStream], ids: Ids, clock: Clock) -> None:
        self._source = source
        self._ids = ids
        self._clock = clock
        self._listeners: list[Listener] = []
        self._listeners_to_requested: list[Listener] = []
        self._keepers: list[Callable[[], str]] = []
        self._stream: EventStream | None = None
        self._pumping: asyncio.Task[None] | None = None
        self.next_sequence = clock.now_ns() // 1_000
        """Microseconds of the start, so that the numbers of a later life are larger; whoever knows better raises it."""

    def __repr__(self) -> str:
        return f"<Feed: next is {self.next_sequence}, {len(self._listeners)} listeners>"

    def listen(self, listener: Listener) -> Callable[[], None]:
        """Call `listener` for every entry from now on, until the function that this returns is called."""
        self.pump()  # what happened before is not for it
        self._listeners.append(listener)
        if self._stream is None:
            self._stream = self._source(BACKLOG)
            self._pumping = asyncio.get_running_loop().create_task(self._pump_on())

        def stop() -> None:
            if listener in self._listeners:
                self.pump()
                self._listeners.remove(listener)
            if not self._listeners:
                self._close()

        return stop

    def listen_to_requested(self, listener: Listener, problem: Callable[[], str]) -> Callable[[], None]:
        """The same for entries that bring webhooks along; it costs nothing while there are none.

        `problem` says, before there are some, what would keep them from being delivered; "" is nothing.
        """
        self._listeners_to_requested.append(listener)
        self._keepers.append(problem)

        def stop() -> None:
            self._listeners_to_requested.remove(listener)
            self._keepers.remove(problem)

        return stop

    def problem_with_requested(self) -> str:
        """What would keep webhooks that a request brings along from being delivered, in words; "" is nothing."""
        return next((reason for problem in self._keepers if (reason := problem())), "")

    def pump(self) -> None:
        """Hand on everything that the backend has said up to now."""
        if self._stream is None:
            return
        try:
            happened = self._stream.take()
        except ListenerTooSlowError as error:
            log.error("events are lost to webhooks and event streams", reason=str(error))  # noqa: TRY400 - it says it all
            self._stream = self._source(BACKLOG)
            return
        for event in happened:
            for message in messages(event):
                self._publish(message, event.room.name, event.room.name)

    def egress(
        self,
        name: str,
        info: pb.EgressInfo,
        webhooks: Sequence[pb.WebhookConfig] = (),
        *,
        room: pb.Room | None = None,
    ) -> None:
        """Say that an egress `name` (`egress_started`, `egress_updated`, `egress_ended`) has come to `info`.

        `webhooks` are those of its request. Both are copied or only read later: `info` may change afterwards.
        """
        if not self._listeners and not (webhooks and self._listeners_to_requested):
            return
        self.pump()  # what led to it comes first
        seconds = self._clock.now_ns() // 1_000_000_000
        message = pb.WebhookEvent(event=name, room=room, egress_info=codec.copy(info), created_at=seconds)
        self._publish(message, info.room_name, info.egress_id, tuple(webhooks))

    def _publish(
        self, message: pb.WebhookEvent, room: str, queue: str, webhooks: Sequence[pb.WebhookConfig] = ()
    ) -> None:
        message.id = self._ids.sid("EV")
        entry = Entry(sequence=self.next_sequence, room=room, queue=queue, message=message, webhooks=webhooks)
        self.next_sequence += 1
        for listener in [*self._listeners, *(self._listeners_to_requested if webhooks else ())]:
            try:
                listener(entry)
            except Exception:
                log.exception("a listener of the feed failed", entry=repr(entry))

    async def _pump_on(self) -> None:
        while (stream := self._stream) is not None and await stream.wait():
            self.pump()

    def _close(self) -> None:
        self._stream = None
        if self._pumping is not None:
            self._pumping.cancel()
            self._pumping = None
