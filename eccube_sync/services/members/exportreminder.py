"""An overdue export: one reminder a day to the person who exports, with the clicks to make."""

from __future__ import annotations

from sqlalchemy import select

from eccube_sync.configsources import Source
from eccube_sync.db import reading
from eccube_sync.i18n import _
from eccube_sync.mailshop import EXPORTER, ExportReminder
from eccube_sync.pos import FORMATS
from eccube_sync.services.members.overdue import hours_late, waiting_by_source
from eccube_sync.services.notices.shopmail import remember, send_to_shop, told
from eccube_sync.services.running import Run
from eccube_sync.tables.members import member_import, source

TOLD = "export_reminder"
"""The journal's name for it; its subject is the source."""


def remind_exporter(run: Run, of_source: Source) -> str | None:
    """Remind whoever exports this source, once a day; why it failed, in words, or None."""
    settings = run.shop.settings
    if of_source.exporter_mail is None or settings.mail is None:
        return None
    today = run.today.isoformat()
    with reading(run.connection):
        found = run.connection.execute(
            select(source.c.id).where(source.c.source_key == of_source.key)
        ).scalar_one_or_none()
        if found is None or told(run, "source", TOLD, today, found):
            return None
    reminder = ExportReminder(
        shop_name=settings.shop.name,
        source=of_source.label,
        hours_late=hours_late(run.shop, run.connection, of_source),
        drop_folder=str(settings.drop_folder(of_source)),
        steps=_steps(run, of_source, found),
        waiting=waiting_by_source(run.connection, run.today).get(of_source.key, 0),
    )
    key = f"export:{of_source.key}:{today}"
    failure = send_to_shop(run, EXPORTER, reminder.values(), of_source.exporter_mail, key)
    if failure is None:
        remember(run, "source", found, TOLD, today)
        return None
    return _("The reminder to export {source} could not be mailed: {reason}").format(
        source=of_source.label, reason=failure
    )


def _steps(run: Run, of_source: Source, source_id: int) -> tuple[str, ...]:
    """The clicks to make in the POS: the shop's own words, else those of the format of its files."""
    if of_source.export_steps:
        return of_source.export_steps
    newest = (
        select(member_import.c.format_key)
        .where(member_import.c.source_id == source_id)
        .order_by(member_import.c.id.desc())
        .limit(1)
    )
    with reading(run.connection):
        seen = run.connection.execute(newest).scalar_one_or_none()
    part = FORMATS.get(of_source.format) or FORMATS.get(seen or "") or FORMATS["generic"]
    return tuple(_(step) for step in part.EXPORT_STEPS)
