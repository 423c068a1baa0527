"""/v1/projects/{project}/evidence: link and quote, bound to a part of a criterion."""

from __future__ import annotations

from uuid import UUID

from services.submission.evidence import operations
from services.submission.projects.http import Owner, organisation_of
from services.submission.projects.model import Evidence
from shared.contracts.vocabulary import Criterion
from shared.web import Body, IfMatch, Result, Tx, service_router

router = service_router("/projects/{project}/evidence", tag="Evidence")


class EvidenceBody(Body):
    """Where something is shown, in whose words, and for which part of which criterion."""

    criterion: Criterion
    part: str
    link: str
    quote: str


class EvidenceResult(Result):
    """A piece of evidence. `revision` is that of the project whose concept it belongs to."""

    id: UUID
    criterion: Criterion
    part: str
    link: str
    quote: str

    @classmethod
    def of(cls, evidence: Evidence, revision: int) -> EvidenceResult:
        """As it stands in the concept."""
        return cls.model_validate(evidence, from_attributes=True).model_copy(update={"revision": revision})


class ConceptResult(Result):
    """The project whose concept was changed. `revision` is its new one."""

    project: UUID
    evidence: int


@router.post("", status_code=201)
async def add_evidence(project: UUID, body: EvidenceBody, caller: Owner, tx: Tx) -> EvidenceResult:
    """Adds evidence to the concept."""
    changed, evidence = await operations.add(tx, project, organisation_of(caller), **dict(body))
    return EvidenceResult.of(evidence, changed.revision)


@router.put("/{evidence}")
async def put_evidence(
    project: UUID, evidence: UUID, body: EvidenceBody, if_match: IfMatch, caller: Owner, tx: Tx
) -> EvidenceResult:
    """Changes evidence in the concept."""
    stated = Evidence(evidence, **dict(body))
    changed = await operations.change(tx, project, organisation_of(caller), stated, if_match)
    return EvidenceResult.of(stated, changed.revision)


@router.delete("/{evidence}")
async def delete_evidence(project: UUID, evidence: UUID, if_match: IfMatch, caller: Owner, tx: Tx) -> ConceptResult:
    """Takes evidence out of the concept; `evidence` is how many pieces are left."""
    changed = await operations.remove(tx, project, organisation_of(caller), evidence, if_match)
    return ConceptResult(revision=changed.revision, project=project, evidence=len(changed.editable.evidence))
