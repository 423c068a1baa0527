"""What the portfolio hears of projects that were taken over."""

from services.assessment.portfolio import operations
from shared.contracts.events import AdoptionStarted, ImpactPublished
from shared.messaging import batch

REACTIONS = [
    batch(AdoptionStarted, operations.keep_adoptions),
    batch(ImpactPublished, operations.keep_figures),
]
