"""Reading JSON."""

from __future__ import annotations

import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.refusals import Invalid
from shared.web.jsonbody import NoJson, parsed

TEXT = st.text(alphabet=st.characters(codec="utf-8", exclude_characters="\0"))
PLAIN = st.none() | st.booleans() | st.integers(-(2**70), 2**70) | TEXT
VALUES = st.recursive(PLAIN, lambda inner: st.lists(inner) | st.dictionaries(TEXT, inner), max_leaves=10)


@given(VALUES)
def test_what_json_can_say_is_read_as_it_was_meant(value: object) -> None:
    assert parsed(json.dumps(value).encode()) == value


@given(st.binary())
def test_anything_else_is_refused_and_never_breaks_the_reader(raw: bytes) -> None:
    with suppress(Invalid):
        parsed(raw)


def test_the_place_of_a_mistake_is_told() -> None:
    with pytest.raises(NoJson, match="Regel 2, teken 3"):
        parsed(b'{"a": 1,\n  }')


def test_only_a_real_nul_is_refused() -> None:
    assert parsed(rb'{"a": "\\u0000"}') == {"a": r"\u0000"}
    with pytest.raises(Invalid) as caught:
        parsed(rb'{"a": ["x", "\u0000"], "b\u0000": {"c": "\u0000"}}')
    assert [fault.field for fault in caught.value.faults] == ["a.1", '"b\\u0000"', "b.c"]
