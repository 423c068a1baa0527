"""Evidence in the concept of a project: a place and the words found there, for one part of one criterion.

`seen` is the revision of the project that the caller looked at. A project of another organisation is unknown.
"""

from __future__ import annotations

from uuid import UUID

from services.submission.projects import store
from services.submission.projects.model import Evidence, Project
from shared.contracts.vocabulary import Criterion
from shared.refusals import UnknownEntity
from shared.storage import Transaction


async def add(
    tx: Transaction, project: UUID, organisation: UUID, *, criterion: Criterion, part: str, link: str, quote: str
) -> tuple[Project, Evidence]:
    """Binds new evidence to a part of a criterion. Raises: UnknownEntity, NothingToEdit, IncompleteProject."""
    known = await store.lock(tx, project, organisation)
    evidence = Evidence(await store.new_id(tx), criterion, part, link, quote)
    return await store.save(tx, known.add_evidence(evidence)), evidence


async def change(tx: Transaction, project: UUID, organisation: UUID, evidence: Evidence, seen: int) -> Project:
    """Raises: UnknownEntity, StaleRevision, NothingToEdit, IncompleteProject."""
    known = await store.lock(tx, project, organisation, seen)
    _check_has(known, evidence.id)
    return await store.save(tx, known.add_evidence(evidence))


async def remove(tx: Transaction, project: UUID, organisation: UUID, evidence: UUID, seen: int) -> Project:
    """Raises: UnknownEntity, StaleRevision, NothingToEdit."""
    known = await store.lock(tx, project, organisation, seen)
    _check_has(known, evidence)
    return await store.save(tx, known.remove_evidence(evidence))


def _check_has(project: Project, evidence: UUID) -> None:
    if not any(known.id == evidence for known in project.editable.evidence):
        raise UnknownEntity("bewijs", evidence)
