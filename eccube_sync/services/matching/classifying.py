"""Apply a classification: customers, index, claims, links, cases and classes, chunk by chunk.

A customer's fingerprint is written in the transaction that decides about that customer, and the members'
watermark at the very end: a killed run leaves everything undecided marked as changed, so a rerun heals.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from sqlalchemy import Connection, insert, select, update

from eccube_sync.db import CHUNK, AnyRow
from eccube_sync.errors import GuardRefusedError
from eccube_sync.i18n import _
from eccube_sync.linkage.assign import Action, Decision, Kind
from eccube_sync.report import Report
from eccube_sync.services.claims.parts import ClaimOutcome
from eccube_sync.services.claims.redeeming import apply_claims
from eccube_sync.services.classes.classing import plan_classes
from eccube_sync.services.classes.deciding import decide
from eccube_sync.services.classes.falls import keep_for_classify
from eccube_sync.services.classes.overriding import end_override
from eccube_sync.services.classes.policies import policy_hash
from eccube_sync.services.customers.customersync import ChangedCustomer, customer_row
from eccube_sync.services.links.linking import NewLink, end_link, insert_links
from eccube_sync.services.matching.classifyplan import ClassifyPlan
from eccube_sync.services.matching.indexing import part_of, write_members, write_whole
from eccube_sync.services.matching.model import write_model
from eccube_sync.services.notices.noticing import cancel_for_customers, queue_for_cards, queue_for_links
from eccube_sync.services.review.cardcases import ask_about_cards
from eccube_sync.services.review.casing import NO_LONGER, Question, close_case, open_case, open_cases
from eccube_sync.services.running import Run
from eccube_sync.tables import classes, matching
from eccube_sync.tables.customers import customer
from eccube_sync.tables.matching import CUSTOMER
from eccube_sync.tables.runs import installation
from eccube_sync.tables.setting import set_by_id

MATCH_KINDS = frozenset(kind.value for kind in Kind)
REPORTED = (
    "customers_new", "customers_changed", "customers_gone", "links_by_code", "links_by_match", "links_moved",
    "links_ended", "claims_waiting", "claims_refused", "claims_in_conflict", "cases_opened", "cases_closed",
    "became_store", "became_ec_only", "notices_queued", "notices_baseline", "stale",
)  # fmt: skip


def plan_report(plan: ClassifyPlan) -> Report:
    """The plan as counts."""
    report = Report(_("Classification plan"), plan.counts())
    report.notes = [verdict.message for verdict in plan.verdicts if verdict.refused]
    if plan.first:
        report.notes.append(_("This is the first classification: nobody will be mailed about it."))
    return report


def refuse(plan: ClassifyPlan) -> None:
    """Raise ``GuardRefusedError`` when the plan takes the class from more customers than it may.

    The alarm about wrong codes took the claims out of the plan; the rest of it may go on.
    """
    messages = [one.message for one in plan.verdicts if one.refused and one.guard != "wrong_link_codes"]
    if messages:
        raise GuardRefusedError("\n".join(messages))


def apply_classify(run: Run, plan: ClassifyPlan) -> Report:
    """Carry the plan out."""
    refuse(plan)
    run.baseline = run.baseline or plan.first or plan.model_changed
    work = _Work(run, plan)
    work.model_id = run.transaction(_write_model, run, plan)
    if not plan.index_whole:
        write_members(run, plan.unindexed_members, plan.member_keys)
    gone = plan.scan.gone()
    for start in range(0, len(gone), CHUNK):
        run.transaction(_write_gone, run, plan, gone[start : start + CHUNK])
    run.transaction(_write_lost, run, plan.lost_links)
    digests = {one: (digest,) for one, digest in plan.scan.digested.items()}
    run.transaction(set_by_id, run.connection, customer, (customer.c.row_digest,), digests)
    affected = plan.affected()
    for start in range(0, len(affected), CHUNK):
        run.transaction(work.write_chunk, affected[start : start + CHUNK])
    if plan.index_whole:
        write_whole(run.connection, plan.member_keys, plan.customer_keys, work.ids)
    if plan.cards is not None:
        run.transaction(ask_about_cards, run, plan.cards)
    run.transaction(_finish, run, plan)
    return Report(_("Classified:"), {name: run.counts[name] for name in REPORTED})


def _write_model(run: Run, plan: ClassifyPlan) -> int:
    if plan.model_is_new:
        return write_model(run, plan.model, "first" if plan.first else "settings_changed")
    stored = matching.newest_model(run.connection)
    assert stored is not None
    return int(stored.id)


def _write_gone(run: Run, plan: ClassifyPlan, rows: Sequence[AnyRow]) -> None:
    """Withdrawn, vanished and replaced customers: links end, notices are cancelled, questions closed."""
    replaced = {row.id for row in plan.scan.replaced}
    vanished = {row.id for row in plan.scan.vanished}
    ids = [row.id for row in rows]
    connection = run.connection
    for row in rows:
        if row.id in replaced or row.id in vanished:
            state = "replaced" if row.id in replaced else "vanished"
            values: dict[str, Any] = {"state": state, "changed_run_id": run.id}
            if row.id in replaced:
                values["current"] = None
            connection.execute(update(customer).where(customer.c.id == row.id).values(values))
            run.record("customer", row.id, "state", row.state, state, "seen_in_eccube")
        if row.id in replaced:  # an exception made for one person shows nobody else as a member
            end_override(run, row.id, "other_identity")
    for row in matching.active_links(connection, ids, ()):
        if row.customer_id in replaced:
            end_link(run, row, "other_identity")
            open_case(run, Question("identity_changed", None, row.member_id))
        else:
            end_link(run, row, "customer_vanished" if row.customer_id in vanished else "customer_withdrawn")
    for case in matching.open_pair_cases(connection, ids):
        close_case(run, case.id, "customer_gone")
    matching.replace_keys(connection, CUSTOMER, ids, np.empty(0, np.int64), np.empty(0, np.int64))
    matching.replace_pairs(connection, ids, [])
    cancel_for_customers(run, ids, "customer_gone")
    decide(run, plan_classes(run.shop.settings, connection, run.today, ids))
    run.counts["customers_gone"] += len(ids)


def _write_lost(run: Run, rows: Sequence[AnyRow]) -> None:
    """Links whose member's code went to another person end; a member missing from the files becomes a case."""
    for row in rows:
        if row.member_current is None:
            end_link(run, row, "code_reused")
        kind = "reused_code" if row.member_current is None else "missing_member"
        open_case(run, Question(kind, row.customer_id, row.member_id))
    ended = [row.customer_id for row in rows if row.member_current is None]
    changes = plan_classes(run.shop.settings, run.connection, run.today, ended)
    decide(run, keep_for_classify(run, changes))


def _finish(run: Run, plan: ClassifyPlan) -> None:
    # A run for single customers has not looked at the members that changed.
    values: dict[str, Any] = {}
    if plan.watermark is not None:
        # What this run itself decided is no news to the next one; what another did since the plan is.
        alone = matching.newest_run(run.connection, before=run.id) <= plan.watermark
        values["matched_run_id"] = run.id if alone else plan.watermark
    if plan.first and plan.everything:
        # Every class was just computed by today's policies: the next expiry need not do it again.
        values |= {"first_classify_run_id": run.id, "policy_hash": policy_hash(run.shop.settings)}
    if values:
        run.connection.execute(update(installation).values(values))


@dataclass(slots=True)
class _Work:
    """The plan laid out by customer, so that a chunk finds its part at once."""

    run: Run
    plan: ClassifyPlan
    model_id: int = 0
    changed: dict[int, ChangedCustomer] = field(init=False)
    decisions: dict[int, list[Decision]] = field(init=False)
    claims: dict[int, list[ClaimOutcome]] = field(init=False)
    cases: dict[int, list[AnyRow]] = field(init=False)
    standing: dict[tuple[int, int], AnyRow] = field(init=False)
    """(customer, source) → the link from before."""
    ids: dict[int, int] = field(default_factory=dict)
    """Key → our id, of the customers that were new."""

    def __post_init__(self) -> None:
        plan = self.plan
        self.changed = {one.key: one for one in plan.scan.changed}
        self.standing = {(row.customer_id, row.source_id): row for row in plan.links}
        self.decisions, self.claims, self.cases = defaultdict(list), defaultdict(list), defaultdict(list)
        for decision in plan.decisions:
            self.decisions[decision.customer_id].append(decision)
        for claim in plan.claims:
            self.claims[claim.customer_key].append(claim)
        for case in plan.cases:
            self.cases[case.customer_id].append(case)

    def write_chunk(self, keys: Sequence[int]) -> None:
        """Everything about these customers, in the transaction under way."""
        run = self.run
        ids = self._write_customers(keys)
        self._write_index(keys, ids)
        apply_claims(run, [one for key in keys for one in self.claims.get(key, ())])
        self._move_links(keys, ids)
        link_ids = insert_links(run, self._new_links(keys, ids))
        self._write_cases(keys, ids)
        moving = [ids[key] for key in keys if key not in self.plan.unmoved]
        changes = plan_classes(run.shop.settings, run.connection, run.today, moving)
        decide(run, keep_for_classify(run, changes))
        queue_for_links(run, link_ids)
        queue_for_cards(run, (ids[key] for key in keys if key in self.claims))

    def _write_customers(self, keys: Sequence[int]) -> dict[int, int]:
        """Insert or update our rows; returns key → id."""
        run, connection = self.run, self.run.connection
        changed = [self.changed[key] for key in keys if key in self.changed and self.changed[key].differs]
        new = [one for one in changed if one.ours is None]
        # The inbox or the bridge may have taken one in since the plan was made.
        taken = _ids_of(connection, [one.seen.eccube_id for one in new])
        new = [one for one in new if one.key not in taken]
        if new:
            connection.execute(insert(customer), [customer_row(run, one) for one in new])
        columns = (customer.c.state, customer.c.fingerprint, customer.c.row_digest, customer.c.changed_run_id)
        rows = {
            one.ours.id: (one.seen.state, one.fingerprint, one.row_digest, run.id)
            for one in changed
            if one.ours is not None
        }
        set_by_id(connection, customer, columns, rows)
        run.counts["customers_new"] += len(new)
        run.counts["customers_changed"] += len(changed) - len(new)
        made = _ids_of(connection, [-key for key in keys if key < 0])
        self.ids |= made
        ids = {key: key for key in keys if key > 0} | made
        for one in changed:
            # A new customer is a full one unless the journal says otherwise.
            before = "full" if one.ours is None else one.ours.state
            if before != one.seen.state:
                old = None if one.ours is None else before
                run.record("customer", ids[one.key], "state", old, one.seen.state, "seen_in_eccube")
        return ids

    def _write_index(self, keys: Sequence[int], ids: dict[int, int]) -> None:
        connection = self.run.connection
        if not self.plan.index_whole:
            changed = [key for key in keys if key in self.changed and self.changed[key].differs]
            own = part_of(self.plan.customer_keys, keys[0], keys[-1])
            own_keys = own.keys[np.isin(own.owners, changed)]
            owners = [ids[key] for key in own.owners[np.isin(own.owners, changed)].tolist()]
            matching.replace_keys(
                connection, CUSTOMER, [ids[key] for key in changed], own_keys, np.array(owners, np.int64)
            )
        matching.replace_pairs(connection, list(ids.values()), self._pairs(keys, ids))

    def _pairs(self, keys: Sequence[int], ids: dict[int, int]) -> list[matching.Pair]:
        pairs = self.plan.pairs
        start = np.searchsorted(pairs.customer_ids, keys[0], "left")
        end = np.searchsorted(pairs.customer_ids, keys[-1], "right")
        columns = (pairs.member_ids, pairs.bits, pairs.probability, pairs.flags)
        customers = [ids[key] for key in pairs.customer_ids[start:end].tolist()]
        return list(zip(customers, *(column[start:end].tolist() for column in columns), strict=True))

    def _decided(self, keys: Sequence[int], action: Action) -> list[Decision]:
        return [one for key in keys for one in self.decisions.get(key, ()) if one.action == action]

    def _move_links(self, keys: Sequence[int], ids: dict[int, int]) -> None:
        """A customer's link goes from a card that can no longer be used to its successor; proof goes along."""
        run, plan = self.run, self.plan
        for one in self._decided(keys, Action.MOVE):
            old = self.standing.get((one.customer_id, plan.sources[one.member_id]))
            if old is None or not end_link(run, old, "moved"):
                run.counts["stale"] += 1
                continue
            moved = self._new_link(one, ids, method=old.method, proven_by=old.proven_by)
            for link_id in insert_links(run, [moved]):
                run.record("link", link_id, "moved_from", old.id, link_id, "successor")
                run.counts["links_moved"] += 1

    def _new_links(self, keys: Sequence[int], ids: dict[int, int]) -> list[NewLink]:
        decided = self._decided(keys, Action.LINK)
        return [self._new_link(one, ids) for one in decided if one.kind == Kind.CLEAR]

    def _new_link(
        self, one: Decision, ids: dict[int, int], *, method: str = "match", proven_by: str | None = None
    ) -> NewLink:
        return NewLink(
            customer_id=ids[one.customer_id],
            member_id=one.member_id,
            source_id=self.plan.sources[one.member_id],
            method=method,
            proven_by=proven_by,
            probability=one.probability,
            bits=one.bits,
            reasons=self.plan.reasons.get((one.customer_id, one.member_id)),
            model_id=self.model_id,
            slots=self.plan.accounts[self.plan.sources[one.member_id]],
        )

    def _write_cases(self, keys: Sequence[int], ids: dict[int, int]) -> None:
        asked = [
            one
            for key in keys
            for one in self.decisions.get(key, ())
            if one.action == Action.CASE or one.kind == Kind.HELD_CONTRADICTED
        ]
        open_cases(self.run, [self._question(one, ids) for one in asked])
        pairs = {(one.customer_id, one.member_id) for one in asked}
        for key in keys:
            for case in self.cases.get(key, ()):
                if (key, case.member_id) not in pairs and case.kind in MATCH_KINDS:
                    close_case(self.run, case.id, NO_LONGER)

    def _question(self, one: Decision, ids: dict[int, int]) -> Question:
        return Question(
            one.kind.value,
            ids[one.customer_id],
            one.member_id,
            self.plan.customer_fingerprints.get(one.customer_id, ""),
            self.plan.member_fingerprints.get(one.member_id, ""),
            one.probability,
            one.bits,
            self.plan.reasons.get((one.customer_id, one.member_id)),
        )


def _ids_of(connection: Connection, eccube_ids: Sequence[int]) -> dict[int, int]:
    """Minus the EC-CUBE id → our id."""
    found: dict[int, int] = {}
    for chunk in classes.chunks(eccube_ids):
        rows = connection.execute(
            select(customer.c.id, customer.c.eccube_id).where(
                customer.c.eccube_id.in_(chunk), customer.c.current == 1
            )
        )
        found.update((-row.eccube_id, row.id) for row in rows)
    return found
