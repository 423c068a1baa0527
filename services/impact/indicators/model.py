"""What a figure of an indicator is made of, and what can be wrong with it.

Source: domain.md, Impact: aggregates only; percentages are recorded as numerator and denominator and combined through them,
never averaged. The indicators themselves are reference data (`shared.reference`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from decimal import Decimal

from shared.reference import Figure, Indicator
from shared.refusals import Fault

MOST_PEOPLE = 99_999_999  # more than there are inhabitants; a longer number is a typing error, or no aggregate at all
MOST_EURO = Decimal(10) ** 12 - 1


@dataclass(frozen=True, slots=True)
class Figures:
    """One measured figure. A percentage has `numerator` and `denominator`; every other kind has `value`, in its own unit."""

    value: Decimal | None = None
    numerator: int | None = None
    denominator: int | None = None

    def faults(self, indicator: Indicator) -> Iterator[Fault]:
        """Everything that is wrong with it as a figure of this indicator."""
        if indicator.figure is Figure.PERCENTAGE:
            yield from self._share_faults()
        else:
            yield from self._value_faults(indicator)

    def _share_faults(self) -> Iterator[Fault]:
        if self.value is not None:
            yield Fault("value", "Geef een percentage als teller en noemer, niet als getal: zo is het op te tellen.")
        for field, number in (("numerator", self.numerator), ("denominator", self.denominator)):
            if number is None:
                yield Fault(field, "Vul dit aantal in: een percentage heeft een teller en een noemer.")
            elif not 0 <= number <= MOST_PEOPLE:
                yield Fault(field, f"Geef een heel aantal van 0 tot en met {MOST_PEOPLE}.")
        if self.numerator is not None and self.denominator is not None and self.numerator > self.denominator:
            yield Fault("numerator", "De teller is groter dan de noemer.")

    def _value_faults(self, indicator: Indicator) -> Iterator[Fault]:
        for field, number in (("numerator", self.numerator), ("denominator", self.denominator)):
            if number is not None:
                yield Fault(field, f"'{indicator.name}' is geen percentage. Geef alleen de waarde.")
        if self.value is None:
            yield Fault("value", f"Vul de waarde in ({indicator.unit}).")
        elif not self.value.is_finite():
            yield Fault("value", "Dit is geen getal.")
        elif indicator.figure is Figure.COUNT:
            if not 0 <= self.value <= MOST_PEOPLE or self.value != int(self.value):
                yield Fault("value", f"Geef een heel aantal van 0 tot en met {MOST_PEOPLE}.")
        else:
            yield from _measure_faults(self.value, indicator)

    @property
    def count(self) -> int:
        """The value as a whole number. Only for counts."""
        return int(self.value or 0)

    def shortest(self) -> Figures:
        """The same figure without digits that say nothing. Only for one without faults."""
        return self if self.value is None else replace(self, value=shortest(self.value))


def shortest(value: Decimal) -> Decimal:
    """42.00 is 42. Only for a number with at most two decimals that matter."""
    return Decimal(int(value)) if value == int(value) else round(value, 2)


def _measure_faults(value: Decimal, indicator: Indicator) -> Iterator[Fault]:
    if value < 0 and indicator.unit != "punten":  # a score is the difference of two, and may have gone down
        yield Fault("value", "Geef een waarde van 0 of meer.")
    if abs(value) > MOST_EURO:
        yield Fault("value", f"Geef een waarde van hooguit {MOST_EURO}.")
    elif value != round(value, 2):
        yield Fault("value", "Gebruik hooguit twee cijfers achter de komma.")


def combined(indicator: Indicator, figures: Iterable[Figures]) -> Figures | None:
    """Several figures of one indicator as one: counts are added, percentages through numerator and denominator.

    None where there are none, and for what cannot be combined: a mean or a ratio does not say of how many it is one.
    """
    given = tuple(figures)
    if not given:
        return None
    if len(given) == 1:
        return given[0]
    if indicator.figure is Figure.COUNT:
        return Figures(value=Decimal(sum(f.count for f in given)))
    if indicator.figure is Figure.PERCENTAGE:
        return Figures(
            numerator=sum(f.numerator or 0 for f in given), denominator=sum(f.denominator or 0 for f in given)
        )
    return None
