"""The embedded backend's media taps: from a room and a track's sid to the publisher's transport."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from roomwright.sfu.embedded.client import Client
from roomwright.sfu.taps import SpeakersListener, Tap, TapListener

if TYPE_CHECKING:
    from roomwright.sfu.embedded.backend import EmbeddedBackend


class EmbeddedTaps:
    """`MediaTaps` of a backend whose clients have media. A forwarded track is tapped where it comes from."""

    def __init__(self, backend: "EmbeddedBackend") -> None:
        self._backend = backend

    def tap(self, room: str, track_sid: str, listener: TapListener) -> Tap | None:
        """Listen to a published track; None: there is no such track, or no media of it."""
        found = self._backend.rooms.find(room)
        published = found.find_track(track_sid) if found else None
        if published is None:
            return None
        publisher, track = published
        driver = (publisher.origin or publisher).driver
        if not isinstance(driver, Client) or driver.media is None:
            return None
        return driver.media.tap((track.origin or track).sid, listener)

    def listen_to_speakers(self, room: str, listener: SpeakersListener) -> Callable[[], None]:
        """Listen to who speaks in a room."""
        found = self._backend.rooms.find(room)
        if found is None:
            return lambda: None

        def named(sids: Sequence[str]) -> None:
            listener([found.sids[sid].identity for sid in sids if sid in found.sids])

        return self._backend.media.listen_to_speakers(found.sid, named)
