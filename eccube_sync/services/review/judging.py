"""Judge the rows of a filled review file: each by itself, then against each other. Reads only."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from sqlalchemy import Connection, select

from eccube_sync.db import AnyRow
from eccube_sync.errors import BadInputError, Problem
from eccube_sync.i18n import _, mark
from eccube_sync.report import Listing, Report
from eccube_sync.services.review.answering import (
    ANSWERED,
    Answer,
    Decision,
    is_pair,
    obstacle,
)
from eccube_sync.services.review.file import WORDS, decision_of
from eccube_sync.services.review.reader import FilledFile, FilledRow
from eccube_sync.services.review.token import export_key_of, tidy, verify
from eccube_sync.services.running import Shop
from eccube_sync.settings import Settings
from eccube_sync.tables.cases import review_case, review_decision, review_export
from eccube_sync.tables.members import member, source

REFUSALS: Mapping[str, str] = {
    "unknown_case": mark("There is no case with this ID."),
    "unknown_word": mark("The decision is none of the words in the list."),
    "stale": mark("The data changed since the file was written; answer it in a newer file."),
    "tampered": mark("The token does not belong to this ID; it was changed, or copied from another row."),
    "two_members": mark("The customer would be the same person as two members of one store list."),
    "two_customers": mark("The member would be the same person as more customers than allowed."),
    "not_for_pairs": mark("This row is about two people; decide whether they are the same."),
    "decided_before": mark("It was decided otherwise before; take that decision back first."),
    "customer_gone": mark("The customer is no longer a full customer of the web shop."),
    "member_gone": mark("The member's code now belongs to somebody else."),
    "linked_otherwise": mark("A person or a code linked one of both otherwise; end that link first."),
    "linked_by_proof": mark("A person or a code linked exactly these two; end that link first."),
    "linked_meanwhile": mark("Somebody else linked one of both just now; try again."),
}
"""Why a row was not applied, in words."""

_ORDER: Mapping[Decision, int] = {"hold": 0, "done": 1, "different": 2, "same": 3}
"""A 別人 comes before the 同一 that would close its case without one."""

_SHOWN = 50
"""So many rows of a file that contradicts itself are named."""

_CASE_ID = re.compile(r"R-[0-9A-Z]{1,14}")


@dataclass(frozen=True, slots=True)
class RefusedRow:
    """A row that is not applied. ``public_id`` is empty when the row holds nothing that looks like an id."""

    line: int
    public_id: str
    reason: str


@dataclass(frozen=True, slots=True)
class PlannedAnswer:
    """A decision that will be applied, and the row it came from."""

    line: int
    public_id: str
    answer: Answer


@dataclass(slots=True)
class ReviewPlan:
    """What importing a filled file would do; nothing is written yet. ``refused`` holds reasons in words."""

    name: str
    answers: list[PlannedAnswer] = field(default_factory=list)
    refused: list[RefusedRow] = field(default_factory=list)
    known: int = 0
    undecided: int = 0

    def report(self) -> Report:
        """The plan as counts, with every refused row."""
        counts = Counter(f"decisions_{one.answer.decision}" for one in self.answers)
        return review_report(_("Decisions in {file}:").format(file=self.name), self, counts)


def review_report(headline: str, plan: ReviewPlan, counts: Mapping[str, int]) -> Report:
    """``counts`` of decisions with what was known, left open and refused, and every refused row."""
    decided = {f"decisions_{decision}": counts.get(f"decisions_{decision}", 0) for decision in ANSWERED}
    further = {"decisions_known": plan.known, "decisions_undecided": plan.undecided}
    report = Report(headline, decided | further | {"decisions_refused": len(plan.refused)})
    if plan.refused:
        listing = Listing(_("Rows not applied"), (_("line"), _("ID"), _("reason")))
        listing.rows = [(one.line, one.public_id, one.reason) for one in sorted(plan.refused, key=_by_line)]
        report.listings.append(listing)
    report.needs_person = len(plan.refused)
    return report


def _by_line(row: RefusedRow) -> tuple[int, str]:
    return row.line, row.public_id


class Judge:
    """Judges the rows of one file, each by itself and then against each other."""

    def __init__(
        self, shop: Shop, connection: Connection, filled: FilledFile, key: bytes, reviewer: str
    ) -> None:
        self.settings: Settings = shop.settings
        self.connection = connection
        self.filled = filled
        self.key = key
        self.reviewer = reviewer
        self.result = ReviewPlan(filled.name)

    def plan(self) -> ReviewPlan:
        """What importing the file would do, row by row. Raises ``BadInputError`` for one that contradicts itself."""
        plan = self.result
        plan.refused = [RefusedRow(line, "", message) for line, message in self.filled.unreadable]
        rows = [row for row in self.filled.rows if self._filled_in(row)]
        cases = _cases(self.connection, {tidy(row.case) for row in rows})
        judged = [(row, decision) for row in rows if (decision := self._judge(row, cases))]
        answers = self._one_a_case(judged, cases)
        for refusal in (_two_members, _two_customers):
            answers = self._without(answers, refusal(self.settings, answers, cases))
        self._finish(answers, cases)
        return plan

    def _refuse(self, line: int, public_id: str, reason: str) -> None:
        self.result.refused.append(RefusedRow(line, public_id, _(REFUSALS[reason])))

    def _filled_in(self, row: FilledRow) -> bool:
        if not row.decision and (row.case or row.token):
            self.result.undecided += 1
        return bool(row.decision)

    def _judge(self, row: FilledRow, cases: Mapping[str, AnyRow]) -> Decision | None:
        """The decision of a row that may be looked at further; otherwise it is refused here."""
        public_id = tidy(row.case)
        case = cases.get(public_id)
        if case is None:
            self._refuse(row.line, public_id if _CASE_ID.fullmatch(public_id) else "", "unknown_case")
            return None
        verdict = verify(self.key, case, tidy(row.token))
        decision = decision_of(row.decision)
        if verdict != "genuine":
            self._refuse(row.line, public_id, verdict)
            return None
        if decision is None:
            self._refuse(row.line, public_id, "unknown_word")
        return decision

    def _one_a_case(
        self, judged: list[tuple[FilledRow, Decision]], cases: Mapping[str, AnyRow]
    ) -> list[PlannedAnswer]:
        """One answer a case. Raises ``BadInputError`` where rows of one case decide differently."""
        by_case: dict[str, list[tuple[FilledRow, Decision]]] = defaultdict(list)
        for row, decision in judged:
            by_case[tidy(row.case)].append((row, decision))
        self._refuse_contradictions(by_case)
        exports = _exports(self.connection, {export_key_of(tidy(row.token)) for row, _decision in judged})
        return [
            self._answer(public_id, rows, cases[public_id], exports) for public_id, rows in by_case.items()
        ]

    def _refuse_contradictions(self, by_case: Mapping[str, list[tuple[FilledRow, Decision]]]) -> None:
        """Whoever put such a file together (two people's answers, half a sorting) must say what it means."""
        answered_twice = {
            public_id: rows
            for public_id, rows in by_case.items()
            if len({decision for _row, decision in rows}) > 1
        }
        if not answered_twice:
            return
        problems = [
            Problem(f"{public_id}: {_(WORDS[decision])}", line=row.line)
            for public_id, rows in answered_twice.items()
            for row, decision in rows
        ]
        more = len(problems) - _SHOWN
        if more > 0:
            problems[_SHOWN:] = [Problem(_("{count} more rows.").format(count=f"{more:,}"))]
        raise BadInputError(
            _(
                "{file} answers {count} questions in more than one way, so nothing of it was taken. Leave one answer "
                "to each, and give it back."
            ).format(file=self.filled.name, count=f"{len(answered_twice):,}"),
            tuple(problems),
        )

    def _answer(
        self,
        public_id: str,
        rows: list[tuple[FilledRow, Decision]],
        case: AnyRow,
        exports: Mapping[str, int],
    ) -> PlannedAnswer:
        first, decision = rows[0]
        answer = Answer(
            case_id=case.id,
            version=case.version,
            decision=decision,
            reviewer=next((row.reviewer for row, _same in rows if row.reviewer), self.reviewer)[:190],
            note=next((row.note for row, _same in rows if row.note), "")[:500],
            file_sha256=self.filled.sha256,
            export_id=exports.get(export_key_of(tidy(first.token))),
        )
        return PlannedAnswer(first.line, public_id, answer)

    def _without(self, answers: list[PlannedAnswer], refused: Mapping[str, str]) -> list[PlannedAnswer]:
        for one in answers:
            if one.public_id in refused:
                self._refuse(one.line, one.public_id, refused[one.public_id])
        return [one for one in answers if one.public_id not in refused]

    def _finish(self, answers: list[PlannedAnswer], cases: Mapping[str, AnyRow]) -> None:
        read_before = _read_before(self.connection, self.filled.sha256)
        for one in sorted(answers, key=lambda one: (_ORDER[one.answer.decision], one.line)):
            case = cases[one.public_id]
            if (case.id, case.version) in read_before or _stands(case, one.answer.decision):
                self.result.known += 1
                continue
            reason = obstacle(self.settings, self.connection, case, one.answer.decision)
            if reason:
                self._refuse(one.line, one.public_id, reason)
            else:
                self.result.answers.append(one)


def _stands(case: AnyRow, decision: Decision) -> bool:
    """Whether the case is already where the decision would bring it; a closed case cannot be put off."""
    return case.state == ANSWERED[decision] or (case.state == "closed" and decision == "hold")


def _cases(connection: Connection, public_ids: Iterable[str]) -> dict[str, AnyRow]:
    """Case id for people → its row, with the source and its key of the member it is about."""
    wanted = sorted({one for one in public_ids if _CASE_ID.fullmatch(one)})
    statement = (
        select(review_case, member.c.source_id, source.c.source_key)
        .join(member, member.c.id == review_case.c.member_id, isouter=True)
        .join(source, source.c.id == member.c.source_id, isouter=True)
    )
    return {
        row.public_id: row
        for start in range(0, len(wanted), 1000)
        for row in connection.execute(
            statement.where(review_case.c.public_id.in_(wanted[start : start + 1000]))
        )
    }


def _exports(connection: Connection, export_keys: Iterable[str]) -> dict[str, int]:
    rows = connection.execute(
        select(review_export.c.export_key, review_export.c.id).where(
            review_export.c.export_key.in_(sorted(export_keys))
        )
    )
    return {row.export_key: row.id for row in rows}


def _read_before(connection: Connection, sha256: str) -> set[tuple[int, int]]:
    """(case, version) of the decisions these very bytes brought before."""
    rows = connection.execute(
        select(review_decision.c.case_id, review_decision.c.case_version).where(
            review_decision.c.file_sha256 == sha256
        )
    )
    return {(row.case_id, row.case_version) for row in rows}


def _same_pairs(
    answers: Iterable[PlannedAnswer], cases: Mapping[str, AnyRow]
) -> list[tuple[PlannedAnswer, AnyRow]]:
    pairs = ((one, cases[one.public_id]) for one in answers if one.answer.decision == "same")
    return [(one, case) for one, case in pairs if is_pair(case)]


def _two_members(
    _settings: Settings, answers: Iterable[PlannedAnswer], cases: Mapping[str, AnyRow]
) -> dict[str, str]:
    """Cases that would give one customer two members of one source."""
    found: dict[tuple[int, int], list[str]] = defaultdict(list)
    for one, case in _same_pairs(answers, cases):
        found[case.customer_id, case.source_id].append(one.public_id)
    return {case: "two_members" for several in found.values() if len(several) > 1 for case in several}


def _two_customers(
    settings: Settings, answers: Iterable[PlannedAnswer], cases: Mapping[str, AnyRow]
) -> dict[str, str]:
    """Cases that would give one member more accounts than its source allows."""
    allowed = {one.key: one.accounts_per_member for one in settings.sources}
    found: dict[tuple[int, str], list[str]] = defaultdict(list)
    for one, case in _same_pairs(answers, cases):
        found[case.member_id, case.source_key].append(one.public_id)
    return {
        case: "two_customers"
        for (_member, key), several in found.items()
        if len(several) > allowed.get(key, 1)
        for case in several
    }
