"""What customers claimed with link codes and cards, and what became of it; for the staff only."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, func, select

from eccube_sync.clock import TOKYO, from_database
from eccube_sync.db import reading
from eccube_sync.i18n import _
from eccube_sync.report import Listing, Report
from eccube_sync.services.claims.words import REASONS
from eccube_sync.services.customers.showing import CLAIM_STATES, METHODS, in_words, word
from eccube_sync.tables.codes import claim, link_code


def list_claims(connection: Connection, *, state: str | None = None, limit: int = 50) -> Report:
    """Counts by state and the newest claims, with reasons no customer is ever told."""
    titles = (_("customer"), _("kind"), _("serial"), _("state"), _("reason"), _("typed on"))
    statement = (
        select(claim, link_code.c.serial)
        .outerjoin(link_code, link_code.c.id == claim.c.link_code_id)
        .order_by(claim.c.id.desc())
        .limit(limit)
    )
    if state:
        statement = statement.where(claim.c.state == state)
    with reading(connection):
        by_state = connection.execute(select(claim.c.state, func.count().label("n")).group_by(claim.c.state))
        counts = {row.state: row.n for row in by_state}
        rows: list[Sequence[object]] = [
            (
                row.eccube_id,
                word(METHODS, row.kind),
                row.serial,
                in_words(CLAIM_STATES, row.state),
                _(REASONS[row.reason]) if row.reason else "",
                f"{from_database(row.received_at).astimezone(TOKYO):%Y-%m-%d %H:%M}",
            )
            for row in connection.execute(statement)
        ]
    if not counts:
        return Report(_("No customer has typed a link code or a card number yet."))
    report = Report(_("Codes and cards typed by customers"), listings=[Listing(_("Claims"), titles, rows)])
    report.counts = {f"claims_{name}": counts.get(name, 0) for name in CLAIM_STATES}
    return report
