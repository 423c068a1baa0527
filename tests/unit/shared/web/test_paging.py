"""Pages and their cursors."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.datastructures import URL

from shared.web.bodies import Result
from shared.web.paging import BadCursor, Page, PageAsked, cursor_of


class NumberResult(Result):
    number: int


def page_of(numbers: range, limit: int) -> Page[NumberResult]:
    asked = PageAsked(limit, None)
    return Page[NumberResult].of(numbers, asked, key=str, result=lambda number: NumberResult(number=number))


@given(st.text(alphabet=st.characters(codec="utf-8", exclude_characters="\0"), min_size=1))
def test_a_cursor_leads_back_to_its_key(key: str) -> None:
    assert PageAsked(20, cursor_of(key)).after_text == key


@given(st.uuids())
def test_a_cursor_leads_back_to_its_id(key: UUID) -> None:
    assert PageAsked(20, cursor_of(key)).after_uuid == key


@given(st.text())
def test_any_other_cursor_is_refused_or_leads_back_to_itself(after: str) -> None:
    try:
        text = PageAsked(20, after).after_text
    except BadCursor:
        return
    assert text is not None
    assert cursor_of(text) == after


def test_a_cursor_to_a_text_is_none_to_an_id() -> None:
    with pytest.raises(BadCursor):
        _ = PageAsked(20, cursor_of("GM0518")).after_uuid


def test_the_row_too_many_says_that_there_is_more() -> None:
    page = page_of(range(3), limit=2)
    assert [item.number for item in page.items] == [0, 1]
    assert page.next == cursor_of("1")


@pytest.mark.parametrize("found", [0, 1, 2])
def test_the_last_page_has_no_next(found: int) -> None:
    page = page_of(range(found), limit=2)
    assert (len(page.items), page.next, page.link(URL("http://x.test/v1/numbers"))) == (found, None, None)


def test_the_link_keeps_what_was_asked() -> None:
    link = page_of(range(3), limit=2).link(URL("http://x.test/v1/numbers?limit=2&after=oud&phase=plan"))
    assert link == f'</v1/numbers?limit=2&phase=plan&after={cursor_of("1")}>; rel="next"'


def test_a_page_is_named_after_what_it_lists() -> None:
    schema: dict[str, Any] = Page[NumberResult].model_json_schema()
    assert schema["title"] == "NumberPage"
