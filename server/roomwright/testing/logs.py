"""Where a test's server writes its log: to `logging`, where pytest shows it beside the test that failed.

Without this, structlog would print it among what the test prints. It leaves a program that has configured structlog
alone, and everybody else's log lines as they are.
"""

import logging
from typing import Any

import structlog

_PRINTED = structlog.PrintLoggerFactory()
_OWN = "roomwright."


def _logger(*args: Any) -> Any:
    """Loggers of ours by their names; others as structlog has them."""
    name = args[0] if args else ""
    if isinstance(name, str) and name.startswith(_OWN):
        return logging.getLogger(name)
    return _PRINTED(*args)


class Diversion:
    """Counts the servers that run: the last one leaves structlog as it was."""

    def __init__(self) -> None:
        self._servers = 0

    def begin(self) -> None:
        """One more server."""
        self._servers += 1
        self.keep()

    def keep(self) -> None:
        """Do so, unless structlog is configured."""
        if not structlog.is_configured():
            structlog.configure(logger_factory=_logger)

    def end(self) -> None:
        """One less."""
        self._servers -= 1
        if not self._servers and structlog.get_config()["logger_factory"] is _logger:
            structlog.reset_defaults()


diversion = Diversion()
