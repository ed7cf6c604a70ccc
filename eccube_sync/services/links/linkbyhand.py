"""Link or part a customer and a member because a person says so and names both: planned, then one transaction.

For the command line, and for requests from the shop's administration: those open a run for whoever asked, then
``apply_link(run, plan_link(…))``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, select

from eccube_sync.db import AnyRow, reading
from eccube_sync.errors import UsageError
from eccube_sync.i18n import _
from eccube_sync.report import Listing, Report
from eccube_sync.services.classes.classing import plan_classes
from eccube_sync.services.classes.deciding import decide
from eccube_sync.services.classes.overriding import find_customer
from eccube_sync.services.customers.customersync import ChangedCustomer
from eccube_sync.services.customers.foundpeople import customers_listing, members_listing
from eccube_sync.services.customers.knowncustomers import known_id, linkable_customer, our_id
from eccube_sync.services.customers.showing import METHODS, in_words
from eccube_sync.services.links.pairing import ANY, GUESSES, link_of_pair, link_pair, rivals
from eccube_sync.services.members.findmember import find_member
from eccube_sync.services.review.answering import Answer, answer_case, close_neighbours
from eccube_sync.services.review.casing import (
    DECIDED,
    UNANSWERED,
    Question,
    close_case,
    open_case,
    reopen_case,
    subject_key,
)
from eccube_sync.services.running import Run, Shop, changed_meanwhile
from eccube_sync.tables.cases import review_case
from eccube_sync.tables.customers import customer
from eccube_sync.tables.links import link
from eccube_sync.tables.members import member, member_version, source

LONGEST_REASON = 500

SHOWN = ("links_by_hand", "links_ended", "cases_closed", "became_store", "became_ec_only", "to_project")
"""Counts that say what a link by hand did."""


@dataclass(frozen=True, slots=True)
class LinkPlan:
    """A link a person wants, and the links that end for it."""

    who: ChangedCustomer
    member: AnyRow
    ending: Sequence[AnyRow]
    reason: str

    def report(self, shop: Shop, connection: Connection) -> Report:
        """The plan in words, with both people as they are shown after a search, so that a wrong id is seen."""
        headline = _("Customer {id} will be linked to member {code} ({source}).").format(
            id=self.who.seen.eccube_id,
            code=self.member.code or self.member.store_key,
            source=self.member.source_name,
        )
        with reading(connection):
            both = [
                customers_listing(shop.settings, connection, [self.who.seen.eccube_id], unmasked=False),
                members_listing(connection, [int(self.member.member_id)], unmasked=False),
            ]
        ending = _ending_listing(connection, self.ending)
        return Report(headline, {"links_to_end": len(self.ending)}, listings=[*both, ending])


@dataclass(frozen=True, slots=True)
class UnlinkPlan:
    """A link a person wants to end."""

    link: AnyRow
    reason: str

    def report(self) -> Report:
        """The plan in words."""
        return Report(
            _("The link of customer {id} to member {code} ({method}) will end.").format(
                id=self.link.eccube_id,
                code=self.link.code or self.link.store_key,
                method=in_words(METHODS, self.link.method),
            ),
            notes=[_("The program will not link these two again, unless a person does or reopens the case.")],
        )


def _ending_listing(connection: Connection, ending: Sequence[AnyRow]) -> Listing:
    listing = Listing(_("Links that end for it"), (_("customer"), _("member"), _("method")))
    with reading(connection):
        for row in _with_people(connection, [one.id for one in ending]):
            listing.rows.append((row.eccube_id, row.code or row.store_key, in_words(METHODS, row.method)))
    return listing


def _with_people(connection: Connection, link_ids: Sequence[int]) -> list[AnyRow]:
    return list(connection.execute(_LINKS.where(link.c.id.in_(link_ids)).order_by(link.c.id)))


_LINKS = (
    select(
        link,
        customer.c.eccube_id,
        customer.c.fingerprint.label("customer_fingerprint"),
        member.c.fingerprint.label("member_fingerprint"),
        member.c.store_key,
        member_version.c.code,
        source.c.source_key,
    )
    .join(customer, customer.c.id == link.c.customer_id)
    .join(member, member.c.id == link.c.member_id)
    .join(member_version, member_version.c.id == member.c.version_id)
    .join(source, source.c.id == link.c.source_id)
)


# --- link ------------------------------------------------------------------------------------------


def plan_link(
    shop: Shop,
    connection: Connection,
    eccube_id: int,
    code: str,
    reason: str,
    *,
    source_key: str | None = None,
) -> LinkPlan:
    """What linking a customer (EC-CUBE id) and a member (any code) would do.

    Raises ``UsageError`` where there is no such customer or member, where both are linked by a person or a proof
    already, and where a person said that they are two people.
    """
    with reading(connection):
        who = linkable_customer(connection, eccube_id)
        row = find_member(connection, code, source_key)
        refuse_decided(connection, our_id(who), row.member_id)
        standing = link_of_pair(connection, our_id(who), row.member_id)
        if standing is not None and standing.method not in GUESSES:
            raise UsageError(
                _("They are linked already, by {method}; nothing was changed.").format(
                    method=in_words(METHODS, standing.method)
                )
            )
        ending = rivals(shop.settings, connection, our_id(who), row.member_id, ANY)
        return LinkPlan(who, row, ending, reason[:LONGEST_REASON])


def case_of_pair(connection: Connection, customer_id: int, member_id: int) -> AnyRow | None:
    """The case about these two, whatever its state."""
    key = subject_key("", customer_id, member_id)
    return connection.execute(select(review_case).where(review_case.c.subject_key == key)).first()


def refuse_decided(connection: Connection, customer_id: int, member_id: int) -> None:
    """Raise ``UsageError`` where a person said that these are two people: that comes first."""
    case = case_of_pair(connection, customer_id, member_id)
    if case is not None and case.state == "different":
        raise UsageError(
            _(
                "{who} decided that they are different people (case {case}). If that was wrong, first: "
                "eccube-sync review reopen {case} --reason …"
            ).format(who=case.decided_by, case=case.public_id)
        )


def apply_link(run: Run, plan: LinkPlan) -> Report:
    """Carry the plan out. Raises ``LockedError`` when a link changed since; then nothing was written."""
    run.transaction(_link, run, plan)
    headline = _("Customer {id} is linked to member {code} now.").format(
        id=plan.who.seen.eccube_id, code=plan.member.code or plan.member.store_key
    )
    return outcome(run, headline)


def _link(run: Run, plan: LinkPlan) -> None:
    settings, connection = run.shop.settings, run.connection
    customer_id, member_id = known_id(run, plan.who), int(plan.member.member_id)
    refuse_decided(connection, customer_id, member_id)
    now = rivals(settings, connection, customer_id, member_id, ANY)
    if {one.id for one in now} != {one.id for one in plan.ending}:
        raise changed_meanwhile()
    case = case_of_pair(connection, customer_id, member_id)
    concerned = link_pair(
        run,
        customer_id,
        member_id,
        method="manual",
        actor=run.shop.actor,
        proven_by="review" if settings.membership.human_link_is_proof else None,
        scored=case,
        may_end=ANY,
        note=plan.reason,
    )
    if concerned is None:
        raise changed_meanwhile()
    if case is not None and case.state in UNANSWERED:
        close_case(run, case.id, "linked_by_hand")
    close_neighbours(run, customer_id, member_id)
    decide(run, plan_classes(settings, connection, run.today, concerned))


def outcome(run: Run, headline: str) -> Report:
    """What the run did, and where it is seen."""
    report = Report(headline, {name: run.counts[name] for name in SHOWN if run.counts[name]})
    if run.counts["to_project"]:
        report.notes.append(_("EC-CUBE shows it after the next night, or now with: eccube-sync project"))
    return report


# --- part ------------------------------------------------------------------------------------------


def plan_unlink(
    connection: Connection, eccube_id: int, reason: str, *, source_key: str | None = None
) -> UnlinkPlan:
    """What ending a customer's link would do. Raises ``UsageError`` for none, or several and no source named."""
    with reading(connection):
        who = find_customer(connection, eccube_id)
        found = connection.execute(_LINKS.where(link.c.customer_id == who.id, link.c.active == 1)).all()
    links = [one for one in found if source_key in (None, one.source_key)]
    if not links:
        raise UsageError(_("Customer {id} has no link.").format(id=eccube_id))
    if len(links) > 1:
        raise UsageError(
            _("Customer {id} has a link in each of {sources}; name one with --source.").format(
                id=eccube_id, sources=", ".join(one.source_key for one in links)
            )
        )
    return UnlinkPlan(links[0], reason[:LONGEST_REASON])


def apply_unlink(run: Run, plan: UnlinkPlan) -> Report:
    """End the link and keep that the two are different people, so that no machine links them again.

    Raises ``LockedError`` when the link ended meanwhile.
    """
    run.transaction(_unlink, run, plan)
    headline = _("The link of customer {id} to member {code} has ended.").format(
        id=plan.link.eccube_id, code=plan.link.code or plan.link.store_key
    )
    return outcome(run, headline)


def _unlink(run: Run, plan: UnlinkPlan) -> None:
    ending, connection, actor = plan.link, run.connection, run.shop.actor
    standing = link_of_pair(connection, ending.customer_id, ending.member_id)
    if standing is None or standing.id != ending.id:
        raise changed_meanwhile()
    case = case_of_pair(connection, ending.customer_id, ending.member_id)
    if case is None:
        question = Question(
            "unlinked",
            ending.customer_id,
            ending.member_id,
            ending.customer_fingerprint,
            ending.member_fingerprint,
            ending.probability,
            ending.bits,
        )
        open_case(run, question)
    elif case.state in DECIDED:
        reopen_case(run, case, actor, plan.reason)
    now = case_of_pair(connection, ending.customer_id, ending.member_id)
    assert now is not None
    answer = Answer(now.id, now.version, "different", actor, note=plan.reason)
    answer_case(run, answer, may_end=ANY)
