"""The assessment service on one page: what it says, what it hears, what it answers, what it takes from outside."""

from pathlib import Path

from services.assessment.board import http as board
from services.assessment.board import reactions as board_reactions
from services.assessment.decisions import http as decisions
from services.assessment.decisions import reactions as decisions_reactions
from services.assessment.delegations.operations import take_assessed
from services.assessment.dockets import http as dockets
from services.assessment.frameworks import http as frameworks
from services.assessment.portfolio import http as portfolio
from services.assessment.portfolio import reactions as portfolio_reactions
from services.assessment.reviews import http as reviews
from shared.contracts.events import ProjectAssessed
from shared.publishing.taking import take
from shared.runtime import Service

service = Service(
    name="assessment",
    title="Projecten beoordelen",
    home=Path(__file__).parent,
    says=[ProjectAssessed],
    hears=[*decisions_reactions.REACTIONS, *board_reactions.REACTIONS, *portfolio_reactions.REACTIONS],
    answers=[
        frameworks.router,
        board.router,
        board.settings,
        dockets.router,
        reviews.router,
        decisions.router,
        decisions.releases,
        portfolio.router,
    ],
    takes=[take(ProjectAssessed, take_assessed)],
)
