"""Records about one person, known by the names of their fields: we take aggregates only (domain.md, Impact).

A record is told by one field that only a person has (voornaam, geboortedatum), or by fields that together point to one
household or client (postcode and huisnummer; clientnummer and geslacht). Dutch and English names, in any spelling: case, spaces,
dashes and underscores do not matter. A field without content does not count.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache

_OF_A_PERSON = frozenset({
    "bsn", "bsnnummer", "burgerservicenummer", "sofinummer", "citizenservicenumber", "socialsecuritynumber", "ssn",
    "voornaam", "voornamen", "roepnaam", "achternaam", "geslachtsnaam", "meisjesnaam", "voorletters", "tussenvoegsel",
    "firstname", "givenname", "givennames", "forename", "lastname", "surname", "familyname", "maidenname", "initials",
    "geboortedatum", "geboorteplaats", "geboorteland", "geboortejaar", "overlijdensdatum",
    "dateofbirth", "birthdate", "birthday", "birthplace", "placeofbirth", "birthyear", "yearofbirth", "dob",
    "paspoortnummer", "rijbewijsnummer", "passportnumber", "vnummer",
})  # fmt: skip

_TOGETHER: tuple[tuple[frozenset[str], frozenset[str]], ...] = (
    (
        frozenset({"adres", "straat", "straatnaam", "postcode", "address", "street", "streetname", "zipcode", "postalcode"}),
        frozenset({"huisnummer", "huisnr", "housenumber", "streetnumber"}),
    ),
    (
        frozenset({
            "clientnummer", "clientid", "clientnumber", "klantnummer", "klantid", "customernumber", "deelnemernummer",
            "deelnemerid", "participantid", "dossiernummer", "dossierid", "casenumber", "zaaknummer", "debiteurnummer",
            "debtornumber",
        }),
        frozenset({
            "geslacht", "gender", "leeftijd", "age", "nationaliteit", "nationality", "burgerlijkestaat", "maritalstatus",
            "inkomen", "income", "schuldbedrag", "totaalschuldbedrag", "debtamount", "uitstroomreden",
        }),
    ),
)  # fmt: skip

_EMPTY = r"(?:null\b|\\*\"\\*\"|''|\[\]|\{\}|$)"
_QUOTED_FIELD = re.compile(rf"[\"']([A-Za-z][\w .-]{{1,40}})\\*[\"']\s*:(?!\s*{_EMPTY})")
_TAGGED_FIELD = re.compile(r"<(?:[\w-]{1,40}:)?([A-Za-z][\w.-]{1,40})(?:\s[^<>]{0,200})?>\s*(?=[^<\s])")
_DELIMITER = re.compile(r"[;,\t|]")


@lru_cache(maxsize=4096)
def plain(name: str) -> str:
    """A field's name without case and spelling: "Date_of-Birth" is "dateofbirth"."""
    return "".join(sign for sign in name.lower() if sign.isalnum())


def is_of_a_person(names: Iterable[str]) -> bool:
    """Whether a record with these fields (`plain` names) is about one person or household."""
    given = set(names)
    if not given.isdisjoint(_OF_A_PERSON):
        return True
    return any(not given.isdisjoint(one) and not given.isdisjoint(other) for one, other in _TOGETHER)


def is_written_in(text: str) -> bool:
    """Whether a text holds such a record: as JSON (also broken JSON), as XML, or as a table with a heading and a row."""
    if ":" in text and is_of_a_person(plain(match[1]) for match in _QUOTED_FIELD.finditer(text)):
        return True
    if "<" in text and is_of_a_person(plain(match[1]) for match in _TAGGED_FIELD.finditer(text)):
        return True
    return "\n" in text and any(_is_heading(cells) for cells in _headings(text))


def _headings(text: str) -> Iterator[list[str]]:
    """Lines that are followed by a line of as many cells."""
    cells: list[str] = []
    for line in text.splitlines():
        previous, cells = cells, _DELIMITER.split(line)
        if len(cells) > 1 and len(cells) == len(previous):
            yield previous


def _is_heading(cells: list[str]) -> bool:
    names = {plain(cell) for cell in cells}
    return len(names) > 1 and is_of_a_person(names)
