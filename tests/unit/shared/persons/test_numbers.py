"""Which numbers and addresses in a text are a person's, and which only look like it?"""

from __future__ import annotations

from datetime import UTC, date, datetime
from itertools import pairwise
from uuid import UUID

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from shared.persons import Kind, scan_text, scrub
from shared.persons.numbers import passes_eleven_test

BSN = "123456782"


def kinds(text: str) -> set[Kind]:
    return {finding.kind for finding in scan_text(text)}


@st.composite
def bsns(draw: st.DrawFn) -> str:
    """Any nine digits that pass the 11-test: eight are drawn, the ninth follows."""
    first = draw(st.text("0123456789", min_size=8, max_size=8))
    last = sum(weight * int(digit) for weight, digit in zip(range(9, 1, -1), first, strict=True)) % 11
    assume(last < 10 and int(first) > 0)
    return f"{first}{last}"


def grouped(digits: str, sizes: tuple[int, ...], gap: str) -> str:
    places = [sum(sizes[:nth]) for nth in range(len(sizes) + 1)]
    return gap.join(digits[start:end] for start, end in pairwise(places))


GAPS = st.sampled_from([" ", ".", "-", "\u00a0", "\u2013"])
GROUPS = st.sampled_from([(9,), (3, 3, 3), (4, 2, 3), (4, 3, 2), (2, 3, 4)])
WORDS = st.text(st.characters(codec="utf-8", categories=["L", "Zs", "Po"], exclude_characters="."), max_size=20)


@settings(derandomize=True)
@given(bsns())
def test_what_the_strategy_makes_passes_the_eleven_test(bsn: str) -> None:
    assert passes_eleven_test(bsn)


@settings(derandomize=True, max_examples=500)
@given(bsns(), GROUPS, GAPS, WORDS, WORDS)
@example(BSN, (9,), " ", "bsn", "x")
@example(BSN, (9,), " ", "nummer:", ".")
@example(BSN, (9,), " ", "2024;", ";42;1")
@example(BSN, (3, 3, 3), " ", "12 ", " 7")
@example(BSN, (4, 2, 3), ".", "(", ")")
def test_every_bsn_is_found_however_it_is_written_and_whatever_stands_around_it(
    bsn: str, sizes: tuple[int, ...], gap: str, before: str, after: str
) -> None:
    assume(not before.lower().rstrip().endswith(("eur", "euro", "rsin")))
    assume(not after.lower().lstrip().startswith(("eur", "€")))
    text = f"{before}{grouped(bsn, sizes, gap)}{after}"
    assert Kind.BSN in kinds(text)
    assert bsn not in scrub(text)
    assert grouped(bsn, sizes, gap) not in scrub(text)


@pytest.mark.parametrize(
    "text",
    [
        "BSN: 12345672", "bsn-nummer 12345672", '"bsn": 12345672', "burgerservicenummer is 12345672", "sofinummer=12345672",
        "bsn 1 2 3 4 5 6 7 8 2", "12-34-56-782", "１２３４５６７８２",
    ],
)  # fmt: skip
def test_a_bsn_is_found_by_its_name_without_its_leading_zero_and_in_odd_writing(text: str) -> None:
    assert Kind.BSN in kinds(text)


@settings(derandomize=True, max_examples=500)
@given(st.uuids(), st.booleans())
@example(UUID("00000000-0000-0000-0000-123456782abc"), True)
@example(UUID("0190a5a0-1234-7567-8212-345678212345"), True)
def test_no_uuid_is_taken_for_a_bsn(uuid: UUID, dashes: bool) -> None:
    assert scan_text(f"adoptie {uuid if dashes else uuid.hex} is gestart") == ()


@settings(derandomize=True, max_examples=500)
@given(st.datetimes(datetime(1990, 1, 1), datetime(2100, 1, 1)), st.integers(0, 99_999))  # noqa: DTZ001 - made aware below
def test_no_date_or_time_is_taken_for_a_bsn(moment: datetime, number: int) -> None:
    day: date = moment.date()
    for text in (
        f"{day} {number} deelnemers",
        f"op {day:%d-%m-%Y} waren er {number}",
        f"{day:%d.%m.%Y} {number}",
        moment.replace(tzinfo=UTC).isoformat(),
        f"{day:%Y%m%d}",
        f"in {day.year} {number} huishoudens",
    ):
        assert scan_text(text) == ()


@settings(derandomize=True, max_examples=500)
@given(st.integers(0, 99_999_999_999), st.integers(0, 99))
def test_no_amount_in_euros_is_taken_for_a_bsn(euros: int, cents: int) -> None:
    dotted = f"{euros:,}".replace(",", ".")
    for text in (
        f"€ {dotted}", f"€{euros}", f"{dotted} euro", f"{euros} euro", f"EUR {dotted},{cents:02}", f"{dotted},- euro",
        f"€ {dotted.replace('.', ' ')}", f"{euros},{cents:02} EUR", f"euro {euros}",
    ):  # fmt: skip
        assert scan_text(text) == ()


@settings(derandomize=True, max_examples=300)
@given(bsns(), st.integers(0, 9))
def test_part_of_a_longer_number_a_hash_or_a_fraction_is_let_through(bsn: str, digit: int) -> None:
    for text in (
        f"{digit}{bsn}", f"{bsn}{digit}", f"OIN 00000001{bsn}000", f"0.{bsn}", f"{bsn}.5", f"RSIN {bsn}", f"rsin-nummer: {bsn}",
        f"deadbeef{bsn}deadbeef", f"sha512:{'a' * 60}{bsn}{'b' * 59}", f"12.{grouped(bsn, (3, 3, 3), '.')}",
        f"{grouped(bsn, (3, 3, 3), '.')}.123",
    ):  # fmt: skip
        assert Kind.BSN not in kinds(text)


@pytest.mark.parametrize(
    "text",
    [
        "", "123456789", "000000000", "KvK 27123456", "123.45.67.82", "52.1234567", "ISBN 978-90-1234-567-8",
        "070-3123456", "0800-8115", "Bel 14 070", "350.000 bezoekers, 84.000 brieven en 17.942.942 inwoners",
        "0190a5a0123475678212345678212345", "traceparent 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        "mail naar info@jpf.nl of contact@schuldenlab.nl", "volg ons op @schuldenlab", "2018-2022, 2023-2026",
        "NL00INGB0001234567",
    ],
)  # fmt: skip
def test_what_an_organisation_may_say_is_let_through(text: str) -> None:
    assert scan_text(text) == ()


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("06-12345678", Kind.MOBILE), ("0612345678", Kind.MOBILE), ("06 12 34 56 78", Kind.MOBILE),
        ("+31 6 12345678", Kind.MOBILE), ("0031612345678", Kind.MOBILE), ("+31 (0)6 1234 5678", Kind.MOBILE),
        ("(06) 123 456 78", Kind.MOBILE), ("NL91ABNA0417164300", Kind.IBAN), ("NL91 ABNA 0417 1643 00", Kind.IBAN),
        ("nl91abna0417164300", Kind.IBAN), ("vraag jan.jansen@denhaag.nl", Kind.MAIL), ("<piet@voorbeeld.nl>", Kind.MAIL),
        ("J.de.Vries+x@sub.gemeente.nl", Kind.MAIL),
    ],
)  # fmt: skip
def test_mobile_numbers_accounts_and_addresses_of_people_are_found(text: str, kind: Kind) -> None:
    assert kinds(text) == {kind}
    assert kinds(f"Bel of mail: {text}, graag.") == {kind}


def test_a_finding_tells_what_and_how_long_and_nothing_more() -> None:
    assert [(f.path, f.kind, f.size) for f in scan_text("a 1234.56.782 b")] == [("", Kind.BSN, 11)]


@settings(derandomize=True, max_examples=300)
@given(
    st.lists(
        st.one_of(bsns(), WORDS, st.sampled_from([" ", "-", ".", "06-12345678", "jan@x.nl", "12", "€"])), max_size=8
    )
)
def test_a_scrubbed_text_is_clean_and_stays_as_it_is(parts: list[str]) -> None:
    scrubbed = scrub("".join(parts))
    assert scan_text(scrubbed) == ()
    assert scrub(scrubbed) == scrubbed


def test_scrubbing_says_what_stood_there_and_leaves_the_rest() -> None:
    assert (
        scrub("Cliënt 123456782 (06-12345678) belde.") == "Cliënt [bsn, 9 characters] ([mobile, 11 characters]) belde."
    )
    assert scrub("Niets aan de hand in 2026.") == "Niets aan de hand in 2026."
