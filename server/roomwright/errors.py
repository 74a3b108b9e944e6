"""The one error that a service answers with, and its wire codes.

Owns the list of codes (Twirp's names). It does not know HTTP or gRPC: `wire/` maps a code to a status.
"""

from collections.abc import Mapping
from enum import StrEnum


class Code(StrEnum):
    """A Twirp error code, spelled as on the wire (https://twitchtv.github.io/twirp/docs/errors.html)."""

    CANCELED = "canceled"
    UNKNOWN = "unknown"
    INVALID_ARGUMENT = "invalid_argument"
    MALFORMED = "malformed"
    DEADLINE_EXCEEDED = "deadline_exceeded"
    NOT_FOUND = "not_found"
    BAD_ROUTE = "bad_route"
    ALREADY_EXISTS = "already_exists"
    PERMISSION_DENIED = "permission_denied"
    UNAUTHENTICATED = "unauthenticated"
    RESOURCE_EXHAUSTED = "resource_exhausted"
    FAILED_PRECONDITION = "failed_precondition"
    ABORTED = "aborted"
    OUT_OF_RANGE = "out_of_range"
    UNIMPLEMENTED = "unimplemented"
    INTERNAL = "internal"
    UNAVAILABLE = "unavailable"
    DATA_LOSS = "data_loss"


class ServiceError(Exception):
    """A call was refused: the caller is told `code`, `message` and `meta`.

    Raised by services, backends and the engine; never for a fault of our own, which stays an ordinary exception.
    `message` names the field, the grant, the room or the time that is wrong. `meta` maps strings to strings.
    """

    def __init__(self, code: Code, message: str, meta: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.meta = dict(meta or {})

    def __repr__(self) -> str:
        return f"<ServiceError {self.code}: {self.message}>"


def not_found(message: str) -> ServiceError:
    """What was asked for does not exist."""
    return ServiceError(Code.NOT_FOUND, message)


def invalid_argument(message: str, argument: str | None = None) -> ServiceError:
    """A field holds what it may not; `argument` names it in the error's meta."""
    return ServiceError(Code.INVALID_ARGUMENT, message, {"argument": argument} if argument else None)


def unauthenticated(message: str) -> ServiceError:
    """The token is missing, wrong, or lacks a grant (the reference answers 401 to all three)."""
    return ServiceError(Code.UNAUTHENTICATED, message)


def failed_precondition(message: str) -> ServiceError:
    """The call is right, the state it finds is not."""
    return ServiceError(Code.FAILED_PRECONDITION, message)


def unimplemented(what: str) -> ServiceError:
    """`what` (a service, method or option, by name) does not exist here."""
    return ServiceError(Code.UNIMPLEMENTED, f"{what} is not implemented by this server")
