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


def divert() -> None:
    """Do so, unless structlog was configured."""
    if not structlog.is_configured():
        structlog.configure(logger_factory=_logger)


def restore() -> None:
    """Undo it."""
    if structlog.get_config()["logger_factory"] is _logger:
        structlog.reset_defaults()
