"""The submission service on one page: what it says, what it hears, what it answers, what it takes from outside."""

from pathlib import Path

from services.submission.criteria import http as criteria
from services.submission.evidence import http as evidence
from services.submission.outcomes import reactions as outcomes
from services.submission.projects import http as projects
from services.submission.projects.operations import take_submitted
from shared.contracts.events import ProjectSubmitted, ProjectWithdrawn
from shared.publishing.taking import take
from shared.runtime import Service

service = Service(
    name="submission",
    title="Projecten aanmelden",
    home=Path(__file__).parent,
    says=[ProjectSubmitted, ProjectWithdrawn],
    hears=[*outcomes.REACTIONS],
    answers=[projects.router, evidence.router, criteria.router],
    takes=[take(ProjectSubmitted, take_submitted)],
)
