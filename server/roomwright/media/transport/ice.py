"""The ICE-lite agent of one transport (RFC 8445): who may talk to it, and which of its addresses is in use. Sans-IO.

We are always controlled and never send checks: the peer finds a way, we answer. Several generations of credentials are
valid at the same time while ICE restarts: the one in use, until the peer nominates with the newest.

What this does not protect from: somebody who can read and replay the peer's checks from another address can draw
traffic there (RFC 8445, 19.1); it stays encrypted, and the peer's next check draws it back.
"""

from dataclasses import dataclass

from roomwright.media.transport import stun
from roomwright.media.transport.localport import Path
from roomwright.media.transport.stun import BindingRequest

MAX_ADDRESSES = 16
"""Addresses of one peer that may have passed a check at the same time; the oldest is forgotten."""

_BAD_REQUEST, _UNAUTHENTICATED, _UNKNOWN_ATTRIBUTE, _ROLE_CONFLICT = 400, 401, 420, 487


@dataclass(slots=True, repr=False)
class Generation:
    """Credentials between two ICE restarts. `remote_ufrag` is None until the peer's description is known."""

    ufrag: str
    pwd: str
    remote_ufrag: str | None = None

    def is_for(self, username: bytes) -> bool:
        """Whether a user name is the pair of our fragment and, if known, the peer's."""
        local, _, remote = username.partition(b":")
        return local == self.ufrag.encode() and self.remote_ufrag in (None, remote.decode("latin-1"))


@dataclass(frozen=True, slots=True)
class Accepted:
    """What an authentic check led to.

    Attributes:
        answer: to be sent to where the check came from.
        forgotten: a path that is no longer the peer's, because it has too many.
        retired: fragments of ours that are no longer valid.
    """

    answer: bytes
    forgotten: Path | None
    retired: list[str]


class IceLite:
    """One agent.

    Attributes:
        paths: how authentic checks came, oldest first.
        selected: how to send; the first that passed a check until the peer nominates one.
    """

    def __init__(self, first: Generation) -> None:
        self._generations = [first]
        self.paths: dict[Path, None] = {}
        self.selected: Path | None = None

    def __repr__(self) -> str:
        where = str(self.selected or "nowhere")
        return f"<IceLite {len(self._generations)} generations, sends to {where}>"

    @property
    def newest(self) -> Generation:
        """The credentials that our next description carries."""
        return self._generations[-1]

    @property
    def ufrags(self) -> list[str]:
        """Our user name fragments that are valid now."""
        return [generation.ufrag for generation in self._generations]

    def restart(self, generation: Generation) -> list[str]:
        """Make `generation` the newest; returns the fragments that are no longer valid."""
        dropped = self._generations[1:]
        self._generations = [self._generations[0], generation]
        return [old.ufrag for old in dropped]

    def refuse(self, request: BindingRequest) -> bytes | None:
        """The error response to a request that is not authentic or not acceptable; None if it is both."""
        generation = self._generation(request.username)
        if request.signature is None:
            return stun.refusal(request, _BAD_REQUEST)
        if generation is None or not request.is_signed_with(generation.pwd.encode()):
            return stun.refusal(request, _UNAUTHENTICATED)
        if request.unknown:
            return stun.refusal(request, _UNKNOWN_ATTRIBUTE, generation.pwd.encode())
        if request.claims_controlled:
            return stun.refusal(request, _ROLE_CONFLICT, generation.pwd.encode())
        return None

    def accept(self, request: BindingRequest, path: Path) -> Accepted:
        """Take in a request that was not refused."""
        generation = self._generation(request.username)
        if generation is None:
            raise ValueError("a request that was refused cannot be accepted")
        forgotten = self._note(path)
        if self.selected is None or request.nominates:
            self.selected = path
        retired = self._retire() if request.nominates and generation is self.newest else []
        return Accepted(stun.success(request, path.address, generation.pwd.encode()), forgotten, retired)

    def lose(self, path: Path) -> None:
        """A path is no longer the peer's."""
        self.paths.pop(path, None)
        if self.selected == path:
            self.selected = None

    def _note(self, path: Path) -> Path | None:
        if path in self.paths:
            return None
        forgotten = None
        if len(self.paths) >= MAX_ADDRESSES:
            forgotten = next(known for known in self.paths if known != self.selected)
            del self.paths[forgotten]
        self.paths[path] = None
        return forgotten

    def _retire(self) -> list[str]:
        dropped = self._generations[:-1]
        self._generations = self._generations[-1:]
        return [old.ufrag for old in dropped]

    def _generation(self, username: bytes) -> Generation | None:
        return next((generation for generation in self._generations if generation.is_for(username)), None)
