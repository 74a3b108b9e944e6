"""What runs beside the rooms of a server: one port for all of it, so that the server need not know what there is."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from roomwright.app.webhooks import Webhooks
from roomwright.clock import Clock
from roomwright.config import Config
from roomwright.feed import Feed
from roomwright.sfu.backend import Backend
from roomwright.wire.http import Door


class Part(Protocol):
    """Something that starts before the server listens and stops after it has stopped listening.

    Parts start in the order of `parts_of` and stop in the opposite one. The backend is closed before the first part
    stops: what it says at its end is still heard.
    """

    @property
    def doors(self) -> Mapping[str, Door]:
        """Paths of the HTTP port that it answers; asked once, after `start`."""
        ...

    async def start(self) -> None:
        """Begin. Raises OSError or ConfigError, with a text for people, when that cannot be."""
        ...

    async def settle(self) -> None:
        """Called when a call has done its work and before it is answered: what must not be lost is safe now.

        Cheap when there is nothing to do.
        """
        ...

    async def stop(self) -> None:
        """End, and release everything. Idempotent; also called after a `start` that failed."""
        ...


def parts_of(
    config: Config, backend: Backend, clock: Clock, feed: Feed, recording: Part | None = None
) -> Sequence[Part]:
    """The parts that the configuration asks for; each is put together in a module of its own beside this one.

    Recordings end before the webhooks that tell of it do.
    """
    return (Webhooks(config, feed, clock), *((recording,) if recording is not None else ()))
