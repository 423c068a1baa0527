"""An adoption as the closing table shows it, and in what two readers of it may differ."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from uuid import UUID

Commitments = frozenset[tuple[UUID, int, str]]
"""What partners bring and did not withdraw: commitment, amount in euros, stage."""
HIDDEN = "verborgen"


@dataclass(frozen=True, slots=True)
class Measured:
    """What a figure is about: an indicator and a period (both days included)."""

    indicator: str
    start: date
    end: date


@dataclass(frozen=True, slots=True)
class Money:
    """A funding plan, in whole euros."""

    budget: int
    firm: int
    gap: int
    commitments: Commitments = frozenset()


@dataclass(frozen=True, slots=True)
class Overview:
    """One adoption. `observed` are its exact figures, `published` those that everybody may see of its gemeente.

    A figure is a text: "38", or "42 van 120" for a percentage. `money` is None where nobody told of it.
    """

    adoption: UUID
    gemeente: str
    title: str
    version: int
    verdict: str
    ended: bool
    partners: frozenset[tuple[UUID, str]]
    secured: bool
    money: Money | None
    observed: Mapping[Measured, str] = field(default_factory=dict)
    published: Mapping[Measured, str] = field(default_factory=dict)


def figure(value: object, numerator: object, denominator: object) -> str | None:
    """A figure as text; None where there is none."""
    if numerator is not None and denominator is not None:
        return f"{numerator} van {denominator}"
    return None if value is None else str(value)


def plain(value: Decimal) -> str:
    """A number without needless zeros."""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def differences(log: Overview, asked: Overview) -> Iterator[str]:
    """In what the log and the services differ, in words."""
    at = f"{asked.gemeente}, '{asked.title}' ({asked.adoption})"
    for name in ("gemeente", "title", "version", "verdict", "ended", "secured"):
        if getattr(log, name) != getattr(asked, name):
            yield f"{at}: {name} is op Kafka {getattr(log, name)!r} en bij de service {getattr(asked, name)!r}"
    for partner in sorted(log.partners ^ asked.partners):
        yield f"{at}: partner {partner} staat {'alleen op Kafka' if partner in log.partners else 'niet op Kafka'}"
    if log.secured and asked.secured and not _same_money(log.money, asked.money):
        yield f"{at}: de financiering is op Kafka {log.money} en bij de service {asked.money}"
    yield from _of_figures(f"{at}: vastgelegd", log.observed, asked.observed)
    yield from _of_figures(f"{at}: gepubliceerd", log.published, asked.published)


def _same_money(log: Money | None, asked: Money | None) -> bool:
    """A plan tells of itself only when it turns: what changed in it since cannot be compared."""
    if log is None or asked is None:
        return log is asked
    return log.commitments != asked.commitments or log == asked


def _of_figures(what: str, log: Mapping[Measured, str], asked: Mapping[Measured, str]) -> Iterator[str]:
    for measured in sorted(log.keys() | asked.keys(), key=lambda m: (m.indicator, m.start, m.end)):
        one, other = log.get(measured, HIDDEN), asked.get(measured, HIDDEN)
        if one != other:
            yield f"{what} {measured.indicator} {measured.start}: op Kafka {one}, bij de service {other}"
