"""Logs: static event names, values as fields, JSON lines on stderr. The ticket number is a field, never part of a sentence."""

from __future__ import annotations

import logging
import sys

import structlog


def configure(*, human: bool) -> None:
    """``human`` prints for eyes (a demonstration); otherwise one JSON object a line."""
    render = (
        structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
        if human
        else structlog.processors.JSONRenderer(ensure_ascii=False)
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            render,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=True,
    )
    logging.getLogger("apscheduler").setLevel(logging.ERROR)  # a tick that is skipped because the last one still works is no news
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr, format="%(levelname)s %(name)s %(message)s")


log: structlog.stdlib.BoundLogger = structlog.get_logger()
