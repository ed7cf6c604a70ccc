"""Plan what becomes of the link codes and cards that customers claimed, with the classification; reads only."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import Connection, func, select

from eccube_sync.clock import to_database, tokyo_date, tokyo_midnight
from eccube_sync.i18n import _
from eccube_sync.membership.verdicts import GuardVerdict, verdict
from eccube_sync.services.claims.facts import find_claimants, gather, undecided_claims
from eccube_sync.services.claims.parts import ClaimOutcome
from eccube_sync.services.claims.rules import Judge
from eccube_sync.services.claims.words import FAILURES
from eccube_sync.services.codes.keys import load_keys
from eccube_sync.services.customers.customersync import ChangedCustomer
from eccube_sync.services.running import Shop
from eccube_sync.tables.codes import claim


def plan_claims(
    shop: Shop,
    connection: Connection,
    *,
    customers: Iterable[ChangedCustomer],
    only: Sequence[int] | None = None,
) -> list[ClaimOutcome]:
    """One outcome for every undecided claim, in the order of typing; part of a read-only stretch.

    ``customers`` are those of the scan under way, known to us or not; customers with claims who are not among them
    are read from EC-CUBE. ``only`` limits it to these EC-CUBE ids.
    """
    claims = undecided_claims(connection, only)
    if not claims:
        return []
    claimants = find_claimants(connection, claims, customers)
    claims = [one for one in claims if one.eccube_id in claimants]
    keys = load_keys(shop.settings.folders) if any(one.kind == "card" for one in claims) else None
    facts = gather(shop, connection, claims, claimants, keys)
    judge = Judge(shop.settings.codes, shop.settings.cards, facts)
    return [judge.judge(one) for one in claims]


def guard_claims(
    shop: Shop, connection: Connection, outcomes: Sequence[ClaimOutcome], expected: int | None = None
) -> GuardVerdict:
    """Whether so many wrong codes were typed today that somebody may be guessing.

    Refused, no outcome of the plan may be applied: the wrong codes stay undecided, so the alarm sounds again until
    a person looked and named their number. Part of a read-only stretch.
    """
    limit = shop.settings.codes.alarm_failures
    fresh = sum(one.failed for one in outcomes)
    # Counting looks at every claim, which is not worth it where nobody typed a wrong one.
    earlier = _failed_today(shop, connection) if fresh else 0
    message = _(
        "{wrong} wrong link codes and cards were typed today; from {limit} on somebody may be guessing, so none "
        "links anybody. Look at who typed them: eccube-sync codes claims"
    ).format(wrong=fresh + earlier, limit=limit)
    return verdict(
        "wrong_link_codes",
        "run",
        bool(fresh) and fresh + earlier >= limit,
        {"wrong": fresh + earlier, "limit": limit},
        message,
        count=fresh + earlier,
        expected=expected,
    )


def _failed_today(shop: Shop, connection: Connection) -> int:
    midnight = to_database(tokyo_midnight(tokyo_date(shop.clock.now())))
    failed = select(func.count()).where(claim.c.reason.in_(sorted(FAILURES)), claim.c.decided_at >= midnight)
    return int(connection.execute(failed.select_from(claim)).scalar_one())
