"""Which files there are of the ledger, what their columns mean, and the row that each line makes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from services.impact.figures.model import Published, name_of
from services.impact.publication.model import Shown
from shared.feeds.files.cube import Cells, Dimension, Measure
from shared.feeds.files.table import Column, Kind, Row, Table
from shared.reference import gemeenten, indicator, provinces

CREDIT = (
    "Schuldhulpprojecten: opgave van gemeenten, afgerond op 5. "
    "Namen en indeling van gemeenten en provincies: CBS, CBS/Kadaster, CC BY 4.0."
)
HIDDEN = "Wat er niet staat is verborgen of niet gemeten: dat is nooit 0."

FIGURE = (
    Column("project", "Het project, als UUID."),
    Column("indicator", "Wat er gemeten is: een code uit de lijst van indicatoren."),
    Column("indicator_naam", "De naam van de indicator."),
    Column("eenheid", "Waarin gemeten is."),
    Column("gebied", "De plaats: een gemeente (GM en vier cijfers), een provincie (PV) of het land (NL)."),
    Column("gebied_naam", "De naam van die plaats."),
    Column("provincie", "De provincie waarin een gemeente ligt; leeg bij het land."),
    Column("periode_begin", "De eerste dag van de periode.", Kind.DATE),
    Column("periode_einde", "De laatste dag van de periode; die hoort erbij.", Kind.DATE),
    Column("aantal", "Een aantal, afgerond op 5; leeg bij een percentage.", Kind.NUMBER),
    Column("teller", "Van een percentage: hoeveel van de noemer, afgerond op 5.", Kind.NUMBER),
    Column("noemer", "Van een percentage: hoeveel in het geheel, afgerond op 5.", Kind.NUMBER),
    Column("percentage", "Teller gedeeld door noemer, uit de afgeronde getallen, in hele procenten.", Kind.NUMBER),
    Column("streefwaarde", "Wat het doel was, afgerond op 5; alleen waar het plan afloopt.", Kind.NUMBER),
    Column("uitgave", "De hoeveelste uitgave van dit cijfer dit is, vanaf 1.", Kind.NUMBER),
    Column(
        "uitgegeven_op", "Wanneer deze uitgave verscheen (in CSV in Nederlandse tijd, anders in UTC).", Kind.INSTANT
    ),
)
EVENT = (
    Column(
        "positie", "De plaats van de regel: zonder gaten, en in de volgorde waarin uitgaven verschenen.", Kind.NUMBER
    ),
    Column("soort", "Wat er gebeurde: gepubliceerd, gecorrigeerd of ingetrokken."),
    Column("cijfer", "Welk cijfer dit is, in al zijn uitgaven, als UUID."),
    Column("vervangt", "De uitgave van dit cijfer die deze vervangt; leeg bij de eerste.", Kind.NUMBER),
)
FIGURES = Table(
    "published-figures",
    "Gepubliceerde cijfers",
    f"Wat er nu openbaar is: per project, indicator, plaats en periode de nieuwste uitgave. {HIDDEN}",
    CREDIT,
    FIGURE,
)
RELEASES = Table(
    "releases",
    "Uitgaven",
    "Elke regel waarmee een cijfer openbaar werd, veranderde of werd ingetrokken, de oudste eerst. Wat is ingetrokken toont "
    "niets: verborgen, nooit 0.",
    CREDIT,
    (*EVENT, *FIGURE),
)
MEASURES = (
    Measure("aantal", "Aantal", "personen of huishoudens"),
    Measure("teller", "Teller", "personen of huishoudens"),
    Measure("noemer", "Noemer", "personen of huishoudens"),
    Measure("percentage", "Percentage", "procent"),
    Measure("streefwaarde", "Streefwaarde", "als de indicator"),
)


class Format(StrEnum):
    """How a file ends."""

    CSV = "csv"
    JSON_STAT = "json"
    PARQUET = "parquet"

    @property
    def media_type(self) -> str:
        """As Content-Type has it."""
        return MEDIA_TYPES[self]


MEDIA_TYPES: Mapping[Format, str] = {
    Format.CSV: "text/csv; charset=utf-8; header=present",
    Format.JSON_STAT: "application/json",
    Format.PARQUET: "application/vnd.apache.parquet",
}


@dataclass(frozen=True, slots=True)
class Export:
    """One file: a table in a format."""

    table: Table
    format: Format

    @property
    def file(self) -> str:
        """Its name, which stays the same."""
        return f"{self.table.name}.{self.format}"


EXPORTS: Mapping[str, Export] = {
    export.file: export for export in (Export(table, form) for table in (FIGURES, RELEASES) for form in Format)
}


def row_of(table: Table, line: Published) -> Row:
    """The cells of a line."""
    return _figure(line) if table is FIGURES else (*_event(line), *_figure(line))


def dimensions_of(table: Table) -> tuple[Dimension, ...]:
    """The dimensions by which the table is a cube; a ledger has the number of the release as one more."""
    more = () if table is FIGURES else (Dimension("uitgave", "Uitgave"),)
    return (
        Dimension("project", "Project"),
        Dimension("indicator", "Indicator"),
        Dimension("gebied", "Gebied", "geo"),
        Dimension("periode", "Periode", "time"),
        *more,
    )


def cells_of(table: Table, line: Published) -> Cells:
    """The same line in the cube."""
    family, release = line.block.family, line.block.last
    period = f"{family.period_start}/{family.period_end}"
    categories = [
        (str(family.project), str(family.project)),
        (family.indicator, indicator(family.indicator).name),
        (line.block.scope, name_of(line.block.scope)),
        (period, f"{family.period_start} tot en met {family.period_end}"),
    ]
    if table is RELEASES:
        categories.append((f"{release.number:06}", f"Uitgave {release.number}"))
    shown = release.shown or Shown()
    values = (shown.count, shown.numerator, shown.denominator, shown.percent, release.target_shown)
    return Cells(categories, values, None if table is FIGURES else release.kind.value)


def _figure(line: Published) -> Row:
    family, release, scope = line.block.family, line.block.last, line.block.scope
    shown, of = release.shown or Shown(), indicator(family.indicator)
    return (
        str(family.project),
        family.indicator,
        of.name,
        of.unit,
        scope,
        name_of(scope),
        _province(scope),
        family.period_start,
        family.period_end,
        shown.count,
        shown.numerator,
        shown.denominator,
        shown.percent,
        release.target_shown,
        release.number,
        line.released_at,
    )


def _event(line: Published) -> Row:
    return line.position, line.block.last.kind.value, str(line.block.id), line.block.last.replaces


def _province(scope: str) -> str | None:
    known = gemeenten().get(scope)
    return known.province if known else scope if scope in provinces() else None
