"""Who is on stage: turns tracks, mutes, speakers and layouts into tiles, and has the canvas painted.

A video track has a tile. A participant without one has a tile with initials.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from roomwright_proto import livekit as pb
from roomwright_proto.roomwright.egress import v1

from .arrange import Place, Tile, arrange, look
from .canvas import Canvas, Painted
from .showing import Showing

if TYPE_CHECKING:
    import av

_SCREEN = (pb.TrackSource.SCREEN_SHARE, pb.TrackSource.SCREEN_SHARE_AUDIO)


@dataclass(frozen=True, slots=True)
class _Track:
    identity: str
    name: str
    screen: bool
    showing: Showing | None


class Stage:
    """The picture of a recording. `plain`: one picture in full, a shared screen before a camera, and no names."""

    def __init__(self, width: int, height: int, layout: str, plain: bool) -> None:
        self._size = width, height
        self._plain = plain
        self._canvas = Canvas(width, height, plain)
        self._look = look("single-speaker" if plain else layout)
        self._tracks: dict[int, _Track] = {}
        self._spoke: dict[str, int] = {}
        self._turn = 0
        self._moved = True
        self._places: list[Place] | None = None

    def add(self, added: v1.TrackAdded) -> None:
        """A track comes."""
        track = added.track or pb.TrackInfo()
        screen = track.source in _SCREEN
        video = track.type is pb.TrackType.VIDEO
        showing = Showing(whole=screen or self._plain, muted=track.muted) if video else None
        self._tracks[added.number] = _Track(added.identity, added.name or added.identity, screen, showing)
        self._moved = True

    def remove(self, number: int) -> None:
        """A track goes."""
        if self._tracks.pop(number, None):
            self._moved = True

    def mute(self, number: int, muted: bool) -> None:
        """A track is muted or no longer."""
        track = self._tracks.get(number)
        if track and track.showing:
            track.showing.mute(muted)
            self._moved = True

    def speakers(self, identities: Sequence[str]) -> None:
        """Who speaks, loudest first. Who is silent keeps the place until another one speaks."""
        self._turn += 1
        for rank, identity in enumerate(reversed(identities)):
            self._spoke[identity] = self._turn * 1000 + rank
        self._moved = self._moved or bool(identities)

    def layout(self, name: str) -> None:
        """Another layout."""
        if not self._plain:
            self._look = look(name)
            self._moved = True

    def take(self, number: int, at_ns: int, frame: "av.VideoFrame") -> None:
        """A picture of a track; of an unknown or muted one it is left out."""
        track = self._tracks.get(number)
        if track and track.showing and not track.showing.muted:
            self._settle()
            track.showing.take(at_ns, frame)

    def picture(self, now_ns: int) -> "av.VideoFrame":
        """The composed picture of this moment; it is painted over by the next call."""
        changed = [key for key, showing in self._showings() if showing.move_to(now_ns)]
        self._settle()
        if self._places is not None:
            self._canvas.arrange(self._places, self._look.light)
            changed = [place.key for place in self._places]
            self._places = None
        for key in changed:
            if self._canvas.shows(key):
                self._canvas.paint(key, self._painted(key))
        return self._canvas.frame

    def _settle(self) -> None:
        """Find new places after something has moved; the canvas is arranged with the next picture."""
        if not self._moved:
            return
        self._moved = False
        self._places = arrange(list(self._tiles()), self._look.base, *self._size)
        rooms = {place.key: place.rect for place in self._places}
        for key, showing in self._showings():
            showing.expect(rooms.get(key))

    def _showings(self) -> Iterator[tuple[str, Showing]]:
        for number, track in self._tracks.items():
            if track.showing:
                yield str(number), track.showing

    def _tiles(self) -> Iterator[Tile]:
        seen = {track.identity for track in self._tracks.values() if track.showing and not track.screen}
        for number, track in self._tracks.items():
            if track.showing:
                yield self._tile(number, track, video=not track.showing.muted)
            elif not (self._plain or track.screen or track.identity in seen):
                seen.add(track.identity)
                yield self._tile(number, track, video=False)

    def _tile(self, number: int, track: _Track, video: bool) -> Tile:
        return Tile(str(number), track.screen, video, 0 if self._plain else self._spoke.get(track.identity, 0))

    def _painted(self, key: str) -> Painted:
        track = self._tracks[int(key)]
        return Painted(track.showing, track.name)
