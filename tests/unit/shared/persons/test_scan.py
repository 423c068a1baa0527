"""Is there a person in what came in, whatever its shape: data, a table, a record that nobody could read?"""

from __future__ import annotations

import gzip
import json
import random
from base64 import b64encode
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.persons import Finding, Kind, PersonDataFound, refuse_person_data, scan, scan_bytes, scan_text, scrub

BSN = "123456782"
AGGREGATE = {
    "adoption": "0190a5a0-1234-7567-8212-345678212345",
    "gemeente": "GM0518",
    "indicator": "aanmeldingen",
    "periodStart": "2026-07-01",
    "value": 4217,
    "numerator": None,
    "provenance": {
        "source": "Registratie",
        "method": "Unieke personen",
        "link": "https://example.nl/rapport-2026-11-24",
    },
}


def places(value: object) -> set[tuple[str, Kind]]:
    return {(finding.path, finding.kind) for finding in scan(value)}


def test_an_aggregate_is_clean() -> None:
    assert scan(AGGREGATE) == ()
    assert scan_bytes(json.dumps(AGGREGATE).encode()) == ()


def test_every_place_is_found_in_texts_numbers_and_names_of_fields() -> None:
    value = {
        "summary": f"cliënt {BSN}",
        "rows": [{"n": 12}, {"n": int(BSN)}, {"n": Decimal(BSN)}],
        "notes": ("goed", {"by": "jan@voorbeeld.nl"}),
        f"dossier {BSN}": 1,
    }
    assert places(value) == {
        ("summary", Kind.BSN), ("rows.1.n", Kind.BSN), ("rows.2.n", Kind.BSN), ("notes.1.by", Kind.MAIL), ("3", Kind.BSN),
    }  # fmt: skip


def test_identifiers_with_a_type_of_their_own_are_let_through() -> None:
    assert (
        scan({"rsin": BSN, "oin": f"00000001{BSN}000", "kvk": "27123456", "id": UUID(int=1), "on": date(2026, 1, 1)})
        == ()
    )
    assert scan({"amountEuro": int(BSN), "budget_euro": int(BSN), "offset": int(BSN), "share": 0.123456782}) == ()
    assert scan({"value": Decimal("NaN"), "other": Decimal("sNaN"), "flag": True, "none": None}) == ()
    assert places({"rsin": f"{BSN} en {BSN}"}) == {("rsin", Kind.BSN)}
    assert places({"kvk": BSN}) == {("kvk", Kind.BSN)}


@pytest.mark.parametrize(
    "record",
    [
        {"bsn": "x"}, {"Geboorte_Datum": "1980-01-01"}, {"voornaam": "Jan"}, {"lastName": "Jansen"}, {"date of birth": 1980},
        {"straat": "Spui", "huisnummer": 70}, {"postcode": "2511", "huis-nr": 1}, {"street": "Spui", "houseNumber": "70"},
        {"clientnummer": 17, "schuldbedrag": 40170}, {"dossierId": "a1", "leeftijd": 31}, {"participant_id": 3, "gender": "v"},
    ],
)  # fmt: skip
def test_a_record_about_a_person_is_known_by_its_fields(record: dict[str, Any]) -> None:
    assert places([AGGREGATE, record]) == {("1", Kind.RECORD)}
    assert {f.kind for f in scan_bytes(json.dumps({"rows": [record]}).encode())} == {Kind.RECORD}


@pytest.mark.parametrize(
    "record",
    [
        {"naam": "Jongeren Perspectief Fonds"}, {"postcode": "2511"}, {"leeftijd": "18-27", "value": 42}, {"voornaam": None},
        {"bsn": ""}, {"postcodes": ["2511"], "aantal": 3}, {"dossiers": 1400, "schuldbedrag": 40170},
    ],
)  # fmt: skip
def test_names_of_organisations_breakdowns_and_empty_fields_are_let_through(record: dict[str, Any]) -> None:
    assert scan(record) == ()
    assert scan_bytes(json.dumps(record).encode()) == ()


@pytest.mark.parametrize(
    "text",
    [
        '{"klanten": [{"voornaam": "Jan", "schuld": 1200}, {"voorn',
        "{'achternaam': 'Jansen'}",
        '"{\\"geboortedatum\\": \\"1980-01-01\\"}"',
        "<client><gb:voorletters>J.</gb:voorletters></client>",
        '<persoon><achternaam type="s">Jansen</achternaam></persoon>',
        "voornaam;achternaam;schuld\nJan;Jansen;1200\n",
        "totalen per client\n\nclientnummer,geslacht,schuldbedrag\n17,v,40170",
        "BSN\tregeling\nx\tja",
    ],
)
def test_a_record_is_known_in_broken_json_xml_and_tables(text: str) -> None:
    assert scan_text(text) == (Finding("", Kind.RECORD, len(text)),)
    assert {finding.kind for finding in scan_bytes(text.encode())} == {Kind.RECORD}
    assert scrub(text) == f"[record, {len(text)} characters]"


@pytest.mark.parametrize(
    "text",
    [
        "Wij vragen naam, adres, geboortedatum en bsn, en bewaren die bij de gemeente.",
        "Gegevens: voornaam, achternaam\n",
        '{"voornaam": null, "bsn": ""}',
        "gemeente;aantal\nGM0518;42\n",
        "<p>De achternaam</p> van de klant",
    ],
)
def test_a_text_that_only_speaks_of_such_fields_is_let_through(text: str) -> None:
    assert scan_text(text) == ()


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "latin-1", "cp1252", "utf-16", "utf-16-le", "utf-16-be", "utf-32"]
)
@pytest.mark.parametrize("text", [f"cliënt {BSN} belde", '{"voornaam": "José"}', "mail: jan@voorbeeld.nl é"])
def test_bytes_are_seen_through_whatever_their_encoding(encoding: str, text: str) -> None:
    assert scan_bytes(text.encode(encoding)) != ()


def test_broken_bytes_are_read_as_far_as_they_go() -> None:
    assert {f.kind for f in scan_bytes(b"\xff\xfe\x00\x81 " + BSN.encode() + b" \x80")} == {Kind.BSN}
    assert scan_bytes(b"\xff\xfe\x00\x81 niets \x80") == ()
    assert scan_bytes(b"") == ()


def test_what_is_packed_or_wrapped_does_not_slip_through() -> None:
    assert {f.kind for f in scan_bytes(gzip.compress(BSN.encode()))} == {Kind.OPAQUE}
    wrapped = {"specversion": "1.0", "data_base64": b64encode(f'{{"nummer": "{BSN}"}}'.encode()).decode()}
    assert places(json.loads(json.dumps(wrapped))) == set()
    assert {(f.path, f.kind) for f in scan_bytes(json.dumps(wrapped).encode())} == {("data_base64", Kind.BSN)}
    escaped = '{"nummer": "' + "".join(f"\\u00{ord(digit):02x}" for digit in BSN) + '"}'
    assert {(f.path, f.kind) for f in scan_bytes(escaped.encode())} == {("nummer", Kind.BSN)}


def test_json_in_bytes_is_judged_by_its_fields() -> None:
    assert scan_bytes(json.dumps({"rsin": BSN, "amountEuro": int(BSN)}).encode()) == ()
    assert scan_bytes(json.dumps([{"postcode": "2511"}, {"huisnummer": 4}]).encode()) == ()


def test_data_of_any_depth_is_scanned() -> None:
    deep: Any = BSN
    for _ in range(20_000):
        deep = [deep]
    assert [finding.kind for finding in scan(deep)] == [Kind.BSN]
    assert {f.kind for f in scan_bytes(b"[" * 100_000 + BSN.encode())} == {Kind.BSN}


def test_a_refusal_names_every_place_in_dutch_and_repeats_nothing() -> None:
    value = {
        "summary": f"cliënt {BSN}",
        "klanten": [{"voornaam": "Fatima"}],
        f"k{BSN}": 1,
        "mail": "fatima@voorbeeld.nl",
    }
    with pytest.raises(PersonDataFound) as refusal:
        refuse_person_data(value)
    told = f"{refusal.value.detail} {refusal.value.faults} {refusal.value} {refusal.value.findings}"
    assert {fault.field for fault in refusal.value.faults} == {"summary", "klanten.0", "2", "mail"}
    assert "burgerservicenummer" in told
    assert not any(secret in told for secret in (BSN, "Fatima", "fatima"))


def test_a_refusal_of_a_bare_text_names_the_body() -> None:
    with pytest.raises(PersonDataFound) as refusal:
        refuse_person_data(BSN)
    assert [fault.field for fault in refusal.value.faults] == ["body"]
    refuse_person_data(AGGREGATE)


def test_among_random_numbers_of_nine_digits_one_in_eleven_is_taken_for_a_bsn() -> None:
    """The price of the 11-test; figures here have at most eight digits, so that none is refused for it."""
    chance = random.Random(7)
    taken = sum(bool(scan(chance.randrange(10**8, 10**9))) for _ in range(5_000))
    assert 0.08 < taken / 5_000 < 0.10
    assert not any(scan(chance.randrange(10**8)) for _ in range(5_000))


json_like = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=20,
)


@settings(derandomize=True)
@given(json_like, st.binary(max_size=200))
def test_nothing_that_comes_in_breaks_the_scan(value: object, data: bytes) -> None:
    assert scan(value) == scan(value)
    assert scan_bytes(data) == scan_bytes(data)
    assert scan([value, {"note": f"zie {BSN}"}]) != ()
