"""Whoever reads the logs finds one JSON object a line, and nobody in it."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest

from shared.runtime.logs import log_to

BSN = "123456782"
log = logging.getLogger("tests.something")


@pytest.fixture
def written() -> Iterator[io.StringIO]:
    """What was logged; afterwards the log is as it was."""
    root = logging.getLogger()
    handlers, level, stream = root.handlers[:], root.level, io.StringIO()
    root.handlers = []  # `force` would close those of pytest
    quiet = {name: logging.getLogger(name).level for name in ("aiokafka", "uvicorn.access", "httpx")}
    try:
        log_to(stream, "impact", "INFO")
        yield stream
    finally:
        root.handlers = handlers
        root.setLevel(level)
        for name, was in quiet.items():
            logging.getLogger(name).setLevel(was)


def only_line(written: io.StringIO) -> dict[str, Any]:
    (line,) = written.getvalue().splitlines()
    found: dict[str, Any] = json.loads(line)
    return found


def test_a_line_says_when_how_bad_which_service_where_and_what(written: io.StringIO) -> None:
    log.warning("the relay waits: %s", "TimeoutError")

    line = only_line(written)
    assert line.pop("at").endswith("Z")
    assert line == {
        "level": "WARNING",
        "service": "impact",
        "logger": "tests.something",
        "message": "the relay waits: TimeoutError",
    }


def test_less_than_the_chosen_level_is_not_written(written: io.StringIO) -> None:
    log.debug("a detail")
    assert written.getvalue() == ""


@pytest.mark.parametrize("ends", ["\n", "\r\n", "\u2028", "\x85", "\x0b"])
def test_a_message_of_several_lines_is_one_line(written: io.StringIO, ends: str) -> None:
    log.info("first%ssecond", ends)
    assert only_line(written)["message"] == f"first{ends}second"


def test_an_error_is_in_the_same_line_with_where_it_came_from(written: io.StringIO) -> None:
    try:
        raise ValueError("cannot be")
    except ValueError:
        log.exception("a daily duty failed")
    assert only_line(written)["error"].splitlines()[-1] == "ValueError: cannot be"


@pytest.mark.parametrize("before", ["", " ", "é", "\n", "\f", "\b", "\x01", "\\", '"', "bsn=", "\u2265", "\U0001f600"])
def test_no_bsn_comes_into_the_log_whatever_stands_before_it(written: io.StringIO, before: str) -> None:
    log.info("van %s%s gehoord", before, BSN)

    assert BSN not in written.getvalue()
    assert only_line(written)["message"] == f"van {before}[bsn, 9 characters] gehoord"


def test_no_bsn_comes_into_the_log_from_an_error_or_from_what_caused_it(written: io.StringIO) -> None:
    try:
        try:
            raise KeyError(BSN)
        except KeyError as cause:
            raise ValueError(f"van\f{BSN}") from cause
    except ValueError as error:
        log.critical("impact stops: %s", error, exc_info=error)
    assert BSN not in written.getvalue()
    assert only_line(written)["error"].count("[bsn, 9 characters]") == 2


def test_a_number_that_is_no_bsn_stays(written: io.StringIO) -> None:
    log.info("offset 123456789")
    assert only_line(written)["message"] == "offset 123456789"


@pytest.mark.parametrize("text", ["\ud800", "José ≥ 3", "\x00"], ids=["a half of a pair", "more than ASCII", "NUL"])
def test_text_of_any_kind_is_written(written: io.StringIO, monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    root = logging.getLogger()
    monkeypatch.setattr(root, "handlers", root.handlers[:1])  # half a pair cannot travel in a report of pytest-xdist

    log.error("odd: %s", text)
    assert only_line(written)["message"] == f"odd: {text}"
    assert written.getvalue().isascii()


def test_what_a_client_library_says_of_every_attempt_is_left_out(written: io.StringIO) -> None:
    logging.getLogger("aiokafka.conn").error("Unable connect to node 1")
    assert written.getvalue() == ""
