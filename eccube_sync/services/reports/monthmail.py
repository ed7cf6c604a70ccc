"""The report of last month, mailed to the owner by the first night of a month, with the page attached."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import func, select

from eccube_sync.clock import from_database, tokyo_date
from eccube_sync.db import reading
from eccube_sync.i18n import _
from eccube_sync.mailmessage import Attachment
from eccube_sync.mailshop import LINES, MONTH, MonthMail
from eccube_sync.report import Report
from eccube_sync.services.notices.shopmail import remember, send_to_shop, told
from eccube_sync.services.reports.monthfigures import month_figures
from eccube_sync.services.reports.monthreport import month_page
from eccube_sync.services.reports.months import Month, MonthFigures
from eccube_sync.services.running import Run
from eccube_sync.tables.runs import run as run_table

TOLD = "month_mail"
"""The journal's name for it."""


def send_month_mail(run: Run) -> Report:
    """Mail the owner the report of the month before, once; a failure is told and tried again the next night."""
    settings = run.shop.settings
    report = Report(_("The report of last month:"))
    first = (run.today.replace(day=1) - timedelta(days=1)).replace(day=1)
    month = Month.of(first, run.now)
    if settings.owner.mail is None or settings.mail is None:
        return report
    with reading(run.connection):
        began = run.connection.execute(select(func.min(run_table.c.started_at))).scalar_one()
        if tokyo_date(from_database(began)) >= run.today.replace(day=1) or told(run, "run", TOLD, month.name):
            return report
        figures = month_figures(run.connection, month)
    page = month_page(settings, figures)
    mail = MonthMail(shop_name=settings.shop.name, month=month.name, lines=_lines(figures))
    attached = Attachment(f"report-{month.name}.html", "html", page.html())
    failure = send_to_shop(run, MONTH, mail.values(), settings.owner.mail, f"month:{month.name}", [attached])
    if failure:
        report.notes.append(_("The monthly report could not be mailed: {reason}").format(reason=failure))
        report.needs_person = 1
    else:
        remember(run, "run", run.id, TOLD, month.name)
    return report


def _lines(figures: MonthFigures) -> tuple[str, ...]:
    """The figures an owner asks for first."""
    sent = sum(number for (_kind, state), number in figures.mails.items() if state == "sent")
    lines = (
        _("Linked: {linked} of {active} registered customers ({share})").format(
            linked=f"{figures.linked:,}", active=f"{figures.active:,}", share=f"{figures.share:.1%}"
        ),
        _("New links: {count}; found to be wrong: {wrong}").format(
            count=f"{figures.new_links.total():,}", wrong=f"{figures.wrong_links:,}"
        ),
        _("Memberships ended: {ended}; restored: {restored}").format(
            ended=f"{figures.expired.total():,}", restored=f"{figures.restored.total():,}"
        ),
        _("Renewed within 30 days of a notice: {count}").format(count=f"{figures.renewed:,}"),
        _("Open questions: {count}; the oldest has waited {days} days").format(
            count=f"{len(figures.case_ages):,}", days=f"{figures.oldest_case:,}"
        ),
        _("Mails sent: {count}").format(count=f"{sent:,}"),
    )
    return lines[: LINES - 2]
