"""What can happen to a project. Each is one transaction; each leaves project and events in step.

`seen` is the revision that the caller looked at. A project of another organisation is unknown.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from services.submission.projects import store
from services.submission.projects.model import Description, Project, Summary
from shared.contracts.events import ProjectSubmitted, ProjectWithdrawn
from shared.refusals import UnknownEntity
from shared.storage import Transaction


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
    known = await store.lock(tx, project, organisation)
    submitted = await store.save(tx, known.submit(today))
    version = submitted.versions[-1]
    tx.say(
        ProjectSubmitted.of(
            version.description, project=project, project_version=version.number, submitted_on=version.submitted_on
        )
    )
    return submitted


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
