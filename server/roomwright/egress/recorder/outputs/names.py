"""Names of files that come in rows. Pure."""

from datetime import UTC, datetime
from posixpath import dirname, relpath

_MILLION = 1_000_000


def counted(prefix: str, number: int, extension: str) -> str:
    """`prefix_00007.ts`."""
    return f"{prefix}_{number:05d}{extension}"


def timed(prefix: str, at_ns: int, extension: str) -> str:
    """`prefix_20261122203105250.ts`: the time in UTC down to milliseconds."""
    at = datetime.fromtimestamp(at_ns // 1_000_000_000, UTC)
    return f"{prefix}_{at:%Y%m%d%H%M%S}{at_ns // _MILLION % 1000:03d}{extension}"


def beside(path: str, other: str) -> str:
    """How a file at `other` is called from a file at `path`."""
    return relpath("/" + path, dirname("/" + other))
