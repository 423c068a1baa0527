"""The docket: an assessment as one person of the board may see it.

Source: domain.md, Afwegingskader. Others' scores are seen only after one's own: nobody is swayed by who was first.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from uuid import UUID

from services.assessment.board.model import Board, Member
from services.assessment.decisions.model import Assessment, Decision, Means
from services.assessment.frameworks.model import Framework
from services.assessment.reviews.model import Review, impartial, mean_scores
from shared.conflicts import Chain, Tie
from shared.contracts.vocabulary import Verdict
from shared.refusals import Fault


class Progress(StrEnum):
    """How far a member is with an assessment."""

    NOT_BEGUN = "niet-begonnen"
    BUSY = "bezig"
    HANDED_IN = "ingediend"
    CONFLICT = "belang"


@dataclass(frozen=True, slots=True)
class Place:
    """A member beside an assessment. `chain` says how a conflict of interest comes about, where there is one."""

    member: Member
    progress: Progress
    chain: Chain | None


@dataclass(frozen=True, slots=True)
class Docket:
    """What the board has before it. `viewer` is None for a programme manager without a seat.

    `behind` and `ties` are what a conflict of interest is looked for in; `names` are those of organisations.
    """

    assessment: Assessment
    framework: Framework
    board: Board
    reviews: tuple[Review, ...]
    viewer: Member | None
    behind: frozenset[UUID]
    ties: tuple[Tie, ...]
    names: Mapping[UUID, str]
    today: date

    @property
    def own(self) -> Review | None:
        """The viewer's review: an empty one where a member has not begun."""
        return None if self.viewer is None else self._review_of(self.viewer)

    @property
    def places(self) -> tuple[Place, ...]:
        """Everybody who sits on the board today, and who reviewed and left since."""
        sitting = self.board.sitting(self.today)
        persons = {member.person for member in sitting}
        left = (review.member for review in self.reviews if review.member.person not in persons)
        return tuple(self._place(member) for member in (*sitting, *left))

    @property
    def counted(self) -> tuple[Review, ...]:
        """The reviews that count: handed in, by members without a conflict of interest today."""
        handed_in = (review for review in self.reviews if review.handed_in_on is not None)
        return impartial(handed_in, self.behind, self.ties, self.today)

    @property
    def lacking(self) -> str | None:
        """What the quorum still lacks, in words; None when there are enough reviews."""
        return self.board.quorum.lacking(review.member for review in self.counted)

    @property
    def shows_scores(self) -> bool:
        """Whether the viewer may see what the others found, and so what is decided."""
        has_own = self.own is not None and self.own.handed_in_on is not None
        return self.viewer is None or has_own or not self.assessment.state.can_still_decide

    @property
    def others(self) -> tuple[Review, ...]:
        """The reviews of others that the viewer may see."""
        own = self.own
        handed_in = (review for review in self.reviews if review.handed_in_on is not None)
        return tuple(r for r in handed_in if self.shows_scores and (own is None or r.id != own.id))

    @property
    def means(self) -> Means | None:
        """The mean per criterion of the reviews that count, where the viewer may see it."""
        return mean_scores(self.counted) if self.shows_scores else None

    @property
    def advice(self) -> Verdict | None:
        """What the scores speak for, where the viewer may see it; they support a decision, they do not take it."""
        return None if self.means is None else self.framework.advice(self.means)

    @property
    def decision(self) -> Decision | None:
        """The decision, prepared or known, where the viewer may see it."""
        return self.assessment.decision if self.shows_scores else None

    @property
    def missing(self) -> tuple[Fault, ...]:
        """What the viewer's own review still misses."""
        own = self.own
        return () if own is None or own.handed_in_on is not None else tuple(own.gaps(self.framework))

    def _review_of(self, member: Member) -> Review:
        found = (review for review in self.reviews if review.member.person == member.person)
        return next(found, Review(member.id, self.assessment.id, member))

    def _place(self, member: Member) -> Place:
        review = self._review_of(member)
        chain = review.conflicts_with(self.behind, self.ties, self.today)
        if chain is not None:
            return Place(member, Progress.CONFLICT, chain)
        if review.handed_in_on is not None:
            return Place(member, Progress.HANDED_IN, None)
        return Place(member, Progress.BUSY if review.scores else Progress.NOT_BEGUN, None)
