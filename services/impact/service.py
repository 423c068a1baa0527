"""The impact service on one page: what it says, what it hears, what it answers, what it takes from outside."""

from pathlib import Path

from services.impact.adoptions import http as adoptions
from services.impact.adoptions import reactions as adoptions_reactions
from services.impact.deliveries import http as deliveries
from services.impact.deliveries.operations import delivering
from services.impact.exports import http as exports
from services.impact.feed import http as feed
from services.impact.figures import http as figures
from services.impact.indicators import http as indicators
from services.impact.observations import http as observations
from services.impact.observations.operations import take_recorded
from services.impact.plans import http as plans
from services.impact.progress import http as progress
from services.impact.publication import operations as publication
from services.impact.publication import reactions as publication_reactions
from services.impact.webhooks import http as webhooks
from services.impact.webhooks.operations import forget_old
from shared.contracts.events import ImpactPublished, ImpactRecorded
from shared.publishing.taking import take
from shared.runtime import Service, always, daily

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
        feed.snapshots,
        feed.router,
        webhooks.router,
        deliveries.router,
        exports.router,
    ],
    takes=[take(ImpactRecorded, take_recorded)],
    does=[daily("06:30", publication.release_waiting), daily("04:15", forget_old), always("webhooks", delivering)],
)
