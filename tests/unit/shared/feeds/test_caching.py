"""Is an answer sent again only to who has it not?"""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from starlette.requests import Request

from shared.feeds.caching import http_date, is_known, kept_json, tag_of

AT = datetime(2026, 11, 24, 10, 0, 0, 500_000, tzinfo=UTC)


def request(**headers: str) -> Request:
    named = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return Request({"type": "http", "headers": named})


@pytest.mark.parametrize(
    ("sent", "known"),
    [('"a"', True), ('W/"a"', True), ('"b", "a"', True), ("*", True), ('"b"', False), ("a", False), ("", False)],
)
def test_a_tag_is_known_in_each_form_in_which_it_may_come_back(sent: str, known: bool) -> None:
    assert is_known(request(if_none_match=sent), '"a"') is known


def test_a_date_counts_only_without_a_tag() -> None:
    since = http_date(AT)
    assert is_known(request(if_modified_since=since), '"a"', AT)
    assert not is_known(request(if_modified_since=http_date(datetime(2026, 11, 23, tzinfo=UTC))), '"a"', AT)
    assert not is_known(request(if_modified_since=since, if_none_match='"b"'), '"a"', AT)
    assert not is_known(request(if_modified_since="ooit"), '"a"', AT)
    assert not is_known(request(if_modified_since=since), '"a"', None)
    assert not is_known(request(), '"a"', AT)


def test_the_same_content_has_the_same_tag_and_is_not_sent_again() -> None:
    first = kept_json(request(), b"{}")
    assert (first.status_code, first.body, first.headers["etag"]) == (200, b"{}", tag_of(b"{}"))
    again = kept_json(request(if_none_match=first.headers["etag"]), b"{}")
    assert (again.status_code, again.body, again.headers["etag"]) == (304, b"", first.headers["etag"])
    assert kept_json(request(if_none_match=first.headers["etag"]), b"[]").status_code == 200
