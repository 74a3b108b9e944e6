"""Who listens to the speakers of rooms, besides the rooms' clients. Loads no media library."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from roomwright.media.forward.events import SpeakersChanged


class SpeakersTaps:
    """Who listens to the speakers of which room (by its sid)."""

    def __init__(self) -> None:
        self._listeners: dict[str, list[Callable[[Sequence[str]], None]]] = {}

    def listen(self, room_sid: str, listener: Callable[[Sequence[str]], None]) -> Callable[[], None]:
        """Have `listener` called with the speakers' sids, loudest first; what this returns ends it."""
        self._listeners.setdefault(room_sid, []).append(listener)

        def stop() -> None:
            listeners = self._listeners.get(room_sid, [])
            if listener in listeners:
                listeners.remove(listener)
            if not listeners:
                self._listeners.pop(room_sid, None)

        return stop

    def on_speakers(self, event: "SpeakersChanged") -> None:
        """The speakers of a room changed."""
        for listener in list(self._listeners.get(event.room, ())):
            listener([speaker.participant_sid for speaker in event.active])
