"""The matching service on one page: what it says, what it hears, what it answers, takes from outside and does by itself."""

from pathlib import Path

from services.matching.adoptions import http as adoptions
from services.matching.adoptions import reactions as adoption_reactions
from services.matching.adoptions.operations import take_started
from services.matching.catalogue import http as catalogue
from services.matching.catalogue import reactions as catalogue_reactions
from services.matching.funding import http as funding
from services.matching.funding.operations import lapse, take_secured
from services.matching.gemeenten import http as gemeenten
from services.matching.organisations import http as organisations
from services.matching.organisations.operations import load_gemeenten
from services.matching.partnering import http as partnering
from services.matching.partnerships import http as partnerships
from services.matching.suggestions import http as suggestions
from services.matching.suggestions.operations import keep_all
from shared.contracts.events import (
    AdoptionEnded,
    AdoptionStarted,
    FundingReopened,
    FundingSecured,
    OrganisationChanged,
    PartnershipFormed,
)
from shared.publishing.taking import take
from shared.runtime import Service, daily, on_load

service = Service(
    name="matching",
    title="Projecten kiezen en overnemen",
    home=Path(__file__).parent,
    says=[OrganisationChanged, AdoptionStarted, PartnershipFormed, FundingSecured, FundingReopened, AdoptionEnded],
    hears=[*catalogue_reactions.REACTIONS, *adoption_reactions.REACTIONS],
    answers=[
        gemeenten.router,
        organisations.router,
        catalogue.router,
        suggestions.router,
        adoptions.router,
        partnerships.router,
        funding.router,
        partnering.router,
    ],
    takes=[take(AdoptionStarted, take_started), take(FundingSecured, take_secured)],
    does=[on_load(load_gemeenten), daily("05:00", keep_all), daily("06:00", lapse)],
)
