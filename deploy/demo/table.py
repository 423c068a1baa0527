"""The closing table: how each adoption stands, as the four services answer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from deploy.demo.asking import Answer, Reader
from deploy.demo.cast import Cast
from deploy.demo.client import Wire
from deploy.demo.journey import Journey
from deploy.demo.overview import HIDDEN, Measured
from deploy.demo.screen import Screen, euro

COLUMNS = (
    "Gemeente",
    "Project",
    "Mijlpalen",
    "Partners",
    "Financiering",
    "Indicator, in het laatste kwartaal",
)


async def close(journey: Journey) -> None:
    """Shows the adoptions of this run. Raises: DemoFailed."""
    reader = Reader(journey.cast)
    known = {told["id"]: told for told in await reader.adoptions()}
    answers = [await reader.answer(known[str(adoption.id)]) for adoption in journey.adoptions]
    journey.stage.chapter(
        "9. Zo staat het ervoor", "Gevraagd aan de vier services. Bedragen en cijfers zijn verzonnen."
    )
    show(journey.stage.screen, answers)


async def show_all(wire: Wire, screen: Screen) -> None:
    """Shows every adoption that there is. Raises: DemoFailed."""
    reader = Reader(Cast(wire))
    show(screen, [await reader.answer(told) for told in await reader.adoptions()])


def show(screen: Screen, answers: Sequence[Answer]) -> None:
    """One row an adoption."""
    screen.table("Overnames", COLUMNS, [row(answer) for answer in answers])


def row(answer: Answer) -> tuple[str, ...]:
    """One adoption, in the order of the columns."""
    known = answer.overview
    return (
        answer.gemeente,
        f"{known.title}\nversie {known.version}: {known.verdict}",
        answer.milestones,
        "\n".join(answer.partners) or "geen",
        "\n".join(funding(answer)),
        "\n".join(figures(answer)) or "niets gepland",
    )


def funding(answer: Answer) -> Iterator[str]:
    """Budget, what is firm of it, and what is left."""
    money = answer.overview.money
    if money is not None:
        yield f"budget {euro(money.budget)}"
        yield f"zeker {euro(money.firm)}"
        yield f"open {euro(money.gap)}"
    yield "rond" if answer.overview.secured else "nog niet rond"


def figures(answer: Answer) -> Iterator[str]:
    """For each planned indicator the last period that was measured, for the gemeente itself and for everybody."""
    known = answer.overview
    for indicator, target in sorted(answer.targets.items()):
        measured = [m for m in known.observed if m.indicator == indicator]
        last: Measured | None = max(measured, key=lambda m: m.end, default=None)
        own = "niets" if last is None else known.observed[last]
        public = HIDDEN if last is None else known.published.get(last, HIDDEN)
        yield answer.indicators[indicator]
        yield f"  doel {target}"
        yield f"  gemeten {own}"
        yield f"  openbaar {public}"
