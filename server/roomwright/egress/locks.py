"""Locks of open files between processes, gone with the process that took them. Windows has none: there all are free."""

from typing import IO

try:
    import fcntl
except ImportError:
    fcntl = None


def take(file: IO[str] | int, *, shared: bool = False) -> None:
    """Lock it at once, for oneself or for looking on. Raises BlockingIOError where another has it."""
    if fcntl is not None:
        fcntl.flock(file, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
