"""Where log lines go and what they look like. Called once, by the composition root."""

import logging
import sys

import structlog

LEVELS = {"debug": logging.DEBUG, "info": logging.INFO, "warn": logging.WARNING, "error": logging.ERROR}
"""The reference's names of levels."""
_LIBRARY_FORMAT = "%(levelname)s %(name)s: %(message)s"


def configure(level: str, *, as_json: bool) -> None:
    """Write entries of `level` and above to standard error, as JSON or for people; libraries' warnings too."""
    threshold = LEVELS[level]
    renderer = structlog.processors.JSONRenderer() if as_json else structlog.dev.ConsoleRenderer(colors=False)
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(threshold),
        logger_factory=lambda *_: structlog.WriteLogger(sys.stderr),
        cache_logger_on_first_use=False,  # sys.stderr may be replaced while we run
    )
    logging.basicConfig(level=max(threshold, logging.WARNING), stream=sys.stderr, format=_LIBRARY_FORMAT)
