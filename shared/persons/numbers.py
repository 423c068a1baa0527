"""Numbers and addresses in a text that belong to one person: where they stand, never what they are.

What is found, and what is let through
- BSN: nine digits that pass the 11-test ("elfproef"), together or in groups as people write them, with dots, spaces or dashes;
  eight digits (the leading zero lost) only right after the word bsn. Of all other numbers of nine digits one in eleven passes
  too, so what is known to be something else is let through: part of a longer number, a fraction, a hash or UUID, an amount
  with its euro sign, and what is called an RSIN (the number of an organisation, which passes the same test).
- IBAN, Dutch, by its check digits. Whose account it is cannot be seen, and none has a place here.
- Mobile numbers (06). A landline, 0800 or 14+ number is mostly an organisation's, and may stand in a text.
- Mail addresses, except those of a function (info@, contact@): they are nobody's own.
Names cannot be recognised in running text; records that carry them are (`shared.persons.records`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import StrEnum


class Kind(StrEnum):
    """What seems to stand there."""

    BSN = "bsn"
    IBAN = "iban"
    MOBILE = "mobile"
    MAIL = "mail"
    RECORD = "record"
    OPAQUE = "opaque"


Span = tuple[int, int, Kind]
"""Start and end in the text, and what stands there."""

LONGEST_HASH = 128  # SHA-512 in hexadecimal

_GAP = r"[ .\-\u00a0\u00ad\u2007\u2009\u200b\u202f\u2010-\u2013]"
_LONG_NUMBER = re.compile(  # how every number below begins, by the size of its first group; dates and most UUIDs do not
    rf"\d(?:\d(?:\d(?:\d(?:\d{{4}}|{_GAP}\d\d(?:{_GAP}\d\d\d|\d{_GAP}\d\d)| \d{{4}}|\d[ .-]\d{{4}})"
    rf"|{_GAP}\d\d(?:\d{_GAP}\d|[ .-]\d\d\d))"
    rf"|{_GAP}\d\d(?:\d{_GAP}\d{{4}}|[ .-]\d\d[ .-]\d\d))"
    rf"|[ .-]\d(?:[ -]\d[ -]\d|\d{{3}}[ .-]\d{{4}}))"
)

_BSN = re.compile(  # from its second digit on, as a search for one digit is fast; the first has no digit before it
    rf"\d(?<!\d\d)(?=(\d{{8}}"
    rf"|\d\d({_GAP})\d\d\d\2\d\d\d"
    rf"|\d\d\d({_GAP})(?:\d\d\3\d\d\d|\d\d\d\3\d\d)"
    rf"|\d({_GAP})\d\d\d\4\d{{4}}"
    rf"|\d([ -])\d\d\5\d\d\5\d\d\d"
    rf"|([ -])\d(?:\6\d){{7}}"
    rf")(?!\d))"
)
_SHORT_BSN = re.compile(
    r"(?:bsn|burger ?service ?nummer|sofi-?nummer|citizen service number)"
    r"[\W_]{0,3}(?:nummer|number|nr|is)?[\W_]{0,4}(\d{8})(?!\d)",
    re.IGNORECASE,
)
_HASH = re.compile(
    r"(?<![0-9A-Za-z])(?:[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}|(?=\d*[a-f])[0-9a-f]{16,})(?![0-9A-Za-z])",
    re.IGNORECASE,
)
_CALLED_RSIN = re.compile(r"rsin[\W_]{0,3}(?:nummer|number|nr|is)?[\W_]{0,4}$", re.IGNORECASE)
_AFTER_EURO = re.compile(r"(?:€|\beuros?|\beur)\W{0,2}(?:\d{1,3}[ .\u00a0]){0,3}$", re.IGNORECASE)
_BEFORE_EURO = re.compile(r"(?:[.,](?:\d{1,2}|-))?\s?(?:€|eur(?:o|os)?\b)", re.IGNORECASE)
_FRACTION = re.compile(r"\.\d{1,2}(?![\d.])")

_IBAN = re.compile(r"(?<![0-9A-Za-z])NL\d\d ?[A-Z]{4} ?(?:\d{10}|\d{4} \d{4} \d\d)(?![0-9A-Za-z])", re.IGNORECASE)
_MOBILE = re.compile(
    r"(?<![\w+])(?<!\d[.-])(?:(?:(?:\+|00)31[ .-]?(?:\(0\) ?)?|0)6|\(06\))[ .-]?"
    r"(?:\d{8}|\d{4}[ .-]\d{4}|\d\d([ .-])\d\d\1\d\d\1\d\d|\d\d\d([ .-])(?:\d\d\d\2\d\d|\d\d\2\d\d\d))(?!\w)"
)
_MAIL = re.compile(r"(?<![\w.%+-])([\w.%+-]{1,64})@(?:[\w-]{1,63}\.)+[A-Za-z]{2,24}")
_FUNCTIONS = frozenset({
    "info", "contact", "post", "postbus", "mail", "secretariaat", "communicatie", "pers", "redactie", "helpdesk", "support",
    "servicedesk", "klantenservice", "loket", "gemeente", "schuldhulp", "schuldhulpverlening", "noreply", "no-reply",
})  # fmt: skip


def spans(text: str) -> list[Span]:
    """Where something stands that belongs to one person, in order of place; spans may overlap.

    Clean text is told in a microsecond or so: what has no @ and no long number is not looked at further.
    """
    found: list[Span] = []
    if _LONG_NUMBER.search(text):
        found += [*_bsns(text), *_ibans(text), *((*match.span(), Kind.MOBILE) for match in _MOBILE.finditer(text))]
    if "@" in text:
        found += _mails(text)
    return sorted(found)


def passes_eleven_test(digits: str) -> bool:
    """The test of a BSN: 9a + 8b + ... + 2h - i is a multiple of eleven. Nine zeros are no BSN."""
    weighed = sum(weight * int(digit) for weight, digit in zip((9, 8, 7, 6, 5, 4, 3, 2, -1), digits, strict=True))
    return weighed % 11 == 0 and any(int(digit) for digit in digits)


def _bsns(text: str) -> Iterator[Span]:
    for match in _BSN.finditer(text):
        start, end = match.start(), match.end(1)
        if not passes_eleven_test("".join(filter(str.isdecimal, text[start:end]))):
            continue
        if not any(is_other(text, start, end) for is_other in (_is_longer, _is_called_otherwise, _is_in_hash)):
            yield start, end, Kind.BSN
    for match in _SHORT_BSN.finditer(text):
        if passes_eleven_test(f"0{match[1]}"):
            yield *match.span(1), Kind.BSN


def _is_longer(text: str, start: int, end: int) -> bool:
    """Whether the number goes on: as a fraction, or in more groups with the same dot or dash (1.234.567.890)."""
    gap = next((sign for sign in text[start:end] if not sign.isdecimal()), ".")
    before = gap in ".-" and text[start - 1 : start] == gap and text[start - 2 : start - 1].isdecimal()
    after = text[end : end + 1] == gap != " " and text[end + 1 : end + 2].isdecimal() and end - start > 9
    return before or after or _FRACTION.match(text, end) is not None


def _is_in_hash(text: str, start: int, end: int) -> bool:
    around = _HASH.finditer(text, max(0, start - LONGEST_HASH), end + LONGEST_HASH)
    return any(match.start() <= start < match.end() for match in around)


def _is_called_otherwise(text: str, start: int, end: int) -> bool:
    recent = max(0, start - 30)
    return bool(
        _CALLED_RSIN.search(text, recent, start)
        or _AFTER_EURO.search(text, recent, start)
        or _BEFORE_EURO.match(text, end)
    )


def _ibans(text: str) -> Iterator[Span]:
    for match in _IBAN.finditer(text):
        account = match[0].replace(" ", "").upper()
        if int("".join(str(int(sign, 36)) for sign in account[4:] + account[:4])) % 97 == 1:
            yield *match.span(), Kind.IBAN


def _mails(text: str) -> Iterator[Span]:
    for match in _MAIL.finditer(text):
        if match[1].lower() not in _FUNCTIONS:
            yield *match.span(), Kind.MAIL
