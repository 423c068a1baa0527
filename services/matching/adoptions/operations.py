"""What can happen to an adoption. Each is one transaction; each leaves adoption and events in step.

`viewer` is who asks: an adoption that they may not see is unknown to them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from services.matching.adoptions import store
from services.matching.adoptions.model import (
    Adoption,
    AlreadyAdopted,
    InvalidAdoption,
    Milestone,
    Viewer,
)
from services.matching.catalogue import store as catalogue
from services.matching.catalogue.model import ProjectNotOffered
from services.matching.funding import operations as funding
from services.matching.funding.model import BaseContribution
from services.matching.organisations import store as organisations
from shared.contracts.events import AdoptionEnded, AdoptionStarted, Event, ImpactRecorded
from shared.publishing.taking import Offer
from shared.refusals import Fault, StaleRevision, UnknownEntity
from shared.storage import Transaction


@dataclass(frozen=True, slots=True)
class Wish:
    """What a gemeente wants to take over.

    `version` is the one that it looked at; without a budget the project's own costs are the budget.
    """

    project: UUID
    may_be_named: bool
    version: int | None = None
    budget_euro: int | None = None
    base: BaseContribution | None = None


async def start(tx: Transaction, gemeente: str, wish: Wish, today: date, adoption: UUID | None = None) -> Adoption:
    """A gemeente takes over the version that is on offer; its milestones and funding plan begin.

    `adoption` is the id that a publisher gave it; without one it gets one of ours.

    Raises: InvalidAdoption, ProjectNotOffered, AlreadyAdopted; UnknownEntity when another gemeente's has that id.
    """
    entry = await catalogue.load(tx, wish.project)
    if entry is None:
        raise InvalidAdoption("Dit project bestaat niet.", [Fault("project", "Kies een project uit de catalogus.")])
    offer = entry.adoptable_by(gemeente, today)
    if wish.version not in (None, offer.project_version):
        fault = Fault("projectVersion", f"Kies versie {offer.project_version}.")
        raise ProjectNotOffered(
            f"U koos versie {wish.version}. Over te nemen is versie {offer.project_version}.", [fault]
        )
    begun = Adoption(
        adoption or await store.new_id(tx),
        gemeente,
        await organisations.of_gemeente(tx, gemeente),
        wish.project,
        offer.project_version,
        offer.cost_euro if wish.budget_euro is None else wish.budget_euro,
        wish.may_be_named,
        started_on=today,
    )
    started = await store.add(tx, begun.start())
    if started is None:
        await _check_id(tx, begun)
        raise AlreadyAdopted("Uw gemeente neemt dit project al over.")
    tx.say(AdoptionStarted.of(started, adoption=started.id))
    await funding.begin(tx, started, wish.base, today)
    return started


async def take_started(tx: Transaction, offer: Offer[AdoptionStarted]) -> UUID:
    """A publisher starts an adoption for a gemeente that its right covers, as that gemeente could do itself.

    Taken are the publisher's own id of the adoption, gemeente, project, budget, and whether the gemeente may be named.
    Checked are `projectVersion`, which must be the version on offer, and `gemeenteOrganisation`, which must be the gemeente
    in the registry. `startedOn` is not taken: an adoption starts on the day on which it comes in, and a day that is yet to
    come is refused. An adoption that runs is not told again from outside: naming is changed by the gemeente.

    Raises: InvalidAdoption, ProjectNotOffered, AlreadyAdopted, UnknownEntity.
    """
    said = offer.data
    if faults := await _faults_of(tx, said, offer.today):
        raise InvalidAdoption("De gegevens van de overname kloppen niet.", faults)
    wish = Wish(said.project, said.may_be_named, said.project_version, said.budget_euro)
    try:
        return (await start(tx, said.gemeente, wish, offer.today, said.adoption)).id
    except (ProjectNotOffered, AlreadyAdopted) as refused:
        raise type(refused)(refused.detail, refused.faults or [Fault("project", refused.detail)]) from None


async def put_milestone(tx: Transaction, adoption: UUID, gemeente: str, changed: Milestone, seen: int) -> Adoption:
    """Raises: UnknownEntity, StaleRevision, AdoptionHasEnded, InvalidAdoption."""
    known = await _own(tx, adoption, gemeente, seen)
    if await organisations.unknown(tx, [changed.owner]):
        raise InvalidAdoption("De eigenaar is onbekend.", [Fault("owner", "Kies een organisatie uit het register.")])
    return await store.save(tx, known.with_milestone(changed))


async def put_naming(tx: Transaction, adoption: UUID, gemeente: str, seen: int, *, in_public: bool) -> Adoption:
    """Whether it may be said in public is told again, also after its end, for it decides what others may show.

    Raises: UnknownEntity, StaleRevision.
    """
    known = await _own(tx, adoption, gemeente, seen)
    changed = known.allow_naming(in_public=in_public)
    if changed == known:
        return known
    tx.say(AdoptionStarted.of(changed, adoption=adoption))
    return await store.save(tx, changed)


async def end(tx: Transaction, adoption: UUID, gemeente: str, reason: str, today: date) -> Adoption:
    """Raises: UnknownEntity, AdoptionHasEnded, InvalidAdoption."""
    known = await _own(tx, adoption, gemeente)
    ended = await store.save(tx, known.end(today, reason))
    tx.say(AdoptionEnded.of(ended, adoption=adoption, reason=reason))
    return ended


async def read(tx: Transaction, adoption: UUID, viewer: Viewer) -> Adoption:
    """The adoption. Raises: UnknownEntity."""
    known = await store.read(tx, adoption)
    if not known.is_seen_by(viewer):
        raise UnknownEntity("overname", adoption)
    return known


async def note_measured(tx: Transaction, events: Sequence[Event[ImpactRecorded]]) -> None:
    """Something was measured in these adoptions. The figures stay where they were recorded."""
    await store.note_measured(tx, {event.data.adoption for event in events})


async def _faults_of(tx: Transaction, said: AdoptionStarted, today: date) -> list[Fault]:
    """What is wrong in what a gemeente itself never states, since it follows."""
    registered = await organisations.of_gemeenten(tx, [said.gemeente])
    faults = []
    if said.gemeente not in registered:
        faults.append(Fault("gemeente", f"'{said.gemeente}' is geen code van een gemeente, zoals GM0518."))
    elif said.gemeente_organisation != registered[said.gemeente]:
        known = registered[said.gemeente]
        faults.append(Fault("gemeenteOrganisation", f"Gemeente {said.gemeente} staat in het register als {known}."))
    if said.started_on > today:
        faults.append(Fault("startedOn", "Deze dag moet nog komen. Stuur de overname op de dag waarop zij begint."))
    return faults


async def _check_id(tx: Transaction, begun: Adoption) -> None:
    """Raises: AlreadyAdopted where the id is taken; UnknownEntity where another gemeente has it, as its adoption is unknown."""
    for known in await store.read_many(tx, [begun.id]):
        if known.gemeente != begun.gemeente:
            raise UnknownEntity("overname", begun.id)
        fault = Fault("adoption", "Geef een nieuwe overname een nieuw id.")
        raise AlreadyAdopted("Deze overname is er al.", [fault])


async def _own(tx: Transaction, adoption: UUID, gemeente: str, seen: int | None = None) -> Adoption:
    known = await store.lock(tx, adoption)
    if known.gemeente != gemeente:
        raise UnknownEntity("overname", adoption)
    if seen is not None and seen != known.revision:
        raise StaleRevision(seen, known.revision)
    return known
