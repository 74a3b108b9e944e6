"""An answered request as those see it who watch: the access log, metrics. Made only where somebody does."""

from collections.abc import Callable
from typing import NamedTuple

from roomwright.logs import Request
from roomwright.wire.answer import Answer

GRPC = "gRPC"
"""The verb of a gRPC call, whose HTTP is not seen."""
_CODE = b'{"code":"'


class Exchange(NamedTuple):
    """One request and its answer.

    `target` is the request's, with its query. `code` is a Twirp or gRPC refusal's, else empty; `status` is HTTP's also
    for a gRPC call: what Twirp would answer.
    """

    verb: str
    target: str
    status: int
    code: str
    seconds: float
    request: Request

    @property
    def request_id(self) -> str:
        """The request's id; making one up takes longer than all the rest here."""
        return self.request.id

    @property
    def path(self) -> str:
        """The target without its query, which may hold a token."""
        return self.target.partition("?")[0]


Record = Callable[[Exchange], None]
"""Takes note of an exchange. Called on the hot path: cheap, never raises."""


class Watchers(NamedTuple):
    """Who is told: of every exchange, and of those that were refused (a status of 400 and above)."""

    every: tuple[Record, ...] = ()
    refused: tuple[Record, ...] = ()

    @property
    def refused_calls(self) -> tuple[Record, ...]:
        """Those who are told of refusals where nothing else is told."""
        return (*self.every, *self.refused)


NOBODY = Watchers()


def code_of(answer: object) -> str:
    """The code of a Twirp refusal."""
    if isinstance(answer, Answer) and answer.status != 200 and answer.body.startswith(_CODE):
        return answer.body[len(_CODE) :].partition(b'"')[0].decode("ascii", "replace")
    return ""
