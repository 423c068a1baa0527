"""Whatever an operator cannot do is said in both languages, with the same details."""

from __future__ import annotations

import re
from string import Formatter

import pytest

from shared.messaging import refused
from shared.messaging.refused import NotReplayable, Why
from shared.runtime.operations import dutch

ENGLISH = re.compile(r"\b(the|it|its|is not|version|discard|event|give)\b", re.IGNORECASE)
ADDRESSED = re.compile(r"\b(je|jij|jouw|uw)\b", re.IGNORECASE)


def details(sentence: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(sentence) if name}


@pytest.mark.parametrize("why", Why)
def test_it_is_said_in_dutch_and_for_people(why: Why) -> None:
    assert details(dutch.SENTENCES[why]) <= details(refused.SENTENCES[why])
    given = {name: f"<{name}>" for name in details(refused.SENTENCES[why])}
    told = dutch.said(NotReplayable(why, (), **given))

    assert told.startswith("Er is niets veranderd. ")
    assert not ENGLISH.search(re.sub("<.*?>", "", told))
    assert not ADDRESSED.search(told)
    assert max(len(sentence.split()) for sentence in re.split(r"[.:]\s", told)) <= 18


def test_what_is_technical_stays_out_of_it() -> None:
    assert all("fault" not in details(sentence) for sentence in dutch.SENTENCES.values())
