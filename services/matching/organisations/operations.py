"""What can happen to an organisation in the registry. Each is one transaction, and tells what changed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from uuid import UUID

from services.matching.organisations import store
from services.matching.organisations.model import GemeenteStays, Organisation
from shared.contracts.events import OrganisationChanged
from shared.reference import gemeenten
from shared.refusals import StaleRevision, UnknownEntity
from shared.storage import Transaction


@dataclass(frozen=True, slots=True)
class Editor:
    """Who changes: a programme manager anything, others the organisation or the gemeente that they are."""

    is_programme_manager: bool
    organisation: UUID | None = None
    gemeente: str | None = None

    def is_of(self, organisation: Organisation) -> bool:
        """Whether it is the editor's own."""
        return organisation.id == self.organisation or (
            organisation.gemeente is not None and organisation.gemeente == self.gemeente
        )

    def sees_all_of(self, organisation: Organisation) -> bool:
        """Capacity and relations are for the organisation itself and for the programme managers."""
        return self.is_programme_manager or self.is_of(organisation)


async def register(tx: Transaction, stated: Callable[[UUID], Organisation]) -> Organisation:
    """A new organisation, stated once it has an id. Raises: InvalidOrganisation, OrganisationHasEnded, GemeenteStays."""
    organisation = stated(await store.new_id(tx))
    return await _save(tx, organisation)


async def change(tx: Transaction, stated: Organisation, editor: Editor, seen: int) -> Organisation:
    """The organisation as it is stated now; nothing is told when that is what was known.

    `seen` is the revision that the editor looked at.

    Raises: UnknownEntity, StaleRevision, OrganisationHasEnded, GemeenteStays, OnlyByProgrammeManager, InvalidOrganisation.
    """
    into = () if stated.merged_into is None else (stated.merged_into,)
    known = await store.lock(tx, stated.id, *into)
    if not editor.sees_all_of(known):
        raise UnknownEntity("organisatie", stated.id)
    if seen != known.revision:
        raise StaleRevision(seen, known.revision)
    known.check_may_become(stated)
    if not editor.is_programme_manager:
        known.check_own_words(stated)
    stated = replace(stated, revision=known.revision)
    return known if stated == known else await _save(tx, stated)


async def load_gemeenten(tx: Transaction) -> list[Organisation]:
    """Every gemeente as an organisation that works in itself. Those that are there already stay as they are."""
    added = await store.add_gemeenten(tx, {g.code: f"Gemeente {g.short_name}" for g in gemeenten().values()})
    for organisation in added:
        _tell(tx, organisation)
    return added


async def _save(tx: Transaction, organisation: Organisation) -> Organisation:
    organisation.check(await store.unknown(tx, organisation.others))
    if organisation.merged_into is not None:
        (await store.read(tx, organisation.merged_into)).check_goes_on()
    if organisation.gemeente is not None:
        await _check_only_one(tx, organisation, organisation.gemeente)
    saved = await store.save(tx, organisation)
    _tell(tx, saved)
    return saved


async def _check_only_one(tx: Transaction, organisation: Organisation, gemeente: str) -> None:
    known = await store.of_gemeenten(tx, [gemeente])
    if known.get(gemeente, organisation.id) != organisation.id:
        raise GemeenteStays(f"Gemeente {gemeente} staat al in het register: {known[gemeente]}.")


def _tell(tx: Transaction, organisation: Organisation) -> None:
    tx.say(OrganisationChanged.of(organisation, organisation=organisation.id))
