"""The impact service on one page: what it says, what it hears, what it answers."""

from pathlib import Path

from services.impact.adoptions import http as adoptions
from services.impact.adoptions import reactions as adoptions_reactions
from services.impact.figures import http as figures
from services.impact.indicators import http as indicators
from services.impact.observations import http as observations
from services.impact.plans import http as plans
from services.impact.progress import http as progress
from services.impact.publication import operations as publication
from services.impact.publication import reactions as publication_reactions
from shared.contracts.events import ImpactPublished, ImpactRecorded
from shared.runtime import Service, daily

service = Service(
    name="impact",
    title="Impact meten en laten zien",
    home=Path(__file__).parent,
    says=[ImpactRecorded, ImpactPublished],
    hears=[*adoptions_reactions.REACTIONS, *publication_reactions.REACTIONS],
    answers=[
        indicators.router,
        adoptions.router,
        plans.router,
        observations.router,
        observations.batches,
        observations.figures,
        progress.router,
        figures.router,
        figures.releases,
    ],
    does=[daily("06:30", publication.release_waiting)],
)
