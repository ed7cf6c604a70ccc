"""Judge the model by people's answers: ask about a sample of its links, then draw the line by what they said."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace

from sqlalchemy import Connection, select

from eccube_sync.db import CHUNK, AnyRow, reading
from eccube_sync.errors import UsageError
from eccube_sync.i18n import _
from eccube_sync.linkage.calibration import Answered, bands, overconfidence, sample
from eccube_sync.linkage.model import Model
from eccube_sync.linkage.thresholds import link_threshold
from eccube_sync.report import Listing, Report
from eccube_sync.services.customers.showing import chance
from eccube_sync.services.matching.model import model_in_force, next_number, replace_model, stored_pairs
from eccube_sync.services.review.casing import Question, open_cases
from eccube_sync.services.running import Run, Shop
from eccube_sync.tables import matching
from eccube_sync.tables.cases import review_case
from eccube_sync.tables.links import link

SAMPLE = "sample"
"""The kind of a case that only asks whether a link by matching is right."""

_DECIDED = ("same", "different")


@dataclass(frozen=True, slots=True)
class CalibratePlan:
    """What the answers say about the model in force, and the model that would follow from them."""

    stored_id: int
    before: Model
    model: Model
    answers: Sequence[Answered]
    checked: Sequence[Answered]
    """The answers about links."""

    @property
    def changes(self) -> bool:
        """Whether the line moves."""
        return self.model.link_at != self.before.link_at

    def report(self) -> Report:
        """The answers by probability, and the line before and after."""
        headline = _("{answers} answers, {links} of them spot checks of links").format(
            answers=len(self.answers), links=len(self.checked)
        )
        columns = (_("probability"), _("answers"), _("same person"), _("expected"), _("between"))
        listing = Listing(_("What people said"), columns)
        for one in bands(self.answers):
            listing.rows.append((
                f"{one.low:g}–{one.high:g}", one.answered, f"{one.same / one.answered:.1%}",
                f"{one.expected:.1%}", f"{one.at_least:.1%} – {one.at_most:.1%}",
            ))  # fmt: skip
        line = _("A machine would link from {after} on; now it does from {before} on.").format(
            before=chance(self.before.link_at), after=chance(self.model.link_at)
        )
        return Report(headline, listings=[listing], notes=[line])


def plan_calibrate(shop: Shop, connection: Connection) -> CalibratePlan:
    """Read the answers. Raises ``UsageError`` when nothing was answered yet."""
    with reading(connection):
        before = model_in_force(connection)
        rows = _decided(connection)
        if not rows:
            raise UsageError(
                _(
                    "No question was answered yet; ask about a sample of links with: matcher calibrate --ask 100"
                )
            )
        pairs = stored_pairs(connection)
        stored = matching.newest_model(connection)
        number = next_number(connection)
    answers = [Answered(row.probability, row.state == "same") for row in rows]
    checked = [one for one, row in zip(answers, rows, strict=True) if row.kind == SAMPLE]
    threshold = link_threshold(pairs, before.settings.wanted_precision, overconfidence(checked))
    fixed = before.settings.link_at
    model = replace(before, number=number, link_at=fixed or max(threshold, before.settings.review_at))
    return CalibratePlan(stored.id if stored else 0, before, model, answers, checked)


def _decided(connection: Connection) -> list[AnyRow]:
    return list(
        connection.execute(
            select(review_case.c.kind, review_case.c.state, review_case.c.probability)
            .where(review_case.c.state.in_(_DECIDED), review_case.c.probability.is_not(None))
            .order_by(review_case.c.id)
        )
    )


def apply_calibrate(run: Run, plan: CalibratePlan) -> Report:
    """Put the model with the new line in force."""
    replace_model(run, plan.stored_id, plan.model, "calibrated")
    return Report(
        _("Model {number} is in force.").format(number=plan.model.number), notes=plan.report().notes
    )


# --- asking ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class AskPlan:
    """The links a person would be asked about."""

    links: Sequence[AnyRow]
    wanted: int

    def report(self) -> Report:
        """How many, and what to do with them."""
        report = Report(
            _("{links} links by matching to be checked by a person").format(links=len(self.links)),
            notes=[_("Answer them like all questions: eccube-sync review export")],
        )
        if len(self.links) < self.wanted:
            report.notes.append(_("There are no more links by matching that nobody has answered about."))
        return report


def plan_ask(connection: Connection, size: int) -> AskPlan:
    """Choose links by matching about which nobody was asked yet; the same ones until something changes."""
    with reading(connection):
        pairs = stored_pairs(connection)
        links = {(row.customer_id, row.member_id): row for row in _unasked(connection)}
    rows = sample(pairs, list(links), size, seed=len(links)).tolist()
    chosen = [(int(pairs.customer_ids[row]), int(pairs.member_ids[row])) for row in rows]
    return AskPlan([links[pair] for pair in chosen], size)


def _unasked(connection: Connection) -> list[AnyRow]:
    asked = select(review_case.c.id).where(
        review_case.c.customer_id == link.c.customer_id, review_case.c.member_id == link.c.member_id
    )
    statement = select(link).where(link.c.active == 1, link.c.method == "match", ~asked.exists())
    return list(connection.execute(statement.order_by(link.c.id)))


def apply_ask(run: Run, plan: AskPlan) -> Report:
    """Open the questions."""
    for start in range(0, len(plan.links), CHUNK):
        run.transaction(_ask, run, plan.links[start : start + CHUNK])
    report = plan.report()
    report.counts = {"cases_opened": run.counts["cases_opened"]}
    return report


def _ask(run: Run, links: Sequence[AnyRow]) -> None:
    fingerprints = matching.fingerprints(run.connection, [row.member_id for row in links])
    ours = matching.customer_fingerprints(run.connection, [row.customer_id for row in links])
    questions = [
        Question(
            SAMPLE,
            row.customer_id,
            row.member_id,
            ours.get(row.customer_id, ""),
            fingerprints.get(row.member_id, ""),
            row.probability,
            row.bits,
            json.loads(row.reasons) if row.reasons else None,
        )
        for row in links
    ]
    open_cases(run, questions)
