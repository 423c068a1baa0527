"""An event is the same however it comes; what is wrong with it is named, all at once, and nothing that comes makes it fail."""

from __future__ import annotations

import json
from base64 import b64encode
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.publishing.arriving import (
    BATCH,
    BINARY,
    MOST_EVENTS,
    NO_DATA,
    STRUCTURED,
    Came,
    of_record,
    of_request,
    structured,
)
from shared.refusals import Refusal
from shared.web.problems import Problem

EVENT: dict[str, Any] = {
    "specversion": "1.0",
    "id": "2026-42",
    "source": "https://fonds.nl/é",
    "type": "a.b.v1",
    "data": {"naam": "é"},
}
WHOLE = Came("https://fonds.nl/é", "2026-42", "a.b.v1", {"naam": "é"})
ATTRIBUTES = {name: text for name, text in EVENT.items() if name != "data"}
DATA = json.dumps(EVENT["data"]).encode()
HEADER = st.tuples(st.sampled_from(["ce_id", "ce_type", "content-type", "x"]), st.none() | st.binary(max_size=40))
ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


def sent(kind: str, body: object, **headers: str) -> list[Came]:
    """What comes of a request."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return of_request([("content-type", kind), *headers.items()], raw)[0]


def ce_headers(**changed: str) -> dict[str, str]:
    """The attributes as HTTP carries them."""
    return {f"ce-{name}": quote(text, safe=":/") for name, text in {**ATTRIBUTES, **changed}.items()}


def fields(came: Came) -> list[str]:
    """What is wrong."""
    return [fault.field for fault in came.faults]


def test_an_event_is_the_same_in_every_mode() -> None:
    packed = {**ATTRIBUTES, "data_base64": b64encode(DATA).decode()}
    kafka_headers = [(f"ce_{name}", text.encode()) for name, text in ATTRIBUTES.items()]

    assert sent(STRUCTURED, EVENT) == [WHOLE]
    assert sent(f"{STRUCTURED}; charset=utf-8", EVENT) == [WHOLE]
    assert sent(STRUCTURED, packed) == [WHOLE]
    assert sent(BATCH, [EVENT, EVENT]) == [WHOLE, WHOLE]
    assert sent(BINARY, DATA, **ce_headers()) == [WHOLE]
    assert of_record([*kafka_headers, ("content-type", BINARY.encode())], DATA) == WHOLE
    assert of_record(kafka_headers, DATA) == WHOLE, "no word about the content means JSON"
    assert of_record([("content-type", STRUCTURED.encode())], json.dumps(EVENT).encode()) == WHOLE


def test_what_is_ours_to_give_is_not_even_read() -> None:
    ours = {"sequence": "7", "subject": "x", "traceparent": "x", "roles": ["operator"], "time": 3, "publisher": "a"}
    assert sent(STRUCTURED, {**EVENT, **ours}) == [WHOLE]


def test_all_that_is_wrong_is_named_at_once() -> None:
    (came,) = sent(STRUCTURED, {"specversion": "0.3", "id": "", "source": 5, "datacontenttype": "text/xml"})
    assert fields(came) == ["specversion", "id", "source", "type", "datacontenttype", "data"]
    assert (came.source, came.id, came.type, came.data) == (None, None, None, NO_DATA)


def test_of_a_batch_each_event_has_its_own_faults() -> None:
    good, other, wrong = sent(BATCH, [EVENT, {**EVENT, "id": "nul\0"}, "geen object"])
    assert good == WHOLE
    assert fields(other) == ["id"]
    assert other.source == WHOLE.source
    assert fields(wrong) == ["body"]


def test_a_nul_in_the_data_is_named_where_it_stands() -> None:
    (came,) = sent(STRUCTURED, {**EVENT, "data": {"naam": ["x", "\0"]}})
    assert fields(came) == ["data.naam.1"]
    assert came.id == "2026-42"
    (came,) = sent(BINARY, {"naam": "\0"}, **ce_headers())
    assert fields(came) == ["data.naam"]


@pytest.mark.parametrize("data", [b"", b"{", b"\xff", b'{"a": NaN}'])
def test_data_that_cannot_be_read_leaves_the_event_its_name(data: bytes) -> None:
    (came,) = sent(BINARY, data, **ce_headers())
    assert (came.id, fields(came)) == ("2026-42", ["data"])


def test_a_header_that_comes_twice_or_is_no_text_counts_for_nothing() -> None:
    headers = [(f"ce_{name}", text.encode()) for name, text in ATTRIBUTES.items() if name != "type"]
    twice = of_record([*headers, ("ce_type", b"a.b.v1"), ("ce_type", b"c.d.v1")], DATA)
    assert (twice.type, fields(twice)) == (None, ["type"])
    odd = of_record([*headers, ("ce_type", b"\xff")], DATA)
    assert (odd.type, fields(odd)) == (None, ["type"])
    empty = of_record([*headers, ("ce_type", None)], None)
    assert fields(empty) == ["type", "data"]


def test_another_kind_of_content_is_told_which_ones_will_do() -> None:
    with pytest.raises(Problem, match="cloudevents-batch") as refused:
        sent("text/plain", b"")
    assert refused.value.status == 415


def test_a_batch_has_a_limit_and_at_least_one_event() -> None:
    assert len(sent(BATCH, [EVENT] * MOST_EVENTS)) == MOST_EVENTS
    with pytest.raises(Problem, match="100") as refused:
        sent(BATCH, [EVENT] * (MOST_EVENTS + 1))
    assert refused.value.status == 413
    for empty in (b"[]", b"{}"):
        with pytest.raises(Refusal):
            sent(BATCH, empty)


@given(ANY_JSON)
def test_whatever_json_comes_as_an_event_is_whole_or_says_what_is_wrong(value: object) -> None:
    came = structured(value)
    whole = None not in (came.source, came.id, came.type) and came.data is not NO_DATA
    assert whole or came.faults


@given(
    st.lists(
        st.tuples(st.sampled_from(["ce_id", "ce_type", "content-type", "x"]), st.none() | st.binary(max_size=40)),
        max_size=4,
    ),
    st.none() | st.binary(max_size=60),
    st.booleans(),
)
def test_whatever_stands_in_a_record_is_borne(
    headers: list[tuple[str, bytes | None]], value: bytes | None, is_structured: bool
) -> None:
    kind = [("content-type", STRUCTURED.encode())] if is_structured else []
    came = of_record([*kind, *headers], value)
    assert came.faults, "none of these is whole"
    assert all(text is None or text.isprintable() or text for text in (came.source, came.id, came.type))
