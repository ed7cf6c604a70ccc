"""Leave a shop as it was before us: take our values out of EC-CUBE, hand our data over, drop our tables.

EC-CUBE gets back what stood there before we wrote: nothing in a customer group, ``ec_only_value`` in a column.
What somebody else put there stays. Everything of ours is dumped before a table is dropped.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Select, func, select, update

from eccube_sync.clock import TOKYO
from eccube_sync.csvwriter import write_csv
from eccube_sync.db import AnyRow, reading
from eccube_sync.errors import LockedError, UsageError
from eccube_sync.i18n import _
from eccube_sync.membership.facts import EC_ONLY
from eccube_sync.report import Report
from eccube_sync.services.customers.showing import METHODS, class_label, in_words, tokyo
from eccube_sync.services.privacy.exportlog import log_export
from eccube_sync.services.projection.places import places
from eccube_sync.services.projection.projecting import apply_projection, plan_projection
from eccube_sync.services.running import Run, Shop, applied_run
from eccube_sync.services.setup.dumping import OwnTables, write_dump
from eccube_sync.services.setup.identity import forget_identity
from eccube_sync.services.setup.migrating import our_schema
from eccube_sync.services.setup.restoring import drop_all
from eccube_sync.settings import Settings
from eccube_sync.tables.customers import customer, customer_class, projection_state
from eccube_sync.tables.links import link
from eccube_sync.tables.members import member, member_version, source


@dataclass(frozen=True, slots=True)
class UninstallPlan:
    """What leaving does: values taken out of EC-CUBE (or left), links handed over, tables dropped."""

    shop_name: str
    keep_classes: bool
    values: int
    links: int
    tables: Sequence[str]

    def report(self) -> Report:
        """The plan, and what it cannot do."""
        counts = {
            "values_to_remove": 0 if self.keep_classes else self.values,
            "links_to_export": self.links,
            "tables_to_drop": len(self.tables),
        }
        notes = [
            _("Values that somebody else put into EC-CUBE stay."),
            _(
                "All links go into a CSV and all our tables into a dump, in exports/ and dumps/ of the state folder."
            ),
        ]
        if self.keep_classes:
            notes[:1] = [
                _("The classes stay in EC-CUBE as they are now, and nobody keeps them right any more.")
            ]
        return Report(
            _("Uninstalling eccube-sync from {shop}:").format(shop=self.shop_name), counts, notes=notes
        )

    def confirm(self, typed: str) -> None:
        """The second yes: the shop's name. Raises ``UsageError`` for any other."""
        if typed.strip() != self.shop_name:
            raise UsageError(
                _("That is not the name of this shop, {shop}; nothing was changed.").format(
                    shop=self.shop_name
                )
            )


def plan_uninstall(shop: Shop, connection: Connection, *, keep_classes: bool) -> UninstallPlan:
    """What leaving would do; writes nothing."""
    with reading(connection):
        shown = (
            select(func.count())
            .select_from(projection_state)
            .where(projection_state.c.written_class.is_not(None), projection_state.c.written_class != EC_ONLY)
        )
        active = select(func.count()).select_from(link).where(link.c.active == 1)
        return UninstallPlan(
            shop.settings.shop.name,
            keep_classes,
            connection.execute(shown).scalar_one(),
            connection.execute(active).scalar_one(),
            OwnTables.of(shop.settings).present(connection),
        )


def apply_uninstall(shop: Shop, connection: Connection, plan: UninstallPlan) -> Report:
    """Carry the plan out. What EC-CUBE refuses raises before anything is dropped."""
    with applied_run(shop, connection, "uninstall", sound=False) as run:
        if not plan.keep_classes:
            run.transaction(_want_nothing, run)
            shown = apply_projection(run, plan_projection(shop, connection))
            if run.counts["held_by_shop"]:
                raise LockedError(_("The shop holds some of its rows, so nothing was dropped. Try again."))
        links = _export_links(run)
    dump = write_dump(shop.settings, shop.database, "uninstall", shop.clock.now())
    connection.close()
    _drop(shop)
    left = [] if plan.keep_classes else shown.notes
    counts = {
        "projected": run.counts["projected"],
        "drift": run.counts["drift"],
        "tables_dropped": len(plan.tables),
    }
    return Report(_("eccube-sync was uninstalled."), counts, notes=[*left, *_by_hand(shop, links, dump)])


def _want_nothing(run: Run) -> None:
    keys = [place.key for place in places(run.shop.settings)]
    run.connection.execute(
        update(projection_state)
        .where(
            projection_state.c.projection_key.in_(keys),
            projection_state.c.written_class.is_not(None),
            projection_state.c.written_class != EC_ONLY,
        )
        .values(wanted_class=EC_ONLY, state="pending", run_id=run.id)
    )
    run.record("run", run.id, "uninstalled", None, len(keys), "uninstalled_by_person")


def _export_links(run: Run) -> Path:
    settings = run.shop.settings
    path = settings.folders.exports / f"links-{run.now.astimezone(TOKYO):%Y%m%d-%H%M%S}.csv"
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with reading(run.connection):
        rows = [_in_words(settings, row) for row in run.connection.execute(_active_links())]
    header = (
        *(_("customer id"), _("source"), _("member code (barcode)"), _("class")),
        *(_("end of the membership"), _("linked by"), _("time")),
    )
    write_csv(path, header, rows)
    run.transaction(log_export, run, "leaving", len(rows))
    return path


def _active_links() -> Select[Any]:
    return (
        select(
            customer.c.eccube_id,
            source.c.source_key,
            member_version.c.code,
            member.c.store_key,
            customer_class.c.membership_class,
            customer_class.c.end_date,
            link.c.method,
            link.c.created_at,
        )
        .join(customer, customer.c.id == link.c.customer_id)
        .join(member, member.c.id == link.c.member_id)
        .join(member_version, member_version.c.id == member.c.version_id)
        .join(source, source.c.id == link.c.source_id)
        .outerjoin(customer_class, customer_class.c.customer_id == link.c.customer_id)
        .where(link.c.active == 1)
        .order_by(customer.c.eccube_id)
    )


def _in_words(settings: Settings, row: AnyRow) -> tuple[str | None, ...]:
    return (
        str(row.eccube_id),
        row.source_key,
        row.code or row.store_key,
        class_label(settings, row.membership_class),
        str(row.end_date or ""),
        in_words(METHODS, row.method),
        tokyo(row.created_at),
    )


def _drop(shop: Shop) -> None:
    settings = shop.settings
    with our_schema(settings) as setup:
        drop_all(setup, OwnTables.of(settings).alone())
    forget_identity(settings)


def _by_hand(shop: Shop, links: Path, dump: Path) -> list[str]:
    folder = shop.settings.folders.root
    with_plugin = any(one.kind == "plugin" for one in shop.settings.projections)
    plugin = [_("Uninstall the plugin in EC-CUBE too; it drops its own tables.")] if with_plugin else []
    return [
        *plugin,
        _("Links: {links}. Everything: {dump}. Both hold personal data.").format(links=links, dump=dump),
        _(
            "Left for you: take our lines out of cron, drop our database accounts, and delete {folder} when you "
            "need it no more."
        ).format(folder=folder),
    ]
