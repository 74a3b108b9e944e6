"""What a server looks like, as text: for the report of a test that failed."""

import time
from collections.abc import Iterator

from roomwright.rooms.events import Event, ParticipantEvent, ParticipantLeft, RoomFinished, TrackEvent
from roomwright.rooms.participant import Participant
from roomwright.rooms.room import Room
from roomwright.testing.front import Call
from roomwright.testing.inside import Inside

_SHOWN = 30


async def report(inside: Inside) -> str:
    """The server's state, and what happened lately."""
    return "\n".join(_lines(inside))


def _lines(inside: Inside) -> Iterator[str]:
    rooms = list(inside.backend.rooms)
    yield f"{inside.server!r}"
    if skipped := inside.clock.skipped:
        yield f"the clock was put forward by {skipped:g} s"
    yield from _section("rooms", [line for room in rooms for line in _room(room)])
    yield from _section("what goes wrong", inside.faults.descriptions(), unless_empty=True)
    yield from _section("last events", [_event(event) for event in inside.backend.last_events()])
    yield from _section("webhooks", [str(webhook) for webhook in inside.inbox.received[-_SHOWN:]], unless_empty=True)
    yield from _section("webhooks with a bad signature", inside.inbox.rejected[-_SHOWN:], unless_empty=True)
    yield from _section("last calls", [_call(call) for call in inside.record.calls])


def _section(title: str, lines: list[str], *, unless_empty: bool = False) -> Iterator[str]:
    if lines or not unless_empty:
        yield f"{title}:" if lines else f"{title}: none"
    yield from (f"  {line}" for line in lines)


def _room(room: Room) -> Iterator[str]:
    info = room.snapshot()
    yield f"{room.name} ({room.sid}): {info.num_participants} participants" + (
        f", metadata {_short(info.metadata)}" if info.metadata else ""
    )
    for participant in room.participants.values():
        yield from (f"  {line}" for line in _participant(participant))


def _participant(participant: Participant) -> Iterator[str]:
    info = participant.info()
    metadata = f", metadata {_short(info.metadata)}" if info.metadata else ""
    yield f"{participant.identity} ({participant.sid}): {info.state.name}{metadata}"
    for sid, track in participant.tracks.items():
        muted = ", muted" if track.info.muted else ""
        yield f"  {track.info.source.name} {track.info.name!r} ({sid}): {len(track.subscribers)} subscribers{muted}"


def _event(event: Event) -> str:
    parts = [time.strftime("%H:%M:%S", time.gmtime(event.at_ns / 1e9)), type(event).__name__, event.room.name]
    match event:
        case TrackEvent():
            parts += [event.participant.identity, f"{event.track.name!r} ({event.track.sid})"]
        case ParticipantLeft():
            parts += [event.participant.identity, event.participant.disconnect_reason.name or ""]
        case ParticipantEvent():
            parts.append(event.participant.identity)
        case RoomFinished():
            parts.append(event.reason.name or "")
        case _:
            pass
    return " ".join(parts)


def _call(call: Call) -> str:
    if not call.outcome:
        return f"{call.name}: not answered for {time.monotonic() - call.started:.3f} s"
    return f"{call.name}: {call.outcome} ({call.seconds * 1000:.0f} ms)"


def _short(text: str) -> str:
    return repr(text if len(text) <= 60 else f"{text[:57]}…")
