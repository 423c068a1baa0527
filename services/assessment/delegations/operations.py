"""What somebody to whom the board left a decision can do. One transaction; it leaves assessment and event in step."""

from __future__ import annotations

from uuid import UUID

from services.assessment.decisions import operations as decisions
from services.assessment.decisions import store
from services.assessment.delegations.model import NotBeforeTheBoard, NotDelegated, decided
from services.assessment.frameworks.model import framework_numbered
from shared.contracts.events import ProjectAssessed
from shared.publishing.taking import Offer
from shared.refusals import Fault
from shared.storage import Transaction


async def take_assessed(tx: Transaction, offer: Offer[ProjectAssessed]) -> UUID:
    """A publisher with a delegation by the board tells its decision on one version; it is known from this moment on.

    Taken are verdict, evidence level, reasons with their mean scores, conditions with their ids, the reason to go against the
    scores, and the day of the decision. Checked are `frameworkVersion`, which must be that of the assessment, and
    `validUntil`, which may come earlier than the framework's term but not later. Not taken are `assessment`, for the board's
    own is found by project and version, and `releasedOn`, which is today.

    Raises: NotDelegated, NotBeforeTheBoard, AlreadyDecided, NotOpen, IncompleteDecision.
    """
    said = offer.data
    if offer.right.delegation is None:
        raise NotDelegated("Het portfolioboard heeft u niet gemachtigd om besluiten te nemen.")
    known = {each.id: each for each in await store.lock_projects(tx, [said.project])}
    weighed = next((each for each in known.values() if each.project_version == said.project_version), None)
    if weighed is None:
        fault = Fault("projectVersion", "Noem een versie die is ingediend. Is dat net gebeurd? Probeer het zo weer.")
        raise NotBeforeTheBoard("Deze versie van dit project ligt niet voor aan het portfolioboard.", [fault])
    framework = framework_numbered(weighed.framework_version)
    released = decided(weighed, said, offer.right.delegation, framework, offer.today)
    await decisions.make_known(tx, known, released)
    return released.id
