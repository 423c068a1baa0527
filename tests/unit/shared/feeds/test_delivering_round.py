"""Whatever a receiver answers: is each key in order, and is every message delivered, waiting or given up?"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

from hypothesis import given
from hypothesis import strategies as st

from shared.feeds.delivering_round import Claim, Message, Post, Round, Waiting
from shared.feeds.delivering_schedule import DOUBTED_AFTER
from shared.feeds.outbound import Answer, Fault

START = datetime(2026, 11, 24, 10, tzinfo=UTC)
OK, WRONG, GONE, LOST = (
    Answer(204, None, 0.01),
    Answer(500, None, 0.01),
    Answer(410, None, 0.01),
    Answer(None, Fault.TIMEOUT, 9.0),
)
KEYS = [UUID(int=n) for n in range(4)]


class Play:
    """One receiver over many turns, with a clock that is set by hand."""

    def __init__(self, keys: list[int], wanted: list[bool], answers: list[Answer]) -> None:
        self.log = [
            Message(n, KEYS[key], f"{n}", wants) for n, (key, wants) in enumerate(zip(keys, wanted, strict=True), 1)
        ]
        self.answers, self.now = list(answers), START
        self.delivered: list[int] = []
        self.dead: list[int] = []
        self.claim = Claim(
            uuid4(), uuid4(), "https://x.nl", lambda message, _: {"id": message.text}, lambda m: bool(m.about), 0, 1
        )

    async def post(self, address: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        """The next answer; well when there are no more."""
        await asyncio.sleep(0)
        answer = self.answers.pop(0) if self.answers else OK
        if answer.is_taken:
            self.delivered.append(int(body))
        return answer

    async def turn(self, seconds: float = 60) -> Round:
        """One turn, as the books would keep it."""
        after = [m for m in self.log if m.position > self.claim.cursor and self.claim.takes_more][:5]
        scanned = after[-1].position if after else self.claim.cursor
        due = {position: self.log[position - 1] for position in self.claim.due(self.now, 50)}
        fresh = [m for m in after if m.about]
        turn = Round(self.claim, fresh, scanned, due, post=self.post, clock=lambda: self.now)
        await turn.run(asyncio.Event(), seconds)
        outcome = turn.outcome()
        rows = {w.position: w for w in self.claim.waiting} | {w.position: w for w in outcome.kept}
        assert set(outcome.dropped) <= set(rows)
        rows = {position: w for position, w in rows.items() if position not in outcome.dropped}
        assert outcome.claim.waiting == tuple(rows[position] for position in sorted(rows)), (
            "what is written is what is known"
        )
        self.dead += [w.position for w in outcome.dead]
        self.claim = outcome.claim
        self.check()
        return turn

    def check(self) -> None:
        """Nothing is lost, nothing is out of order."""
        waiting = [w.position for w in self.claim.waiting]
        wanted = [m.position for m in self.log if m.about]
        assert sorted([*self.delivered, *waiting, *self.dead]) == [p for p in wanted if p <= self.claim.cursor]
        for key in KEYS:
            of_key = [p for p in self.delivered if self.log[p - 1].key == key]
            assert of_key == sorted(of_key)
            first = min((w.position for w in self.claim.waiting if w.key == key), default=10**9)
            assert all(p < first for p in of_key), "a later one was sent before an earlier one"


some = st.lists(st.tuples(st.integers(0, 3), st.booleans()), min_size=1, max_size=30)


@given(some, st.lists(st.sampled_from([OK, OK, OK, WRONG, LOST]), max_size=60))
def test_each_key_is_in_order_and_nothing_is_lost_whatever_is_answered(
    lines: list[tuple[int, bool]], answers: list[Answer]
) -> None:
    async def play() -> None:
        played = Play([key for key, _ in lines], [wants for _, wants in lines], answers)
        for turn in range(300):
            await played.turn()
            played.now += timedelta(seconds=1) if turn < 100 else timedelta(hours=1)
            if played.claim.cursor == len(lines) and not played.claim.waiting:
                break
        assert played.claim.cursor == len(lines)
        assert not played.claim.waiting
        assert played.claim.setbacks == 0 or played.dead or not played.delivered or not answers

    asyncio.run(play())


async def test_a_message_that_is_never_taken_becomes_a_dead_letter_and_the_next_of_its_key_goes() -> None:
    played = Play([0, 0, 1], [True] * 3, [])
    played.post = refusing(played, 1)  # type: ignore[method-assign, assignment]
    while not played.dead:
        await played.turn()
        assert 2 not in played.delivered
        played.now += timedelta(hours=6)
    assert played.now - START > timedelta(days=3)
    await played.turn()
    assert (played.delivered, played.dead) == ([3, 2], [1])


def refusing(played: Play, position: int) -> Post:
    async def post(address: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        if int(body) == position:
            return WRONG
        played.delivered.append(int(body))
        return OK

    return post


async def test_a_receiver_that_only_fails_is_left_alone_after_a_few_attempts_and_found_back_by_one() -> None:
    played = Play([0, 1, 2, 3] * 5, [True] * 20, [WRONG] * 8)
    for _ in range(20):
        before = len(played.answers)
        await played.turn()
        if played.claim.is_doubted:
            break
        played.now += timedelta(minutes=1)
    assert played.claim.setbacks >= DOUBTED_AFTER
    before, waiting, cursor = len(played.answers), len(played.claim.waiting), played.claim.cursor
    await played.turn()
    assert before - len(played.answers) == 1, "one attempt only, until it is back"
    assert (len(played.claim.waiting), played.claim.cursor) == (waiting, cursor), (
        "nothing is written for what is not sent"
    )
    played.answers.clear()
    played.now += timedelta(hours=2)
    for _ in range(20):
        await played.turn()
    assert not played.claim.waiting
    assert sorted(played.delivered) == list(range(1, 21))


async def test_a_410_ends_it_at_once() -> None:
    played = Play([0, 1, 2, 3], [True] * 4, [GONE])
    turn = await played.turn()
    assert turn.outcome().gone
    assert not turn.outcome().more


async def test_what_a_turn_had_no_time_for_comes_in_the_next_one() -> None:
    played = Play([0, 1, 2, 3], [True] * 4, [])
    await played.turn(seconds=-1)
    assert (played.claim.cursor, played.claim.waiting) == (0, ())
    await played.turn()
    assert played.claim.cursor == 4


def test_of_one_that_is_doubted_only_the_first_is_due() -> None:
    waiting = tuple(Waiting(n, KEYS[n % 2], 1, START, START + timedelta(days=1)) for n in (1, 2, 3))
    claim = Claim(
        uuid4(), uuid4(), "x", lambda _m, _a: {}, lambda _: True, 9, 1, setbacks=DOUBTED_AFTER, waiting=waiting
    )
    assert claim.due(START, 50) == [1]
