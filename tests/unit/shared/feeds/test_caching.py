"""Is an answer sent again only to who has it not?"""

from __future__ import annotations

import pytest
from starlette.requests import Request

from shared.feeds.caching import is_known, kept_json, tag_of


def request(**headers: str) -> Request:
    named = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return Request({"type": "http", "headers": named})


@pytest.mark.parametrize(
    ("sent", "known"),
    [('"a"', True), ('W/"a"', True), ('"b", "a"', True), ("*", True), ('"b"', False), ("a", False), ("", False)],
)
def test_a_tag_is_known_in_each_form_in_which_it_may_come_back(sent: str, known: bool) -> None:
    assert is_known(request(if_none_match=sent), '"a"') is known


def test_who_sends_a_date_alone_gets_it_again() -> None:
    assert not is_known(request(if_modified_since="Fri, 01 Jan 2100 00:00:00 GMT"), '"a"')
    assert not is_known(request(), '"a"')


def test_the_same_content_has_the_same_tag_and_is_not_sent_again() -> None:
    first = kept_json(request(), b"{}")
    assert (first.status_code, first.body, first.headers["etag"]) == (200, b"{}", tag_of(b"{}"))
    again = kept_json(request(if_none_match=first.headers["etag"]), b"{}")
    assert (again.status_code, again.body, again.headers["etag"]) == (304, b"", first.headers["etag"])
    assert kept_json(request(if_none_match=first.headers["etag"]), b"[]").status_code == 200
