"""Everything that is wrong with a request, in Dutch, each with the place as the sender knows it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, get_args

from pydantic_core.core_schema import ErrorType

from shared.refusals import Fault

SPARE = "Deze waarde klopt niet."
MISSING = "Dit is verplicht."
NO_DATE = "Geef een datum die bestaat, als jjjj-mm-dd."
NO_INSTANT = "Geef een tijdstip met tijdzone, zoals 2026-01-31T09:30:00Z."
NO_INTEGER = "Geef een heel getal."
NO_NUMBER = "Geef een getal."
NO_OBJECT = "Geef een object met velden."
NO_UUID = "Geef een id in de vorm van een UUID."
NO_ADDRESS = "Geef een volledig webadres, zoals https://voorbeeld.nl/pagina."
YES_OR_NO = "Geef true (ja) of false (nee)."
NO_CHOICE = "Deze soort kennen wij niet. Kies uit: {expected_tags}."

IN_DUTCH: Mapping[str, str] = {
    "missing": MISSING,
    "extra_forbidden": "Dit veld kennen wij niet.",
    "none_required": "Laat dit leeg.",
    "enum": "Kies uit: {expected}.",
    "literal_error": "Kies uit: {expected}.",
    "union_tag_invalid": NO_CHOICE,
    "union_tag_not_found": "Vul het veld {discriminator} in: dat zegt welke soort dit is.",
    "string_type": "Geef een tekst.",
    "string_unicode": "Deze tekst is geen geldige UTF-8.",
    "string_too_short": "Gebruik ten minste {min_length} tekens.",
    "string_too_long": "Gebruik hoogstens {max_length} tekens.",
    "string_pattern_mismatch": "Deze tekst heeft niet de vorm die hier gevraagd wordt.",
    "int_type": NO_INTEGER,
    "int_parsing": NO_INTEGER,
    "int_parsing_size": "Dit getal is te groot.",
    "int_from_float": NO_INTEGER,
    "float_type": NO_NUMBER,
    "float_parsing": NO_NUMBER,
    "decimal_type": NO_NUMBER,
    "decimal_parsing": NO_NUMBER,
    "decimal_max_digits": "Gebruik hoogstens {max_digits} cijfers.",
    "decimal_max_places": "Gebruik hoogstens {decimal_places} cijfers achter de komma.",
    "decimal_whole_digits": "Gebruik hoogstens {whole_digits} cijfers voor de komma.",
    "finite_number": NO_NUMBER,
    "greater_than": "Geef een waarde boven {gt}.",
    "greater_than_equal": "Geef een waarde van ten minste {ge}.",
    "less_than": "Geef een waarde onder {lt}.",
    "less_than_equal": "Geef een waarde van hoogstens {le}.",
    "multiple_of": "Geef een veelvoud van {multiple_of}.",
    "bool_type": YES_OR_NO,
    "bool_parsing": YES_OR_NO,
    "date_type": NO_DATE,
    "date_parsing": NO_DATE,
    "date_from_datetime_parsing": NO_DATE,
    "date_from_datetime_inexact": NO_DATE,
    "date_past": "Geef een datum in het verleden.",
    "date_future": "Geef een datum in de toekomst.",
    "datetime_type": NO_INSTANT,
    "datetime_parsing": NO_INSTANT,
    "datetime_object_invalid": NO_INSTANT,
    "datetime_from_date_parsing": NO_INSTANT,
    "datetime_past": "Geef een tijdstip in het verleden.",
    "datetime_future": "Geef een tijdstip in de toekomst.",
    "timezone_aware": NO_INSTANT,
    "uuid_type": NO_UUID,
    "uuid_parsing": NO_UUID,
    "uuid_version": NO_UUID,
    "url_type": NO_ADDRESS,
    "url_parsing": NO_ADDRESS,
    "url_syntax_violation": NO_ADDRESS,
    "url_scheme": "Gebruik een webadres dat begint met: {expected_schemes}.",
    "url_too_long": "Gebruik een webadres van hoogstens {max_length} tekens.",
    "list_type": "Geef een lijst.",
    "tuple_type": "Geef een lijst.",
    "set_type": "Geef een lijst.",
    "frozen_set_type": "Geef een lijst.",
    "too_short": "Geef er ten minste {min_length}.",
    "too_long": "Geef er hoogstens {max_length}.",
    "dict_type": NO_OBJECT,
    "model_type": NO_OBJECT,
    "model_attributes_type": NO_OBJECT,
    "dataclass_type": NO_OBJECT,
}
OF_A_PATTERN: Mapping[str, str] = {
    r"^[ -~]+$": "Gebruik alleen letters zonder accent, cijfers, spaties en gewone leestekens, op een enkele regel.",
    r"^[^\x00]*$": "In deze tekst staat een teken dat wij niet kunnen bewaren (NUL). Haal het weg.",
    r"^https?://[^\s\x00]+$": "Geef een webadres zonder spaties, dat begint met http:// of https://.",
    r"^GM[0-9]{4}$": "Geef een gemeentecode: GM en vier cijfers, zoals GM0518.",
    r"^(GM[0-9]{4}|PV[0-9]{2}|NL)$": "Geef een gemeente (zoals GM0518), een provincie (zoals PV28) of NL voor heel Nederland.",
    r"^[a-z0-9_]+$": "Geef een code van kleine letters, cijfers en lage streepjes (_).",
}
"""What is expected, for each pattern that a text of ours must have: people cannot be asked to read the pattern itself."""

OWN_WORDS = ("value_error", "assertion_error")
"""A validator of ours raised these, so the words are ours, and Dutch, as well."""

KNOWN_TYPES = frozenset(get_args(ErrorType))
ABSENT = object()
SOURCES = ("body", "query", "path", "header", "cookie")


def faults_of(errors: Iterable[Mapping[str, Any]], body: object) -> list[Fault]:
    """Pydantic's errors as faults; `body` is what was sent, from which it is seen which parts of a place are real fields."""
    return [Fault(_place(error["loc"], body), _message(error)) for error in errors]


def _message(error: Mapping[str, Any]) -> str:
    kind, context = error["type"], error.get("ctx", {})
    if kind in OWN_WORDS:
        return str(context["error"])
    if kind not in KNOWN_TYPES:
        return str(error["msg"])
    if kind == "string_pattern_mismatch" and context.get("pattern") in OF_A_PATTERN:
        return OF_A_PATTERN[context["pattern"]]
    values = {name: str(value).replace("'", "").replace(" or ", " of ") for name, value in context.items()}
    return IN_DUTCH.get(kind, SPARE).format_map(values)


def _place(loc: Sequence[str | int], body: object) -> str:
    """ "fundingPlan.budgetEuro" or "evidence.0.url": what the sender wrote, without pydantic's names of union members."""
    if loc[0] not in SOURCES:
        return _dotted(loc)
    if loc[0] != "body" or len(loc) == 1:
        return _dotted(loc[1:] or loc)
    places: list[str | int] = []
    for part in loc[1:-1]:
        inside = _inside(body, part)
        if inside is not ABSENT:
            places.append(part)
            body = inside
    if isinstance(body, dict | list):
        places.append(loc[-1])
    return _dotted(places or loc[1:])


def _inside(value: object, part: str | int) -> object:
    if isinstance(value, dict):
        return value.get(part, ABSENT)
    return value[part] if isinstance(value, list) and isinstance(part, int) and part < len(value) else ABSENT


def _dotted(parts: Sequence[str | int]) -> str:
    return ".".join(str(part) for part in parts)
