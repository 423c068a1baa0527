"""What the board keeps of the partner registry: what binds organisations, for conflicts of interest."""

from services.assessment.board import operations
from shared.contracts.events import OrganisationChanged
from shared.messaging import batch

REACTIONS = [batch(OrganisationChanged, operations.keep_organisations)]
