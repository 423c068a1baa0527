"""The criteria of the afwegingskader in parts: what evidence is bound to and what a review scores.

Source: seed page, "Wanneer is een project bewezen?"; domain.md, "Is it proven?". A slug stands on the wire and in tables:
a part may be reworded, but its slug never changes its meaning.
"""

from __future__ import annotations

from dataclasses import dataclass

from shared.contracts.vocabulary import Criterion


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a criterion. `question` is how the submitter and the board see it (Dutch)."""

    criterion: Criterion
    slug: str
    question: str


PARTS: tuple[Part, ...] = (
    Part(Criterion.WERKBAAR, "in-productie", "Draait het project ergens in de praktijk?"),
    Part(Criterion.WERKBAAR, "echte-clienten", "Zijn er echte cliënten mee geholpen?"),
    Part(Criterion.WERKBAAR, "echte-gegevens", "Werkt het met echte gegevens?"),
    Part(Criterion.WERKBAAR, "zichtbare-resultaten", "Zijn de resultaten zichtbaar?"),
    Part(Criterion.WERKBAAR, "positieve-resultaten", "Zijn de resultaten positief?"),
    Part(Criterion.WERKBAAR, "duurzaam-model", "Is er een model om blijvend door te gaan?"),
    Part(Criterion.WERKBAAR, "meerdere-partijen", "Zijn meerdere partijen betrokken?"),
    Part(
        Criterion.HERBRUIKBAAR,
        "publiek-en-privaat",
        "Werken meerdere publieke en private partijen samen aan dit vraagstuk?",
    ),
    Part(Criterion.HERBRUIKBAAR, "bruikbaar-voor-anderen", "Kunnen anderen het ook gebruiken?"),
    Part(
        Criterion.HERBRUIKBAAR,
        "algemeen-probleem",
        "Lost het een algemeen probleem op dat veel gemeenten hebben, en niet alleen iets plaatselijks?",
    ),
    Part(Criterion.BESCHIKBAAR, "nu-beschikbaar", "Is het nu beschikbaar, of met weinig moeite?"),
    Part(Criterion.BESCHIKBAAR, "snel-in-te-voeren", "Is het snel in te voeren?"),
)

_BY_NAME = {(part.criterion, part.slug): part for part in PARTS}


def part_named(criterion: Criterion, slug: str) -> Part | None:
    """The part of this criterion with this slug; None where the criterion has no such part."""
    return _BY_NAME.get((criterion, slug))


def parts_of(criterion: Criterion) -> tuple[Part, ...]:
    """The parts of one criterion, in the order in which people see them."""
    return tuple(part for part in PARTS if part.criterion is criterion)
