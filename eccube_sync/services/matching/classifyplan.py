"""Plan a classification: who changed, which links, moves and cases follow. Reads only."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

import numpy as np
from sqlalchemy import Connection, select

from eccube_sync.clock import tokyo_date
from eccube_sync.db import AnyRow, reading
from eccube_sync.eccube import GENERATIONS, detect
from eccube_sync.linkage.assign import Action, Decision, Kind
from eccube_sync.linkage.decide import Standing, decide
from eccube_sync.linkage.explain import explain_pairs
from eccube_sync.linkage.model import Model, fit_model
from eccube_sync.linkage.score import ScoredPairs
from eccube_sync.linkage.thresholds import with_threshold
from eccube_sync.linkage.workers import Workers
from eccube_sync.matchers import Prepared
from eccube_sync.membership.verdicts import GuardVerdict
from eccube_sync.services.claims.claiming import guard_claims, plan_claims
from eccube_sync.services.claims.parts import ClaimOutcome
from eccube_sync.services.classes.classing import ClassChange, plan_classes
from eccube_sync.services.classes.falls import falls_by_ended_links, left_to_expiry
from eccube_sync.services.classes.guarding import downgrade_verdicts
from eccube_sync.services.customers.customersync import CustomerScan, scan_customers
from eccube_sync.services.links.linking import Reasons
from eccube_sync.services.matching.candidates import (
    Keys,
    Reader,
    Side,
    Stirred,
    changed_pairs,
    connected_pairs,
    with_further,
)
from eccube_sync.services.matching.model import matching_changed, model_settings, next_number, readable_model
from eccube_sync.services.matching.people import Ignored
from eccube_sync.services.notices.mailguard import mail_verdicts, planned_mails
from eccube_sync.services.review.cardcases import CardQuestions, plan_card_questions
from eccube_sync.services.running import Shop
from eccube_sync.settings import Settings
from eccube_sync.tables import matching
from eccube_sync.tables.members import source
from eccube_sync.tables.runs import installation


@dataclass(slots=True)
class ClassifyPlan:
    """What a classification would do. Customers without an id of ours go by their EC-CUBE id below zero."""

    scan: CustomerScan
    model: Model
    model_is_new: bool
    """The model is not stored yet."""
    model_changed: bool
    """The scores of the last classification were made with another model."""
    first: bool
    member_keys: Keys
    changed_members: list[int]
    unindexed_members: list[int]
    """Those whose keys are not in the index as they are now."""
    customer_keys: Keys
    pairs: ScoredPairs
    concerned: set[int]
    """Customers connected to somebody who changed, also those who lost their last pair by it."""
    decisions: list[Decision]
    reasons: dict[tuple[int, int], Reasons]
    sources: dict[int, int]
    """Member → source."""
    accounts: dict[int, int]
    """Source → how many accounts a member of it may have."""
    member_fingerprints: dict[int, str]
    customer_fingerprints: dict[int, str]
    links: list[AnyRow]
    lost_links: list[AnyRow]
    cases: list[AnyRow]
    claims: list[ClaimOutcome]
    everything: bool
    index_whole: bool
    """Nothing in the index can be relied upon: it is written anew."""
    cards: CardQuestions | None = None
    """Linked cards that can no longer be used; None where single customers are looked at."""
    changes: list[ClassChange] = field(default_factory=list)
    unmoved: set[int] = field(default_factory=set)
    """Customers whose class and links stay as they are."""
    verdicts: list[GuardVerdict] = field(default_factory=list)
    watermark: int | None = None
    """The newest run there was when the plan was made: members it changed are decided about."""

    def affected(self) -> list[int]:
        """Every customer something is decided about."""
        keys = {one.key for one in self.scan.changed}
        keys.update(self.pairs.customer_ids.tolist(), self.concerned)
        for claim in self.claims:
            keys.update((claim.customer_key, *claim.ended_customers))
        return sorted(keys)

    def by_action(self, *actions: Action) -> list[Decision]:
        """Decisions of these kinds."""
        return [one for one in self.decisions if one.action in actions]

    def counts(self) -> dict[str, int]:
        """The plan in numbers."""
        new = [one for one in self.by_action(Action.LINK) if one.kind == Kind.CLEAR]
        claims = Counter(claim.state for claim in self.claims)
        return {
            "customers_seen": self.scan.seen,
            "customers_new": sum(one.ours is None for one in self.scan.changed),
            "customers_changed": sum(one.ours is not None for one in self.scan.changed),
            "customers_gone": len(self.scan.gone()),
            "links_by_code": sum(claim.makes_link for claim in self.claims),
            "claims_waiting": claims["waiting_for_store"],
            "claims_refused": claims["refused"],
            "claims_in_conflict": claims["conflict"],
            "links_by_match": len(new),
            "links_moved": len(self.by_action(Action.MOVE)),
            "cases_to_ask": sum(one.kind != Kind.NAME_ONLY for one in self.by_action(Action.CASE))
            + (len(self.cards.asked) if self.cards else 0),
            "cases_name_only": sum(one.kind == Kind.NAME_ONLY for one in self.by_action(Action.CASE)),
            "became_store": sum(change.upgraded for change in self.changes),
            "became_ec_only": sum(change.downgraded for change in self.changes),
        }


def plan_classify(
    shop: Shop,
    connection: Connection,
    *,
    every: bool = False,
    only: Sequence[int] | None = None,
    expected: int | None = None,
) -> ClassifyPlan:
    """Decide about the customers and members that changed; ``every`` about all, ``only`` about these EC-CUBE ids."""
    with reading(connection):
        return _plan(shop, connection, every=every, only=only, expected=expected)


def _plan(
    shop: Shop, connection: Connection, *, every: bool, only: Sequence[int] | None, expected: int | None
) -> ClassifyPlan:
    generation = GENERATIONS[detect(connection)]
    state = connection.execute(select(installation)).first()
    stored = matching.newest_model(connection)
    wanted = model_settings(shop.settings)
    model = readable_model(connection, stored)
    # Until a first classification came to its end, or after it was undone, nobody has been decided about.
    first = state is None or state.first_classify_run_id is None
    matched_run = state.matched_run_id if state else 0
    model_is_new = model is None or model.settings != wanted
    model_changed = matching_changed(shop.settings, connection)
    everything = every or first or model_changed
    scan = scan_customers(connection, generation, every=everything, only=None if everything else only)
    if everything:
        members = matching.all_members(connection)
    else:
        members = [] if only else matching.changed_members(connection, matched_run)
    newest_run = matching.newest_run(connection)
    ignored = Ignored.of(shop.settings.matching, generation.shop(connection))
    reader = Reader(connection, generation, scan.changed, ignored)
    changed_customers = reader.customers(one.key for one in scan.changed if one.full)
    prepared_members = reader.members(members)
    if model is None:
        model = fit_model(next_number(connection), changed_customers, prepared_members, wanted)
    elif model_is_new:
        model = replace(
            model, number=model.number + 1, settings=wanted, link_at=wanted.link_at or model.link_at
        )
    index_whole = first or model_changed
    unindexed = [] if only else matching.changed_members(connection, matched_run)
    if (
        everything and not index_whole
    ):  # pairs are found without stored keys, so only those to be stored are needed
        differing = [one.key for one in scan.changed if one.differs]
        customers = Side(changed_customers, Keys.of_some(changed_customers, differing))
        changed = Side(prepared_members, Keys.of_some(prepared_members, unindexed))
    else:
        customers = Side(changed_customers, Keys.of(changed_customers))
        changed = Side(prepared_members, Keys.of(prepared_members))
    workers = Workers(shop.settings.matching.workers)
    fresh, left, right = changed_pairs(
        connection, model, reader, (customers, changed), workers, everything=everything
    )
    if model_is_new:
        model = with_threshold(model, fresh)
    pairs, concerned = fresh, set[int]()
    if not everything:
        stirred = _stirred(connection, scan, members, None if only else matched_run)
        pairs, concerned = connected_pairs(connection, fresh, stirred)
        left = with_further(left, pairs.customer_ids, reader.customers)
        right = with_further(right, pairs.member_ids, reader.members)
    return _decide(
        shop,
        connection,
        ClassifyPlan(
            scan=scan,
            model=model,
            model_is_new=model_is_new,
            model_changed=model_changed,
            first=first,
            member_keys=changed.keys,
            changed_members=members,
            unindexed_members=unindexed,
            customer_keys=customers.keys,
            pairs=pairs,
            concerned=concerned,
            decisions=[],
            reasons={},
            sources={},
            accounts=_accounts(shop.settings, connection),
            member_fingerprints={},
            customer_fingerprints={},
            links=[],
            lost_links=matching.links_of_lost_members(
                connection,
                shop.settings.membership.missing_imports,
                [one.key for one in scan.changed if one.key > 0] if only else None,
            ),
            cases=[],
            claims=[],
            everything=everything,
            index_whole=index_whole,
            watermark=None if only else newest_run,
        ),
        (left, right),
        only,
        expected,
    )


def _stirred(
    connection: Connection, scan: CustomerScan, members: Sequence[int], since_run: int | None
) -> Stirred:
    """Everybody who changed, is gone, or was decided about after a run; without one, those of the scan only."""
    customers = {one.key for one in scan.changed} | {row.id for row in scan.gone()}
    if since_run is None:
        return Stirred(customers, set(members))
    freed_customers, freed_members = matching.decided_since(connection, since_run)
    return Stirred(
        customers,
        {*members, *matching.replaced_members(connection, since_run)},
        freed_customers,
        freed_members,
    )


def _accounts(settings: Settings, connection: Connection) -> dict[int, int]:
    configured = {one.key: one.accounts_per_member for one in settings.sources}
    rows = connection.execute(select(source.c.id, source.c.source_key))
    return {row.id: configured.get(row.source_key, 1) for row in rows}


def _decide(
    shop: Shop,
    connection: Connection,
    plan: ClassifyPlan,
    people: tuple[Prepared, Prepared],
    only: Sequence[int] | None,
    expected: int | None,
) -> ClassifyPlan:
    left, right = people
    plan.pairs = _present(plan.pairs, left, right)
    plan.claims = plan_claims(shop, connection, customers=plan.scan.changed, only=only)
    alarm = guard_claims(shop, connection, plan.claims, expected)
    if alarm.refused:
        plan.claims = []
    member_ids = sorted({*plan.pairs.member_ids.tolist()})
    customer_ids = plan.affected()
    if plan.everything:
        plan.links = matching.all_active_links(connection)
    else:
        plan.links = matching.active_links(connection, customer_ids, member_ids)
    plan.sources, plan.member_fingerprints = matching.sources_and_fingerprints(
        connection, [*member_ids, *(one.member_id for one in plan.claims if one.member_id)]
    )
    plan.customer_fingerprints = {one.key: one.fingerprint for one in plan.scan.changed}
    plan.cases = matching.open_pair_cases(connection, customer_ids)
    apart = set(matching.set_apart(connection, customer_ids, plan.customer_fingerprints))
    for source_id in sorted(set(plan.sources.values())):
        plan.decisions += decide(
            plan.model,
            _of_source(plan.pairs, plan.sources, source_id),
            left,
            right,
            Standing(_standing_links(plan, source_id), apart),
        )
    plan.reasons = _explained(plan, left, right)
    if only is None:
        plan.cards = plan_card_questions(connection, _with_next_card(plan), _new_members(plan))
    today = tokyo_date(shop.clock.now())
    changes = plan_classes(
        shop.settings,
        connection,
        today,
        _preview_ids(plan),
        further_members=_new_members(plan),
        further_waiting=_waiting(plan),
    )
    plan.unmoved = _unmoved(plan, changes)
    plan.changes = [change for change in changes if not left_to_expiry(change)]
    plan.changes += falls_by_ended_links(connection, _losing_their_link(plan))
    mails = planned_mails(
        shop.settings, connection, today, plan.changes, baseline=plan.first or plan.model_changed
    )
    plan.verdicts = [
        alarm,
        *downgrade_verdicts(shop.settings, connection, plan.changes, shop.clock.now(), expected),
        *mail_verdicts(shop.settings, mails, expected=expected),
    ]
    return plan


def _present(pairs: ScoredPairs, left: Prepared, right: Prepared) -> ScoredPairs:
    """Without pairs of people who can no longer be linked or are gone."""
    chosen = np.isin(pairs.customer_ids, left.ids) & np.isin(pairs.member_ids, right.ids)
    return pairs if chosen.all() else pairs.take(np.flatnonzero(chosen))


def _of_source(pairs: ScoredPairs, sources: Mapping[int, int], source_id: int) -> ScoredPairs:
    if set(sources.values()) == {source_id}:
        return pairs
    chosen = np.fromiter((sources[one] == source_id for one in pairs.member_ids.tolist()), bool, len(pairs))
    return pairs if chosen.all() else pairs.take(np.flatnonzero(chosen))


def _standing_links(plan: ClassifyPlan, source_id: int) -> list[tuple[int, int]]:
    """The links of a source as they will stand once the claims are decided."""
    ending = {link_id for claim in plan.claims for link_id in claim.ending_links}
    ending |= {row.id for row in plan.lost_links if row.member_current is None}
    gone = {row.id for row in plan.scan.gone()}
    standing = [
        (row.customer_id, row.member_id)
        for row in plan.links
        if row.source_id == source_id and row.id not in ending and row.customer_id not in gone
    ]
    claimed = [
        (claim.customer_key, claim.member_id)
        for claim in plan.claims
        if claim.state == "accepted" and claim.member_id and plan.sources.get(claim.member_id) == source_id
    ]
    return standing + claimed


def _explained(plan: ClassifyPlan, left: Prepared, right: Prepared) -> dict[tuple[int, int], Reasons]:
    """Why, for every pair that becomes a link or a case."""
    asked = [
        (one.customer_id, one.member_id)
        for one in plan.decisions
        if one.action in {Action.CASE, Action.MOVE} or one.kind in {Kind.CLEAR, Kind.HELD_CONTRADICTED}
    ]
    if not asked:
        return {}
    ids = np.array(asked, np.int64)
    left_rows, right_rows = _rows(left, ids[:, 0]), _rows(right, ids[:, 1])
    explained = explain_pairs(plan.model, left, right, left_rows, right_rows)
    return {
        pair: [(reason.code, reason.bits) for reason in reasons]
        for pair, reasons in zip(asked, explained, strict=True)
    }


def _rows(people: Prepared, ids: np.ndarray) -> np.ndarray:
    order = np.argsort(people.ids)
    return order[np.searchsorted(people.ids, ids, sorter=order)]


def _new_members(plan: ClassifyPlan) -> dict[int, list[int]]:
    """Customer → members it is about to be linked to."""
    found: dict[int, list[int]] = defaultdict(list)
    for one in plan.by_action(Action.LINK):
        if one.kind == Kind.CLEAR:
            found[one.customer_id].append(one.member_id)
    for claim in plan.claims:
        if claim.state == "accepted" and claim.member_id:
            found[claim.customer_key].append(claim.member_id)
    return found


def _with_next_card(plan: ClassifyPlan) -> set[int]:
    """Customers whose link moves to another card or ends, or about whose other card a question will be asked."""
    successors = {
        one.customer_id for one in plan.by_action(Action.MOVE, Action.CASE) if one.kind == Kind.SUCCESSOR
    }
    ended = {customer for claim in plan.claims for customer in claim.ended_customers}
    return successors | ended | {row.id for row in plan.scan.gone()}


def _waiting(plan: ClassifyPlan) -> dict[int, datetime]:
    """Customer → when the newest valid code was typed that is about to wait for the store's data."""
    first: dict[int, ClaimOutcome] = {}
    for one in plan.claims:
        if one.state == "waiting_for_store" and one.claim.link_code_id is not None:
            first.setdefault(one.claim.link_code_id, one)
    return {
        one.customer_key: one.claim.received_at
        for one in sorted(first.values(), key=lambda one: one.claim.received_at)
        if one.changed
    }


def _losing_their_link(plan: ClassifyPlan) -> set[int]:
    """Customers whose link ends because somebody else has the member's code, or their own row or id.

    One who withdrew did so on purpose; many who vanish at once are a table that is not EC-CUBE's of yesterday.
    """
    lost = {row.customer_id for row in plan.lost_links if row.member_current is None}
    lost |= {row.id for row in (*plan.scan.replaced, *plan.scan.vanished)}
    return lost - _new_members(plan).keys()


def _preview_ids(plan: ClassifyPlan) -> set[int]:
    changed = {one.key for one in plan.scan.changed if one.full}
    return set(_new_members(plan)) | _waiting(plan).keys() | changed


def _unmoved(plan: ClassifyPlan, changes: Iterable[ClassChange]) -> set[int]:
    """Those among the customers looked at about whom nothing is decided: their class need not be computed again."""
    moved = {change.customer_id for change in changes} | {row.customer_id for row in plan.lost_links}
    moved.update(_new_members(plan), (one.customer_id for one in plan.by_action(Action.MOVE)))
    for claim in plan.claims:
        moved.update((claim.customer_key, *claim.ended_customers))
    return _preview_ids(plan) - moved
