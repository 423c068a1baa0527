"""Bodies that nobody means to send: the right names with whatever may stand behind them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hypothesis import strategies as st

ODD: tuple[Any, ...] = (
    "", " ", "0001-01-01", "9999-12-31", "2026-02-30", "2026-11-24", "NaN", "GM0518", "\u202e", "é" * 400, "x" * 5000, "'; --",
    "00000000-0000-0000-0000-000000000000", "https://example.nl", 0, -1, 1, 4, 2**31, 2**53 - 1, 2**63, 1e308, -0.0, 0.5,
    True, None, [], {}, [None], [[]], {"": ""},
)  # fmt: skip
"""Values at the edge of some column, type or rule."""


def bodies(example: Mapping[str, Any]) -> st.SearchStrategy[Any]:
    """This example with some of its values, at any depth, replaced by odd ones or left out."""
    return _varied(dict(example)) | st.sampled_from(ODD)


def _varied(value: Any) -> st.SearchStrategy[Any]:  # noqa: ANN401 - any JSON
    odd = st.sampled_from(ODD)
    if isinstance(value, dict):
        whole = st.fixed_dictionaries({}, optional={name: _varied(part) for name, part in value.items()})
        return whole | st.fixed_dictionaries({name: _varied(part) for name, part in value.items()}) | odd
    if isinstance(value, list):
        return st.lists(st.one_of([_varied(part) for part in value]), max_size=3) | st.just(value) | odd
    return st.just(value) | st.just(value) | odd
