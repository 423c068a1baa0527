"""Every event by its name."""

from shared.contracts.event import Event, EventData, Stream
from shared.contracts.events.adoption_ended import AdoptionEnded
from shared.contracts.events.adoption_started import AdoptionStarted
from shared.contracts.events.funding_reopened import FundingReopened, ReopenedBecause
from shared.contracts.events.funding_secured import FundingSecured
from shared.contracts.events.impact_published import ImpactPublished, ReleaseKind
from shared.contracts.events.impact_recorded import ImpactRecorded
from shared.contracts.events.organisation_changed import OrganisationChanged
from shared.contracts.events.partnership_formed import PartnershipFormed
from shared.contracts.events.project_assessed import ProjectAssessed
from shared.contracts.events.project_submitted import ProjectSubmitted
from shared.contracts.events.project_withdrawn import ProjectWithdrawn

__all__ = [
    "AdoptionEnded",
    "AdoptionStarted",
    "Event",
    "EventData",
    "FundingReopened",
    "FundingSecured",
    "ImpactPublished",
    "ImpactRecorded",
    "OrganisationChanged",
    "PartnershipFormed",
    "ProjectAssessed",
    "ProjectSubmitted",
    "ProjectWithdrawn",
    "ReleaseKind",
    "ReopenedBecause",
    "Stream",
]
