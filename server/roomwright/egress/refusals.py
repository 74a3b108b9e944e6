"""How requests are refused, in the words that LiveKit's users know."""

from roomwright.errors import Code, ServiceError, invalid_argument, not_found, unimplemented


def invalid(field: str, why: str = "") -> ServiceError:
    """A field is missing, or holds what it may not."""
    return invalid_argument(f"request has missing or invalid field: {field}{f' ({why})' if why else ''}", field)


def incompatible(form: str, codec: str) -> ServiceError:
    """A container or protocol cannot carry a codec."""
    return invalid_argument(f"format {form} incompatible with codec {codec}", "output")


def invalid_url(shown: str, why: str) -> ServiceError:
    """A URL cannot be used; `shown` has no keys in it."""
    return invalid_argument(f"invalid url {shown}: {why}", "url")


def no_such_egress(egress_id: str) -> ServiceError:
    """There is no egress of that id."""
    return not_found(f"egress does not exist: {egress_id[:64]!r}")


def encrypted(track_sid: str, identity: str) -> ServiceError:
    """Nobody but its audience can read a track."""
    return ServiceError(
        Code.FAILED_PRECONDITION,
        f"track {track_sid} of {identity!r} is end-to-end encrypted: the server cannot record it",
    )


def not_here(what: str) -> ServiceError:
    """An option that this server does not have, by name."""
    return unimplemented(what)
