"""Learn the weights from the shop's own two lists: plan, with what would change, and put the new model in force."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection

from eccube_sync.db import reading
from eccube_sync.i18n import _
from eccube_sync.linkage.candidates import candidate_pairs
from eccube_sync.linkage.model import Model, fit_model, without_shared
from eccube_sync.linkage.quality import Line, lines
from eccube_sync.linkage.score import compare
from eccube_sync.linkage.thresholds import with_threshold
from eccube_sync.linkage.training import Learned, Truth, train
from eccube_sync.linkage.workers import Workers
from eccube_sync.report import Listing, Report
from eccube_sync.services.customers.showing import chance
from eccube_sync.services.matching.everybody import read_everybody
from eccube_sync.services.matching.model import model_settings, next_number, readable_model, replace_model
from eccube_sync.services.matching.words import weights_listing
from eccube_sync.services.running import Run, Shop
from eccube_sync.tables import matching


@dataclass(frozen=True, slots=True)
class TrainPlan:
    """A model that was learned and is not in force yet."""

    learned: Learned
    model: Model
    """What was learned, with its threshold."""
    line: Line
    """What follows from the threshold."""
    customers: int
    stored_id: int
    """The row of the model in force; 0 for none."""
    before: Model

    def report(self) -> Report:
        """What was learned, beside what is in force."""
        pairs = self.learned.pairs
        headline = _("Model {number}, learned from {customers} customers in {rounds} rounds").format(
            number=self.model.number, customers=self.customers, rounds=self.learned.rounds
        )
        facts = Listing(_("What was learned"), (_("what"), _("now"), _("learned")))
        facts.rows = [
            (_("pairs of one person"), "", round(pairs[Truth.MATCH])),
            (_("pairs of relatives among the candidates"), "", round(pairs[Truth.RELATIVE])),
            (_("linked by a machine from"), chance(self.before.link_at), chance(self.model.link_at)),
            (_("links, taken pair by pair"), "", self.line.links),
            (_("of these wrong, expected"), "", f"{self.line.expected_wrong:.1f}"),
        ]
        notes = [
            _("The next classification looks at everybody again; nobody is mailed about what it changes.")
        ]
        return Report(headline, listings=[facts, weights_listing(self.model, self.before)], notes=notes)


def plan_train(shop: Shop, connection: Connection) -> TrainPlan:
    """Learn from everybody there is now. Nothing is written."""
    with reading(connection):
        stored = matching.newest_model(connection)
        number = next_number(connection)
        in_force = readable_model(connection, stored)
        customers, members = read_everybody(shop, connection)
    start = fit_model(number, customers, members, model_settings(shop.settings))
    candidates = candidate_pairs(customers, members, start.common)
    levels = compare(without_shared(start, customers), without_shared(start, members), *candidates)
    learned = train(start, levels, len(customers), len(members))
    workers = Workers(shop.settings.matching.workers)
    pairs = workers.match(learned.model, customers, members, candidates)
    model = with_threshold(learned.model, pairs)
    (line,) = lines(pairs, [model.link_at])
    before = in_force or start
    return TrainPlan(learned, model, line, len(customers), stored.id if stored else 0, before)


def apply_train(run: Run, plan: TrainPlan) -> Report:
    """Put the learned model in force."""
    replace_model(run, plan.stored_id, plan.model, "trained")
    return Report(
        _("Model {number} is in force.").format(number=plan.model.number), notes=plan.report().notes
    )
