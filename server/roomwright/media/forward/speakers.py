"""Who speaks in a room."""

from collections.abc import Mapping

from roomwright.media.forward.events import Speaker, SpeakersChanged


class Speakers:
    """The speakers of one room, as they were told last."""

    def __init__(self, room: str) -> None:
        self._room = room
        self._told: dict[str, float] = {}

    def update(self, levels: Mapping[str, float]) -> SpeakersChanged | None:
        """Compare the levels of all participants (0: silent) with what was told. Who is missing has left."""
        now = {sid: level for sid, level in levels.items() if level > 0}
        if now == self._told:
            return None
        changed = [Speaker(sid, level, True) for sid, level in now.items() if self._told.get(sid) != level]
        changed += [Speaker(sid, 0.0, False) for sid in self._told if sid not in now and sid in levels]
        self._told = now
        active = [Speaker(sid, level, True) for sid, level in now.items()]
        return SpeakersChanged(self._room, _loudest_first(changed), _loudest_first(active))


def _loudest_first(speakers: list[Speaker]) -> tuple[Speaker, ...]:
    return tuple(sorted(speakers, key=lambda speaker: -speaker.level))
