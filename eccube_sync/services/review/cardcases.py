"""Linked cards that can no longer be used, and no successor is known: one question a member, closed by itself.

Where another card of the person was found, the classification moved the link or asks about that card instead.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, select

from eccube_sync.db import AnyRow
from eccube_sync.membership.classes import CASE_KINDS
from eccube_sync.membership.facts import MERGED
from eccube_sync.services.review.casing import (
    NO_LONGER,
    UNANSWERED,
    Question,
    cases_about,
    close_case,
    open_cases,
    subject_key,
)
from eccube_sync.services.running import Run
from eccube_sync.tables.cases import review_case
from eccube_sync.tables.matching import dead_cards, links_of_dead_cards


@dataclass(frozen=True, slots=True)
class CardQuestion:
    """A linked member whose card was reported lost, or who was merged away."""

    kind: str
    member_id: int
    fingerprint: str

    @property
    def subject(self) -> str:
        """The subject of its case."""
        return subject_key(self.kind, None, self.member_id)


@dataclass(frozen=True, slots=True)
class CardQuestions:
    """What to ask, and the questions that do not arise any more, by case id."""

    asked: Sequence[CardQuestion]
    obsolete: Sequence[int]


def plan_card_questions(
    connection: Connection, provided_for: Collection[int], new_members: Mapping[int, Collection[int]]
) -> CardQuestions:
    """Part of a read-only stretch. ``provided_for`` are customers whose link moves or ends in the same plan, or
    about whose next card it asks; ``new_members`` are the members it links to each customer.
    """
    waiting = connection.execute(
        select(review_case).where(
            review_case.c.kind.in_(("successor", *sorted(CASE_KINDS))), review_case.c.state.in_(UNANSWERED)
        )
    ).all()
    provided_for = {*provided_for, *(row.customer_id for row in waiting if row.kind == "successor")}
    dead = [_question(row) for row in links_of_dead_cards(connection) if row.customer_id not in provided_for]
    linked = {one for key, members in new_members.items() if key not in provided_for for one in members}
    dead += map(_question, dead_cards(connection, linked))
    questions = {one.subject: one for one in dead}
    known = cases_about(connection, questions)
    asked = [
        one
        for subject, one in sorted(questions.items())
        if subject not in known or _news(one, known[subject])
    ]
    obsolete = [row.id for row in waiting if row.kind in CASE_KINDS and row.subject_key not in questions]
    return CardQuestions(asked, obsolete)


def _news(question: CardQuestion, case: AnyRow) -> bool:
    """Whether the member changed since it was asked about, or is lost once more."""
    return bool(case.member_fingerprint != question.fingerprint or case.closed_reason == NO_LONGER)


def _question(row: AnyRow) -> CardQuestion:
    kind = "merged_into_whom" if row.status == MERGED else "replacement_card"
    return CardQuestion(kind, row.member_id, row.fingerprint)


def ask_about_cards(run: Run, questions: CardQuestions) -> None:
    """Open and close the cases, inside the transaction under way."""
    asked = [
        Question(one.kind, None, one.member_id, member_fingerprint=one.fingerprint, new_evidence=True)
        for one in questions.asked
    ]
    open_cases(run, asked)
    for case_id in questions.obsolete:
        close_case(run, case_id, NO_LONGER)
