"""Ask an answered or closed question again, because a person doubts the answer."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, select

from eccube_sync.db import AnyRow, reading
from eccube_sync.errors import UsageError
from eccube_sync.i18n import _
from eccube_sync.report import Report
from eccube_sync.services.customers.showing import CASE_STATES, in_words
from eccube_sync.services.links.linkbyhand import LONGEST_REASON
from eccube_sync.services.review.answering import is_pair
from eccube_sync.services.review.casing import reopen_case
from eccube_sync.services.review.file import written_by
from eccube_sync.services.review.token import tidy
from eccube_sync.services.running import Run, changed_meanwhile
from eccube_sync.tables.cases import review_case


@dataclass(frozen=True, slots=True)
class ReopenPlan:
    """A case to be asked again."""

    case: AnyRow
    reason: str

    def report(self) -> Report:
        """The plan in words."""
        headline = _("Case {case} ({state}) will be asked again.").format(
            case=self.case.public_id, state=in_words(CASE_STATES, self.case.state)
        )
        return Report(headline, notes=_consequences(self.case))


def _consequences(case: AnyRow) -> list[str]:
    if not is_pair(case):
        return []
    if case.state == "same":
        return [_("The link stays until the new answer.")]
    if case.state == "different":
        return [_("The program does not link the two until a person has answered.")]
    return []


def plan_reopen(connection: Connection, public_id: str, reason: str) -> ReopenPlan:
    """What reopening a case would do. Raises ``UsageError`` for one that does not exist or is open."""
    wanted = tidy(public_id)
    with reading(connection):
        case = connection.execute(select(review_case).where(review_case.c.public_id == wanted)).first()
    if case is None:
        raise UsageError(_("There is no case {case}; see: eccube-sync customers show").format(case=wanted))
    if case.state == "open":
        raise UsageError(_("Case {case} is open already.").format(case=wanted))
    return ReopenPlan(case, reason[:LONGEST_REASON])


def apply_reopen(run: Run, plan: ReopenPlan) -> Report:
    """Carry the plan out. Raises ``LockedError`` when the case changed since; then nothing was written."""

    def work() -> None:
        now = run.connection.execute(select(review_case).where(review_case.c.id == plan.case.id)).one()
        if (now.state, now.version) != (plan.case.state, plan.case.version):
            raise changed_meanwhile()
        reopen_case(run, now, run.shop.actor, plan.reason)

    run.transaction(work)
    return Report(
        _("Case {case} is open again.").format(case=plan.case.public_id),
        notes=[_("It stands in the next review file: {command}").format(command=written_by(plan.case.kind))],
    )
