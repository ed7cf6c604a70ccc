"""Store data that did not come, or came again as it was: whom it concerns, and what to say about it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from datetime import date, datetime

from sqlalchemy import Connection, and_, func, or_, select

from eccube_sync.clock import tokyo_date
from eccube_sync.configsources import Source
from eccube_sync.db import reading
from eccube_sync.i18n import _
from eccube_sync.membership.facts import STORE
from eccube_sync.membership.guards import is_stale, stale_after
from eccube_sync.services.classes.policies import guard_numbers
from eccube_sync.services.members.importplan import ImportPlan
from eccube_sync.services.members.takenat import newest_data
from eccube_sync.services.running import Run, Shop
from eccube_sync.tables.classes import sources
from eccube_sync.tables.customers import customer_class
from eccube_sync.tables.matching import members_by_source
from eccube_sync.tables.members import member_import
from eccube_sync.tables.runs import run as run_table


def overdue_sources(shop: Shop, connection: Connection) -> list[Source]:
    """The sources whose newest data is too old to downgrade on."""
    taken, numbers = _newest_data(shop, connection), guard_numbers(shop.settings)
    now = shop.clock.now()
    return [
        one
        for one in shop.settings.sources
        if is_stale(taken.get(one.key), now, one.export_every_hours, numbers)
    ]


def overdue_sentence(of_source: Source) -> str:
    """What to do about an overdue export."""
    return _(
        "The member export of {source} is overdue; nobody is downgraded on old data. "
        "Export the members from the POS."
    ).format(source=of_source.label)


def imported_on_an_earlier_day(run: Run, plan: ImportPlan) -> bool:
    """Whether the store sent an old export again; a night that is repeated on its day finds its own."""
    newest = (
        select(func.max(run_table.c.today))
        .join(member_import, member_import.c.run_id == run_table.c.id)
        .where(member_import.c.sha256 == plan.sha256, member_import.c.state == "accepted")
    )
    with reading(run.connection):
        return bool(run.connection.execute(newest).scalar_one() < run.today)


def waiting_sentences(shop: Shop, connection: Connection, old: Collection[str]) -> list[str]:
    """For each of these sources, by key, how many customers keep a class that has ended by its old data."""
    if not old:
        return []
    numbers, now = guard_numbers(shop.settings), shop.clock.now()
    taken, waiting = _newest_data(shop, connection), waiting_by_source(connection, tokyo_date(now))
    found = []
    for one in shop.settings.sources:
        moment, count = taken.get(one.key), waiting.get(one.key, 0)
        if one.key in old and moment is not None and count:
            sentence = _(
                "The newest store data of {source} is {hours} hours old (limit {limit}), so {count} customers whose "
                "membership has ended by it keep the class. Export a new file from the POS."
            )
            hours, limit = now - moment, stale_after(one.export_every_hours, numbers)
            found.append(
                sentence.format(
                    source=one.label,
                    hours=round(hours.total_seconds() / 3600),
                    limit=round(limit.total_seconds() / 3600),
                    count=count,
                )
            )
    return found


def _newest_data(shop: Shop, connection: Connection) -> dict[str, datetime | None]:
    with reading(connection):
        return newest_data(shop.settings.sources, connection)


def hours_late(shop: Shop, connection: Connection, of_source: Source) -> int:
    """How long a stale source's export should have been here, in hours; 0 where it has given nothing yet."""
    moment = _newest_data(shop, connection).get(of_source.key)
    if moment is None:
        return 0
    return round((shop.clock.now() - moment).total_seconds() / 3600) - of_source.export_every_hours


def waiting_by_source(connection: Connection, today: date) -> Counter[str]:
    """Source key → customers who keep the class until newer data confirms its end, also those of this very night."""
    over = and_(customer_class.c.membership_class == STORE, customer_class.c.valid_through < today)
    keeping = select(customer_class.c.member_id).where(
        # They are looked at again every night; the date is what the table finds them by.
        customer_class.c.due_on.is_not(None),
        or_(
            customer_class.c.reason == "end_unconfirmed",
            and_(customer_class.c.reason == "current", over),
        ),
    )
    with reading(connection):
        members = [row.member_id for row in connection.execute(keeping)]
        of_member = members_by_source(connection, members)
        keys = {source_id: row.source_key for source_id, row in sources(connection).items()}
    return Counter(keys[of_member[one]] for one in members if one in of_member)
