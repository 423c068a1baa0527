"""The words that events share. Values are the field's own Dutch terms (docs/glossary.md), as they stand on the wire."""

from __future__ import annotations

from enum import StrEnum


class Phase(StrEnum):
    """The seven phases of debt help, in their order (afwegingskader of SchuldenlabNL)."""

    BEWUSTWORDING = "bewustwording"
    KENNISMAKING = "kennismaking"
    VERWIJZING = "verwijzing"
    OP_ORDE_KOMEN = "op-orde-komen"
    PLAN_MAKEN = "plan-maken"
    SCHULD_AFBOUWEN = "schuld-afbouwen"
    VINGER_AAN_DE_POLS = "vinger-aan-de-pols"


class TargetGroup(StrEnum):
    """For whom a project is meant; each stands for figures that CBS publishes of every gemeente."""

    JONGEREN = "jongeren"
    LAAG_INKOMEN = "laag-inkomen"
    MULTIPROBLEEM = "multiprobleem"
    HUURDERS = "huurders"
    ALLE = "alle"


class Criterion(StrEnum):
    """The three criteria by which a project is proven (afwegingskader of SchuldenlabNL)."""

    WERKBAAR = "werkbaar"
    HERBRUIKBAAR = "herbruikbaar"
    BESCHIKBAAR = "beschikbaar"


class PartnerKind(StrEnum):
    """The kinds of organisation around a project."""

    GEMEENTE = "gemeente"
    MINISTERIE = "ministerie"
    PUBLIEKE_SCHULDEISER = "publieke-schuldeiser"
    BANK = "bank"
    ZORGVERZEKERAAR = "zorgverzekeraar"
    VERZEKERAAR = "verzekeraar"
    ENERGIELEVERANCIER = "energieleverancier"
    WONINGCORPORATIE = "woningcorporatie"
    TELECOM = "telecom"
    WATERBEDRIJF = "waterbedrijf"
    FONDS = "fonds"
    VRIJWILLIGERS = "vrijwilligers"
    MAATSCHAPPELIJK = "maatschappelijke-organisatie"
    KOEPEL = "koepel"
    KENNIS = "kennis-en-advies"
    BEDRIJF = "bedrijf"
    INCASSO = "incasso"


class Means(StrEnum):
    """What an organisation can bring."""

    GELD = "geld"
    EXPERTISE = "expertise"
    KWIJTSCHELDING = "afspraak-kwijtschelding"
    MENSEN = "mensen"


class RelationKind(StrEnum):
    """How one organisation is bound to another or to a project. The last two are soft: shown, but no conflict of interest."""

    EIGENAAR = "eigenaar"
    INDIENER = "indiener"
    IN_DIENST_VAN = "in-dienst-van"
    FINANCIERT = "financiert"
    VOERT_UIT = "voert-uit"
    DOCHTER_VAN = "dochter-van"
    BESTUURDER_VAN = "bestuurder-van"
    LID_VAN = "lid-van"
    CONVENANT_MET = "convenant-met"

    @property
    def is_hard(self) -> bool:
        """Whether this relation can make a conflict of interest."""
        return self not in (RelationKind.LID_VAN, RelationKind.CONVENANT_MET)


class Verdict(StrEnum):
    """What the portfolioboard decided."""

    ADOPT = "overnemen"
    ADOPT_WITH_CONDITIONS = "overnemen-onder-voorwaarden"
    NOT_NOW = "nu-niet"
    NO = "niet"

    @property
    def allows_adoption(self) -> bool:
        """Whether a gemeente may take the project over."""
        return self in (Verdict.ADOPT, Verdict.ADOPT_WITH_CONDITIONS)


class EvidenceLevel(StrEnum):
    """How well it is known that a project works (Movisie's ladder for social interventions)."""

    NONE = "nog-niet-beschreven"
    WELL_DESCRIBED = "goed-beschreven"
    WELL_FOUNDED = "goed-onderbouwd"
    EFFECTIVE = "effectief"


class CommitmentStage(StrEnum):
    """How sure a commitment is, in the order of its steps."""

    INTENTIE = "intentie"
    TOEZEGGING = "toezegging"
    BESCHIKKING = "beschikking"
    ONTVANGEN = "ontvangen"
