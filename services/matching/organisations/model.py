"""The partner registry: who could take part in an adoption, where, in what, and bound to whom (domain.md, Partners)."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from shared.conflicts import Tie
from shared.contracts.vocabulary import Means, PartnerKind, Phase, RelationKind, TargetGroup
from shared.reference import covers, gemeenten, is_region
from shared.refusals import Conflict, Fault, Forbidden, Invalid

LONGEST_NAME = 300
MOST_RELATIONS = 200
MOST_ADOPTIONS = 10_000  # above this it is a typing error


class InvalidOrganisation(Invalid):
    """Something that is told of an organisation is wrong; every fault names its field."""


class OrganisationHasEnded(Conflict):
    """It goes on as another one, and changes no more."""


class GemeenteStays(Conflict):
    """Every gemeente is in the registry once, from the start, and stays in it as that gemeente."""


class OnlyByProgrammeManager(Forbidden):
    """What an organisation is, and whether it goes up in another one, is not for itself to say."""


@dataclass(frozen=True, slots=True)
class Relation:
    """What this organisation is to another."""

    organisation: UUID
    kind: RelationKind
    until: date | None = None  # the last day on which it holds; open means now


@dataclass(frozen=True, slots=True)
class Organisation:
    """One organisation. Themes are the phases and target groups it works on; `means` is what it can bring.

    `capacity_adoptions` is how many adoptions it can take part in at the same time. Organisations never merge into a third:
    one ends, and `merged_into` says which one goes on.
    """

    id: UUID
    name: str
    kind: PartnerKind
    gemeente: str | None = None  # its code, where the organisation is a gemeente itself
    regions: tuple[str, ...] = ()
    phases: tuple[Phase, ...] = ()
    target_groups: tuple[TargetGroup, ...] = ()
    means: tuple[Means, ...] = ()
    capacity_adoptions: int = 0
    relations: tuple[Relation, ...] = ()
    active: bool = True
    merged_into: UUID | None = None
    revision: int = 0

    def check(self, unknown: Collection[UUID] = ()) -> None:
        """`unknown` are those of `others` that are not in the registry.

        Raises: InvalidOrganisation, naming everything that is wrong at once.
        """
        faults = [
            *self._name_faults(),
            *self._place_faults(),
            *self._capacity_faults(),
            *self._relation_faults(unknown),
        ]
        if faults:
            raise InvalidOrganisation("De gegevens van de organisatie kloppen niet.", faults)

    @property
    def others(self) -> frozenset[UUID]:
        """The organisations that it names."""
        named = {relation.organisation for relation in self.relations}
        return frozenset(named if self.merged_into is None else {*named, self.merged_into})

    def check_may_become(self, stated: Organisation) -> None:
        """Raises: OrganisationHasEnded, GemeenteStays."""
        self.check_goes_on()
        if self.gemeente is not None and stated.gemeente != self.gemeente:
            raise GemeenteStays(f"Deze organisatie is gemeente {self.gemeente} en blijft dat.")

    def check_goes_on(self) -> None:
        """Raises: OrganisationHasEnded."""
        if self.merged_into is not None:
            raise OrganisationHasEnded(f"Deze organisatie is opgegaan in {self.merged_into}. Wijzig die organisatie.")

    def check_own_words(self, stated: Organisation) -> None:
        """An organisation tells of itself what it likes, except what it is. Raises: OnlyByProgrammeManager."""
        fixed = (
            ("kind", self.kind is stated.kind),
            ("gemeente", self.gemeente == stated.gemeente),
            ("mergedInto", self.merged_into == stated.merged_into),
        )
        if faults := [Fault(field, "Dit wijzigt alleen een programmamanager.") for field, same in fixed if not same]:
            raise OnlyByProgrammeManager("Dit kunt u niet zelf wijzigen. Vraag het een programmamanager.", faults)

    @property
    def working_regions(self) -> tuple[str, ...]:
        """Where it works; a gemeente also in itself."""
        return self.regions if self.gemeente is None else (*self.regions, self.gemeente)

    def covers(self, gemeente: str) -> bool:
        """Whether it works in this gemeente. Raises: UnknownGemeente."""
        return covers(self.working_regions, gemeente)

    @property
    def ties(self) -> tuple[Tie, ...]:
        """What a conflict of interest can run through."""
        return tuple(Tie(self.id, r.kind, r.organisation, r.until) for r in self.relations)

    def _name_faults(self) -> Iterator[Fault]:
        if not self.name.strip() or len(self.name) > LONGEST_NAME:
            yield Fault("name", f"Geef de organisatie een naam van hooguit {LONGEST_NAME} tekens.")

    def _place_faults(self) -> Iterator[Fault]:
        if (self.gemeente is not None) != (self.kind is PartnerKind.GEMEENTE):
            yield Fault("gemeente", "Geef een gemeentecode als de organisatie een gemeente is, en anders niet.")
        if self.gemeente is not None and self.gemeente not in gemeenten():
            yield Fault("gemeente", f"'{self.gemeente}' is geen code van een gemeente, zoals GM0518.")
        for place, region in enumerate(self.regions):
            if not is_region(region):
                message = f"'{region}' is geen code van een gemeente (GM0518), provincie (PV28) of NL."
                yield Fault(f"regions.{place}", message)
        if not self.working_regions:
            yield Fault("regions", "Zeg waar de organisatie werkt: gemeenten, provincies of NL.")
        if len(set(self.regions)) < len(self.regions):
            yield Fault("regions", "Noem elk gebied één keer.")

    def _capacity_faults(self) -> Iterator[Fault]:
        if not 0 <= self.capacity_adoptions <= MOST_ADOPTIONS:
            yield Fault("capacityAdoptions", f"Geef een aantal van 0 tot en met {MOST_ADOPTIONS}.")
        for field, named in (("phases", self.phases), ("targetGroups", self.target_groups), ("means", self.means)):
            if len(set(named)) < len(named):
                yield Fault(field, "Noem elke waarde één keer.")

    def _relation_faults(self, unknown: Collection[UUID]) -> Iterator[Fault]:
        if len(self.relations) > MOST_RELATIONS:
            yield Fault("relations", f"Een organisatie heeft hooguit {MOST_RELATIONS} relaties.")
        for place, relation in enumerate(self.relations):
            if relation.organisation in unknown:
                yield Fault(f"relations.{place}.organisation", "Deze organisatie staat niet in het register.")
            if relation.organisation == self.id:
                yield Fault(f"relations.{place}.organisation", "Een organisatie heeft geen relatie met zichzelf.")
            if (relation.organisation, relation.kind) in {(r.organisation, r.kind) for r in self.relations[:place]}:
                yield Fault(f"relations.{place}", "Deze relatie staat er al.")
        if self.merged_into in unknown:
            yield Fault("mergedInto", "Deze organisatie staat niet in het register.")
        if self.merged_into == self.id:
            yield Fault("mergedInto", "Een organisatie kan niet in zichzelf opgaan.")
        if self.merged_into is not None and self.active:
            yield Fault("active", "Een organisatie die is opgegaan in een andere, is niet meer actief.")
