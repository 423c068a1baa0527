"""Logs: one JSON object a line on standard output, in which no person is recognisable."""

from __future__ import annotations

import json
import logging
import sys
from datetime import UTC, datetime
from typing import TextIO

from shared.persons import scrub


class JsonLines(logging.Formatter):
    """One line a record: when, how bad, which service, where, what."""

    def __init__(self, service: str) -> None:
        super().__init__()
        self._service = service

    def format(self, record: logging.LogRecord) -> str:
        """The record as JSON in ASCII. Scrubbed first: an escape such as \\f would hide where a number begins."""
        line = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "level": record.levelname,
            "service": self._service,
            "logger": record.name,
            "message": scrub(record.getMessage()),
        }
        if record.exc_info:
            line["error"] = scrub(self.formatException(record.exc_info))
        return json.dumps(line)


def log_to(stream: TextIO, service: str, level: str) -> None:
    """Everything that is logged goes to this stream."""
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonLines(service))
    logging.basicConfig(level=level, handlers=[handler], force=True)
    # aiokafka writes a line for every retry of every request during an outage; what matters is logged by us.
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    logging.getLogger("uvicorn.access").setLevel(logging.WARNING)
    logging.getLogger("httpx").setLevel(logging.WARNING)


def start_logging(service: str, level: str) -> None:
    """To standard output, as containers expect."""
    log_to(sys.stdout, service, level)
