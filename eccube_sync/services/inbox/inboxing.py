"""Take in what came since the last minute: the plugin's inbox, claims, customers who just confirmed their address.

Runs every minute beside the night, for shops without a bridge; the bridge does the same for the customers it is
told about. Nothing is decided that the night would decide otherwise: the same plans are made for a few customers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection, Select, func, select

from eccube_sync.db import AnyRow, reading
from eccube_sync.eccube import GENERATIONS, detect
from eccube_sync.errors import LockedError
from eccube_sync.i18n import _
from eccube_sync.report import Report
from eccube_sync.services.projection.pluginkeys import has_cards, is_connected, load_keys
from eccube_sync.services.running import Run, Shop, applied_run
from eccube_sync.tables.codes import claim
from eccube_sync.tables.customers import customer
from eccube_sync.tables.inbox import inbox_row, waiting_rows
from eccube_sync.tables.runs import installation, journal
from eccube_sync.tables.runs import run as run_table

REPORTED = (
    "inbox_taken", "inbox_refused", "claims_new", "customers_new", "links_by_code", "links_by_card", "links_by_match",
    "links_ended", "claims_waiting", "claims_refused", "claims_in_conflict", "cases_opened", "became_store",
    "became_ec_only", "notices_queued", "projected", "cards", "stale",
)  # fmt: skip
AT_ONCE = 200
"""So many customers are decided about in one plan."""


@dataclass(slots=True)
class InboxPlan:
    """What there is to do: rows of the plugin's inbox, and customers by EC-CUBE id."""

    rows: list[AnyRow] = field(default_factory=list)
    customers: set[int] = field(default_factory=set)
    obstacle: str | None = None
    """Why nobody may be decided about alone; the customers are left to the night then."""

    @property
    def empty(self) -> bool:
        """Whether there is nothing to do."""
        return not self.rows and (not self.customers or self.obstacle is not None)

    def report(self) -> Report:
        """The plan as counts."""
        report = Report(
            _("To be taken in:"), {"inbox_rows": len(self.rows), "customers_to_decide": len(self.customers)}
        )
        report.notes += self.notes()
        return report

    def notes(self) -> list[str]:
        """What the report adds about customers who are left to the night."""
        return [self.obstacle] if self.obstacle is not None else []


def plan_inbox(shop: Shop, connection: Connection, *, only: Sequence[int] | None = None) -> InboxPlan:
    """What there is to do; with ``only`` for these EC-CUBE ids, whatever was decided about them before."""
    with reading(connection):
        rows = _rows(shop, connection, only) if takes_inbox(shop) else []
        customers = set(only) if only is not None else _concerned(connection)
        return InboxPlan(rows, customers, obstacle(shop, connection) if rows or customers else None)


def takes_inbox(shop: Shop) -> bool:
    """Whether the shop has our plugin, connected with this program."""
    return has_cards(shop.settings) and is_connected(shop.settings.folders)


def _rows(shop: Shop, connection: Connection, only: Sequence[int] | None) -> list[AnyRow]:
    rows = waiting_rows(connection, only)
    if not any(row.kind == "upload" for row in rows):
        return rows
    from eccube_sync.services.inbox.waiting import without_unfinished

    return without_unfinished(connection, load_keys(shop.settings.folders), rows, shop.clock.now())


def obstacle(shop: Shop, connection: Connection) -> str | None:
    """Why nobody may be decided about alone; found without making a plan about anybody."""
    from eccube_sync.services.matching.model import matching_changed

    first = connection.execute(select(installation.c.first_classify_run_id)).scalar_one_or_none()
    if first is None:
        return _("Nobody is decided about before the first classification: eccube-sync classify")
    if matching_changed(shop.settings, connection):
        return _(
            "How customers are matched was changed. The next night, or eccube-sync classify, decides about everybody; "
            "until then nobody is decided about alone."
        )
    return None


def _concerned(connection: Connection) -> set[int]:
    """Everybody about whom something is to be decided or shown, by EC-CUBE id."""
    return _confirmed(connection) | _claimants(connection) | _left_over(connection)


def _confirmed(connection: Connection) -> set[int]:
    """Full customers whom we do not know as such: they confirmed their address since the last run."""
    full = GENERATIONS[detect(connection)].full_customers().subquery()
    known = (customer.c.eccube_id == full.c.id) & (customer.c.current == 1) & (customer.c.state == "full")
    unknown = select(full.c.id).outerjoin(customer, known).where(customer.c.id.is_(None))
    return set(connection.execute(unknown).scalars())


def _claimants(connection: Connection) -> set[int]:
    """Full customers with a claim nobody has looked at."""
    ids = set(connection.execute(select(claim.c.eccube_id).where(claim.c.state == "pending")).scalars())
    if not ids:
        return ids
    seen = GENERATIONS[detect(connection)].customers_by_id(connection, sorted(ids))
    return {one.eccube_id for one in seen if one.state == "full"}


def _left_over(connection: Connection) -> set[int]:
    """Whom runs had begun with that were killed or failed: decided about perhaps, and not shown yet.

    What the last whole run or night left nobody needs to look at again.
    """
    last = max(_last_done(connection, command) for command in ("inbox", "nightly"))
    broken = (
        select(run_table.c.id)
        .where(run_table.c.state.in_(("running", "interrupted", "failed")))
        .where(run_table.c.command.in_(("inbox", "bridge")), run_table.c.id > last)
    )
    ids = list(connection.execute(broken).scalars())
    if not ids:
        return set()
    taken = select(inbox_row.c.eccube_id).where(
        inbox_row.c.run_id.in_(ids), inbox_row.c.eccube_id.is_not(None)
    )
    return {*connection.execute(taken).scalars(), *connection.execute(_decided_in(ids)).scalars()}


def _last_done(connection: Connection, command: str) -> int:
    statement = select(func.max(run_table.c.id)).where(
        run_table.c.state == "done", run_table.c.command == command
    )
    return connection.execute(statement).scalar_one() or 0


def _decided_in(run_ids: Sequence[int]) -> Select[tuple[int]]:
    """Customers whose class these runs changed, by EC-CUBE id."""
    return (
        select(customer.c.eccube_id)
        .join(journal, (journal.c.subject == "customer") & (journal.c.subject_id == customer.c.id))
        .where(journal.c.run_id.in_(run_ids), customer.c.current == 1)
    )


# --- apply -------------------------------------------------------------------------------------------------


def apply_inbox(run: Run, plan: InboxPlan) -> Report:
    """Take the rows, decide about everybody concerned, and show it in EC-CUBE."""
    customers = set(plan.customers)
    if plan.rows:
        from eccube_sync.services.inbox.rows import take_rows

        customers |= take_rows(run, plan.rows)
        customers |= _decided_about(run)
    if plan.obstacle is None:
        decide_about(run, sorted(customers))
    return Report(_("Taken in:"), {name: run.counts[name] for name in REPORTED}, notes=plan.notes())


def _decided_about(run: Run) -> set[int]:
    """Customers whose class this run changed: by an uploaded file of decisions, or as a stronger claim came."""
    with reading(run.connection) as connection:
        return {*connection.execute(_decided_in([run.id])).scalars()}


def decide_about(run: Run, eccube_ids: Sequence[int]) -> None:
    """Classify these customers and show the outcome at once, also of those who had to give way to them."""
    from eccube_sync.services.matching.classifying import apply_classify
    from eccube_sync.services.matching.classifyplan import plan_classify
    from eccube_sync.services.projection.projecting import apply_projection, plan_projection

    for start in range(0, len(eccube_ids), AT_ONCE):
        ids = eccube_ids[start : start + AT_ONCE]
        plan = plan_classify(run.shop, run.connection, only=ids)
        if plan.everything:
            return  # the model changed a moment ago: the night decides about everybody
        apply_classify(run, plan)
        shown = sorted({*ids, *_decided_about(run)})
        apply_projection(run, plan_projection(run.shop, run.connection, only=shown))


def run_inbox(shop: Shop, connection: Connection) -> Report:
    """Take in what there is; no run is begun where there is nothing, or where the bridge is at it already."""
    plan = plan_inbox(shop, connection)
    if plan.empty:
        return Report(_("Nothing came in."), notes=plan.notes())
    try:
        with applied_run(shop, connection, "inbox", stage="inbox", keep_empty=False) as run:
            return apply_inbox(run, plan)
    except LockedError:
        return Report(_("Another process is taking in what came."))
