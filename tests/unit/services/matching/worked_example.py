"""The worked example of methods.md A: one gemeente and three projects."""

from datetime import date
from uuid import UUID

from services.matching.scoring.model import Attainment, Project, Situation
from shared.contracts.vocabulary import Phase, TargetGroup
from shared.reference import Column

TODAY = date(2026, 11, 24)

HERE = Situation(
    "GM0518",
    percentiles={Column.AGE_15_25: 0.7, Column.LOW_INCOME: 0.8, Column.BIJSTAND: 0.9, Column.SOCIAL_HOUSING: 0.7},
    look_alikes={"a": 1, "b": 0.5, "c": 0.5},
    neighbours=frozenset("ax"),
    covered=frozenset({Phase.BEWUSTWORDING}),
    have_fte=0.5,
    have_euro=50_000,
    gemeenten=24,  # twenty that are not alike: so that one adopter among them makes "elsewhere" .05, ten make it .50
)
CSR = Project(
    UUID(int=1),
    "Collectief Schuldregelen",
    frozenset({Phase.SCHULD_AFBOUWEN}),
    frozenset({TargetGroup.LAAG_INKOMEN}),
    TODAY,
    effort_fte=0.4,
    cost_euro=30_000,
    attainments=(Attainment(0.6, 300),),
)
JPF = Project(
    UUID(int=2),
    "Jongeren Perspectief Fonds",
    frozenset({Phase.PLAN_MAKEN, Phase.SCHULD_AFBOUWEN, Phase.VINGER_AAN_DE_POLS}),
    frozenset({TargetGroup.JONGEREN}),
    TODAY,
    effort_fte=1,
    cost_euro=100_000,
    adopters=frozenset("ad"),
    attainments=(Attainment(0.62, 100),),
)
NSR = Project(
    UUID(int=3),
    "Nederlandse Schuldhulproute",
    frozenset({Phase.BEWUSTWORDING, Phase.VERWIJZING}),
    frozenset({TargetGroup.ALLE}),
    TODAY,
    effort_fte=0.2,
    cost_euro=20_000,
    adopters=frozenset("abx" + "defghijkl"),
)
