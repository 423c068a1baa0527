"""The gate: may two versions of a schema stand for one and the same event?

They may when each reads what the other says (FULL): whoever knows only the old one is never surprised by a new event,
and whoever knows only the new one can read the log from its first day. Compared with every released version, it is
FULL_TRANSITIVE. Two things make room for change: a reader ignores fields that it does not know, and a field that is not
required may come and go. Everything else is the business of a next version of the event (`registry.py`).

A keyword of JSON Schema that is not judged here must stay as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from shared.contracts.schemas import Schema, inlined

NOTES = frozenset({"title", "description", "default", "examples", "deprecated", "$comment"})
"""Keywords that refuse no document. A changed default is judged on its own."""

LOWEST = ("minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties")
HIGHEST = ("maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties")


@dataclass(frozen=True, slots=True)
class Break:
    """One thing that makes two versions incompatible. `path` is where, as in "commitments[].amountEuro"."""

    path: str
    sentence: str

    def __str__(self) -> str:
        return f"{self.path or 'the event itself'}: {self.sentence}"


@dataclass(frozen=True, slots=True)
class _Pair:
    """The same place in the speaker's schema and in the reader's; either may be silent about a keyword."""

    said: Schema
    read: Schema
    path: str
    reader: str

    def refuses(self, what: str) -> Break:
        """That the reader cannot take this place as it is said."""
        return Break(self.path, f"{what}, so whoever knows only the {self.reader} version cannot read the other")

    def part(self, said: Any, read: Any, path: str) -> _Pair:  # noqa: ANN401 - any JSON
        """A place within this one."""
        return _Pair(said, read, path, self.reader)


def breaks(old: Schema, new: Schema) -> list[Break]:
    """Everything in which the two versions of one event do not read each other, in the order of the schemas."""
    old, new = inlined(old), inlined(new)
    return [
        *_defaults(_Pair(old, new, "", "new")),
        *_misread(_Pair(said=old, read=new, path="", reader="new")),
        *_misread(_Pair(said=new, read=old, path="", reader="old")),
    ]


def _misread(pair: _Pair) -> Iterator[Break]:
    """Why a reader would refuse something that the speaker may say."""
    for judge in (_types, _values, _limits, _multiples, _fields, _required, _items, _rest):
        yield from judge(pair)


def _types(pair: _Pair) -> Iterator[Break]:
    allowed = _type_names(pair.read)
    if allowed is None:
        return
    said = _type_names(pair.said) or frozenset({"anything"})
    if "number" in allowed:
        said -= {"integer"}
    for name in sorted(said - allowed):
        yield pair.refuses(f"one version says {name}, the other reads {' or '.join(sorted(allowed))}")


def _values(pair: _Pair) -> Iterator[Break]:
    allowed = _values_of(pair.read)
    if allowed is None:
        return
    said = _values_of(pair.said)
    if said is None:
        yield pair.refuses(f"one version says anything, the other only {', '.join(map(repr, allowed))}")
        return
    for value in said:
        if value not in allowed:
            yield pair.refuses(f"only one version has the value {value!r}")


def _limits(pair: _Pair) -> Iterator[Break]:
    yield from _limit(pair, LOWEST, lambda said, read: said < read)
    yield from _limit(pair, HIGHEST, lambda said, read: said > read)


def _limit(pair: _Pair, keywords: tuple[str, ...], beyond: Callable[[float, float], bool]) -> Iterator[Break]:
    for keyword in keywords:
        if keyword not in pair.read:
            continue
        said, read = pair.said.get(keyword), pair.read[keyword]
        if said is None or beyond(said, read):
            yield pair.refuses(
                f"{keyword} is {read} in one version and {'not set' if said is None else said} in the other"
            )


def _multiples(pair: _Pair) -> Iterator[Break]:
    step = pair.read.get("multipleOf")
    said = pair.said.get("multipleOf")
    if step is not None and (said is None or said % step != 0):
        yield pair.refuses(
            f"multipleOf is {step} in one version and {'not set' if said is None else said} in the other"
        )


def _fields(pair: _Pair) -> Iterator[Break]:
    said, read = pair.said.get("properties", {}), pair.read.get("properties", {})
    for name in said:
        path = f"{pair.path}.{name}".lstrip(".")
        if name in read:
            yield from _misread(pair.part(said[name], read[name], path))
        elif pair.read.get("additionalProperties", True) is not True:
            yield pair.part(said[name], {}, path).refuses(
                "only one version has it, and the other allows no more fields"
            )


def _required(pair: _Pair) -> Iterator[Break]:
    always = pair.said.get("required", ())
    for name in pair.read.get("required", ()):
        if name not in always:
            there = "may leave it out" if name in pair.said.get("properties", {}) else "does not have it"
            path = f"{pair.path}.{name}".lstrip(".")
            yield pair.part({}, {}, path).refuses(f"one version requires it, the other {there}")


def _items(pair: _Pair) -> Iterator[Break]:
    if "items" in pair.read:
        yield from _misread(pair.part(pair.said.get("items", {}), pair.read["items"], f"{pair.path}[]"))


def _rest(pair: _Pair) -> Iterator[Break]:
    """What is not judged above must be equal: pattern, format, and whatever a later model brings along."""
    judged = {"type", "enum", "const", "multipleOf", "properties", "required", "items", *LOWEST, *HIGHEST, *NOTES}
    for keyword in sorted(pair.read.keys() - judged):
        if pair.said.get(keyword) != pair.read[keyword]:
            yield pair.refuses(f"{keyword} differs")


def _defaults(pair: _Pair) -> Iterator[Break]:
    """A field that is left out must mean the same to everybody."""
    said, read = pair.said.get("properties", {}), pair.read.get("properties", {})
    for name in (name for name in said if name in read):
        path = f"{pair.path}.{name}".lstrip(".")
        before, after = said[name].get("default"), read[name].get("default")
        if before != after:
            yield Break(path, f"where it is left out, one version reads {before!r} and the other {after!r}")
        yield from _defaults(pair.part(said[name], read[name], path))
    if "items" in pair.said and "items" in pair.read:
        yield from _defaults(pair.part(pair.said["items"], pair.read["items"], f"{pair.path}[]"))


def _type_names(schema: Schema) -> frozenset[str] | None:
    names = schema.get("type")
    if names is None:
        return None
    return frozenset([names] if isinstance(names, str) else names)


def _values_of(schema: Schema) -> list[Any] | None:
    if "const" in schema:
        return [schema["const"]]
    values: list[Any] | None = schema.get("enum")
    return values
