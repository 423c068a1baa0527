"""What can happen to a project. Each is one transaction; each leaves project and events in step.

`seen` is the revision that the caller looked at. A project of another organisation is unknown.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from uuid import UUID

from services.submission.projects import store
from services.submission.projects.model import (
    AlreadyBeingRevised,
    Description,
    Evidence,
    IncompleteProject,
    Involvement,
    Project,
    Summary,
)
from shared.contracts.events import ProjectSubmitted, ProjectWithdrawn
from shared.contracts.vocabulary import RelationKind
from shared.publishing.taking import Offer
from shared.refusals import Conflict, Fault, UnknownEntity
from shared.storage import Transaction


class NotTheNextVersion(Conflict):
    """Versions follow each other without gaps: a publisher says which one it means to submit, and that is another one."""


@dataclass(frozen=True, slots=True)
class Reader:
    """Who looks: an organisation sees its own projects whole, the board sees of all what was submitted."""

    organisation: UUID | None
    sees_submitted: bool


async def begin(tx: Transaction, organisation: UUID, description: Description) -> Project:
    """A new project, with as much as is known of it."""
    return await store.add(tx, organisation, description)


async def write(tx: Transaction, project: UUID, organisation: UUID, description: Description, seen: int) -> Project:
    """Saves the concept, complete or not. Raises: UnknownEntity, StaleRevision, NothingToEdit."""
    known = await store.lock(tx, project, organisation, seen)
    return await store.save(tx, known.write(description))


async def submit(tx: Transaction, project: UUID, organisation: UUID, today: date) -> Project:
    """The concept becomes the next version. Raises: UnknownEntity, NothingToEdit, IncompleteProject."""
    return await _submit(tx, await store.lock(tx, project, organisation), today)


async def take_submitted(tx: Transaction, offer: Offer[ProjectSubmitted]) -> UUID:
    """A publisher submits a project, or its next version, for the one organisation that its event names as `indiener`.

    What is told of the project is taken as it is, with the publisher's own ids of the project and of its evidence.
    `projectVersion` is checked: it must be the next one. `submittedOn` is not taken: the day on which it came in counts, for
    the framework follows from it. A concept that the organisation is writing itself is never written over.

    Raises: IncompleteProject, UnknownEntity, NotTheNextVersion, AlreadyBeingRevised.
    """
    said = offer.data
    organisation = _submitter(said)
    description = _description(said)
    known = await store.begin(tx, said.project, organisation) or await store.lock(tx, said.project, organisation)
    if known.concept is not None:
        fault = Fault("project", "Dien die versie eerst in, en stuur daarna de volgende.")
        raise AlreadyBeingRevised("De organisatie werkt zelf al aan een versie van dit project.", [fault])
    _check_next(said, versions=len(known.versions))
    await _submit(tx, replace(known, concept=description), offer.today)
    return said.project


async def revise(tx: Transaction, project: UUID, organisation: UUID) -> Project:
    """Begins the next version. Raises: UnknownEntity, AlreadyBeingRevised."""
    known = await store.lock(tx, project, organisation)
    return await store.save(tx, known.revise())


async def withdraw(tx: Transaction, project: UUID, organisation: UUID, reason: str, today: date) -> Project:
    """Takes it off the offer. Raises: UnknownEntity, NotOnOffer, IncompleteProject."""
    known = await store.lock(tx, project, organisation)
    withdrawn = await store.save(tx, known.withdraw(reason, today))
    tx.say(
        ProjectWithdrawn.of(
            withdrawn, project=project, project_version=len(withdrawn.versions), reason=withdrawn.withdrawal_reason
        )
    )
    return withdrawn


async def read(tx: Transaction, project: UUID, reader: Reader) -> Project:
    """The project as this reader may see it. Raises: UnknownEntity."""
    known = await store.read(tx, project)
    if known.organisation == reader.organisation:
        return known
    if not reader.sees_submitted:
        raise UnknownEntity("project", project)
    return known.as_others_see_it()


async def summaries(tx: Transaction, reader: Reader, after: UUID | None, limit: int) -> Sequence[Summary]:
    """The projects that this reader may see, the newest first."""
    return await store.summaries(tx, reader.organisation, after, limit, sees_submitted=reader.sees_submitted)


async def _submit(tx: Transaction, known: Project, today: date) -> Project:
    submitted = await store.save(tx, known.submit(today))
    version = submitted.versions[-1]
    tx.say(
        ProjectSubmitted.of(
            version.description, project=known.id, project_version=version.number, submitted_on=version.submitted_on
        )
    )
    return submitted


def _submitter(said: ProjectSubmitted) -> UUID:
    """On whose behalf an event submits. Raises: IncompleteProject."""
    submitters = {each.organisation for each in said.involvements if each.relation is RelationKind.INDIENER}
    if len(submitters) != 1:
        fault = Fault("involvements", "Noem één organisatie met de relatie 'indiener': namens haar dient u in.")
        raise IncompleteProject("Het is niet duidelijk namens wie u het project indient.", [fault])
    return submitters.pop()


def _description(said: ProjectSubmitted) -> Description:
    """What an event tells of a project, as its organisation could have told it here. Raises: IncompleteProject."""
    if len({evidence.id for evidence in said.evidence}) < len(said.evidence):
        fault = Fault("evidence", "Geef elk stuk bewijs een eigen id.")
        raise IncompleteProject("Twee stukken bewijs hebben hetzelfde id.", [fault])
    told = {name: value for name, value in said if name in Description.__dataclass_fields__}
    parts = {
        "involvements": tuple(Involvement(i.organisation, i.relation) for i in said.involvements),
        "evidence": tuple(Evidence(e.id, e.criterion, e.part, e.link, e.quote) for e in said.evidence),
    }
    return Description(**{**told, **parts})


def _check_next(said: ProjectSubmitted, *, versions: int) -> None:
    if said.project_version != versions + 1:
        detail = f"Bij dit project is versie {versions + 1} aan de beurt, en niet versie {said.project_version}."
        raise NotTheNextVersion(detail, [Fault("projectVersion", f"Dien versie {versions + 1} in.")])
