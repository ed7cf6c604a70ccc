"""Compare every expiry policy the store data allows, before one is chosen."""

from __future__ import annotations

from sqlalchemy import Connection, select

from eccube_sync.clock import tokyo_date
from eccube_sync.db import reading
from eccube_sync.i18n import _, mark
from eccube_sync.membership.policies import SourcePolicy
from eccube_sync.membership.preview import MemberColumns, possible_policies, preview
from eccube_sync.report import Listing, Report
from eccube_sync.services.classes.policies import source_policy
from eccube_sync.services.running import Shop
from eccube_sync.tables.members import member, member_version, source

FACTS = ("status", "joined_on", "last_visit_on", "end_date", "left_on", "unlimited")
WORDS = {
    "none": mark("none: nobody is downgraded by time"),
    "column": mark("column: the end date in the file"),
    "joined": mark("joined: {months} months after joining"),
    "last_visit": mark("last_visit: {months} months after the last visit"),
    "status": mark("status: only what the POS says"),
}


def preview_policies(shop: Shop, connection: Connection) -> Report:
    """For each source and policy: current, expired, ending in the next three months, and how well it is filled."""
    today = tokyo_date(shop.clock.now())
    report = Report(
        _("What each expiry policy would mean today ({today}). Nothing was changed.").format(today=today)
    )
    for one in shop.settings.sources:
        with reading(connection):
            columns = _columns(connection, one.key)
        listing = Listing(
            one.label,
            (
                _("policy"), _("current"), _("expired"), _("ended by POS status"), _("ending in month 1"),
                _("ending in month 2"), _("ending in month 3"), _("filled"),
            ),
        )  # fmt: skip
        chosen = source_policy(one)
        for result in preview(columns, possible_policies(columns, chosen), today):
            listing.rows.append(
                (
                    _words(result.policy) + (" ←" if result.policy == chosen else ""),
                    result.current,
                    result.expired,
                    result.ended_by_status,
                    *(ending.members for ending in result.endings),
                    f"{result.fill_rate:.0%}",
                )
            )
        report.listings.append(listing)
    report.notes.append(
        _("← is the policy in force. Choose one in [source.expiry]; until then time downgrades nobody.")
    )
    return report


def _words(policy: SourcePolicy) -> str:
    text = _(WORDS[policy.default.kind]).format(months=policy.default.months)
    return text + (
        " " + _("(and {count} ranks with a policy of their own)").format(count=len(policy.by_rank))
        if policy.by_rank
        else ""
    )


def _columns(connection: Connection, source_key: str) -> MemberColumns:
    rows = connection.execute(
        select(member_version.c.rank_name, *(member_version.c[name] for name in FACTS))
        .join(member, member.c.version_id == member_version.c.id)
        .join(source, source.c.id == member.c.source_id)
        .where(source.c.source_key == source_key, member.c.current == 1)
    ).all()
    return MemberColumns.of(
        rank=[row.rank_name for row in rows], **{name: [getattr(row, name) for row in rows] for name in FACTS}
    )
