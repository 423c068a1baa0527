"""Why something cannot be done, in Dutch, for the person who asked it over HTTP."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from shared.messaging.refused import Refused, Why
from shared.refusals import Fault
from shared.web.faults import faults_of

NOTHING_CHANGED = "Er is niets veranderd."
SENTENCES: Mapping[Why, str] = {
    Why.OTHER_EVENT: "Het blijft hetzelfde bericht over hetzelfde onderwerp. Dit kunt u niet wijzigen: {names}.",
    Why.OTHER_TYPE: "De soort van dit bericht is bekend. Die kunt u niet wijzigen.",
    Why.NO_TYPE: "Deze service kent deze soort bericht niet. Geef de juiste soort in de header ce_type, of verwijder het.",
    Why.HEARD_AS_ANOTHER: "Versie {sequence} is al verwerkt als een ander bericht. Verwijder een van de twee.",
    Why.UNREADABLE_DATA: "De gegevens zijn niet te lezen. U kunt dus geen losse waarde invullen: geef alle gegevens opnieuw.",
    Why.NO_SUCH_PLACE: "De plek {path} bestaat niet in de gegevens. Controleer de naam.",
    Why.PERSON: "Er staan gegevens van een persoon in: {names}. Haal die weg.",
    Why.WRONG_DATA: "De gegevens passen niet bij deze soort bericht ({kind}). Bij elke fout staat om welk veld het gaat.",
    Why.TOO_LARGE: "Het bericht wordt {size} bytes. Dat is te groot. Kort de teksten in.",
    Why.FAILS_AGAIN: (
        "Het bericht is zo nog niet te verwerken. Controleer de headers, en of de gegevens bij hetzelfde onderwerp horen."
    ),
    Why.NO_BYTES: "De inhoud is niet bewaard. Vraag de eigenaar het bericht opnieuw te sturen. Verwijder daarna dit bericht.",
    Why.ILLEGIBLE: "Niet te lezen is van wie dit bericht is. Geef zelf subject, sequence en id, of verwijder het bericht.",
    Why.OTHER_VERSION: "Dit bericht is al in een andere vorm verwerkt. U kunt het verwijderen.",
    Why.DISCARDED: (
        "Versie {sequence} van {entity} is eerder verwijderd. Er wordt niets meer voor verwerkt. U kunt dit bericht ook "
        "verwijderen."
    ),
    Why.WAITS_AS_ANOTHER: (
        "Versie {sequence} van {entity} wacht al als een ander bericht. Laat dat bericht doorgaan en verwijder dit, of "
        "herstel dat bericht met de gegevens van dit bericht."
    ),
}


def said(refused: Refused) -> str:
    """As a problem's detail."""
    return f"{NOTHING_CHANGED} {SENTENCES[refused.why].format_map(refused.details)}"


def faults(refused: Refused) -> Sequence[Fault]:
    """What is wrong in the data, field by field."""
    return faults_of([{**fault, "loc": ("data", *fault["loc"])} for fault in refused.faults], None)
