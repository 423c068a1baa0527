"""What can happen to a partnership. Each is one transaction, under the lock of its adoption.

`viewer` is who asks. Nobody is told of a claim until the gemeente confirms it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from uuid import UUID

from services.matching.adoptions import store
from services.matching.adoptions.model import Adoption, Viewer
from services.matching.organisations import store as organisations
from services.matching.partnerships.model import (
    InvalidPartnership,
    NotYoursToDecide,
    OrganisationNotActive,
    Partnership,
)
from shared.contracts.events import PartnershipFormed
from shared.contracts.vocabulary import Means
from shared.refusals import Fault, UnknownEntity
from shared.storage import Transaction


async def claim(
    tx: Transaction, adoption: UUID, viewer: Viewer, today: date, *, role: Means, organisation: UUID | None
) -> tuple[Adoption, Partnership]:
    """An organisation says of itself that it takes part, or the gemeente invites it. Nobody is told yet.

    Raises: UnknownEntity, InvalidPartnership, OrganisationNotActive, AdoptionHasEnded, AlreadyPartner.
    """
    known = await store.lock(tx, adoption)
    is_invitation = viewer.gemeente == known.gemeente
    organisation = organisation or (None if is_invitation else next(iter(viewer.organisations), None))
    if organisation is None:
        raise InvalidPartnership("De organisatie ontbreekt.", [Fault("organisation", "Zeg wie u uitnodigt.")])
    if not is_invitation and organisation not in viewer.organisations:
        raise UnknownEntity("organisatie", organisation)
    by = known.gemeente_organisation if is_invitation else organisation
    await _check_active(tx, organisation)
    claimed = Partnership(await store.new_id(tx), organisation, role, by, today)
    return await store.save(tx, known.claim(claimed)), claimed


async def confirm(tx: Transaction, adoption: UUID, partnership: UUID, viewer: Viewer, today: date) -> Adoption:
    """The organisation takes part from now on.

    Raises: UnknownEntity, NotYoursToDecide, PartnershipDecided, OrganisationNotActive.
    """

    def agreed(known: Adoption) -> Adoption:
        asked = known.partnership(partnership)
        if known.is_invitation(asked) and asked.organisation not in viewer.organisations:
            raise NotYoursToDecide("Over uw uitnodiging beslist de organisatie die u vroeg.")
        return known.confirm(partnership, today)

    confirmed = await _decide(tx, adoption, partnership, viewer, agreed)
    formed = confirmed.partnership(partnership)
    await _check_active(tx, formed.organisation)
    tx.say(PartnershipFormed.of(formed, adoption=adoption, partnership=partnership, confirmed_on=formed.decided_on))
    return confirmed


async def refuse(
    tx: Transaction, adoption: UUID, partnership: UUID, viewer: Viewer, today: date, *, reason: str
) -> Adoption:
    """It does not take part. Raises: UnknownEntity, NotYoursToDecide, PartnershipDecided, InvalidPartnership."""
    return await _decide(tx, adoption, partnership, viewer, lambda known: known.refuse(partnership, today, reason))


async def read(tx: Transaction, adoption: UUID, partnership: UUID, viewer: Viewer) -> tuple[Adoption, Partnership]:
    """One partnership; whoever claims sees what became of its claim. Raises: UnknownEntity."""
    known = await store.read(tx, adoption)
    is_seen = known.is_seen_by(viewer)
    shown = [p for p in known.shown_to(viewer) if is_seen or p.organisation in viewer.organisations]
    return known, _among(shown, partnership, known, viewer)


async def _check_active(tx: Transaction, organisation: UUID) -> None:
    found = await organisations.read_many(tx, [organisation])
    if not found:
        raise InvalidPartnership(
            "Deze organisatie bestaat niet.", [Fault("organisation", "Kies er een uit het register.")]
        )
    if not found[0].active:
        raise OrganisationNotActive(f"{found[0].name} doet niet meer mee op dit platform.")


def _among(shown: Sequence[Partnership], partnership: UUID, known: Adoption, viewer: Viewer) -> Partnership:
    """The one with this id. To who may not see the adoption it looks as if that were not there. Raises: UnknownEntity."""
    found = next((each for each in shown if each.id == partnership), None)
    if found is None:
        is_seen = known.is_seen_by(viewer)
        raise UnknownEntity("samenwerking", partnership) if is_seen else UnknownEntity("overname", known.id)
    return found


async def _decide(
    tx: Transaction, adoption: UUID, partnership: UUID, viewer: Viewer, decide: Callable[[Adoption], Adoption]
) -> Adoption:
    """The gemeente decides on every claim, and may take an invitation back; who was invited answers."""
    known = await store.lock(tx, adoption)
    is_gemeente = viewer.gemeente == known.gemeente
    decided_by = [p for p in known.partnerships if is_gemeente or p.organisation in viewer.organisations]
    asked = _among(decided_by, partnership, known, viewer)
    if not is_gemeente and not known.is_invitation(asked):
        raise NotYoursToDecide("Over uw eigen aanmelding beslist de gemeente.")
    return await store.save(tx, decide(known))
