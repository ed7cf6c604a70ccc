"""The report of one month: the same figures as text, as CSV and as one HTML page with charts."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from pathlib import Path

from sqlalchemy import Connection

from eccube_sync.charts import bar_chart, line_chart
from eccube_sync.clock import TOKYO, tokyo_date
from eccube_sync.csvwriter import atomic_file, write_csv
from eccube_sync.db import reading
from eccube_sync.errors import UsageError
from eccube_sync.i18n import _
from eccube_sync.page import Page, Section
from eccube_sync.report import Listing, Report
from eccube_sync.services.customers.showing import METHODS, in_words
from eccube_sync.services.notices.words import KINDS, state_words
from eccube_sync.services.reports.monthfigures import month_figures
from eccube_sync.services.reports.months import Month, MonthFigures
from eccube_sync.services.running import Shop
from eccube_sync.settings import Settings

_MONTH = re.compile(r"\d{4}-\d{2}")
MAIL_STATES = ("sent", "queued", "failed", "in_doubt", "cancelled")


def month_named(name: str, shop: Shop) -> Month:
    """The month written as ``2026-04``. Raises ``UsageError`` for anything else, and for one that has not begun."""
    now = shop.clock.now()
    try:
        first = date.fromisoformat(f"{name}-01") if _MONTH.fullmatch(name) else None
    except ValueError:
        first = None
    if first is None:
        raise UsageError(_("{name!r} is not a month; write it like 2026-04.").format(name=name))
    if first > tokyo_date(now):
        raise UsageError(_("{name} has not begun yet.").format(name=name))
    return Month.of(first, now)


def month_report(
    shop: Shop, connection: Connection, month: Month, *, csv: Path | None = None, html: Path | None = None
) -> Report:
    """The report, and the files that were asked for."""
    with reading(connection):
        figures = month_figures(connection, month)
    page = month_page(shop.settings, figures)
    report = Report(page.title, listings=[_listing(section) for section in page.sections])
    report.notes.append(page.about)
    if csv is not None:
        write_csv(csv, (_("part"), _("figure"), _("value")), _csv_rows(page.sections))
    if html is not None:
        with atomic_file(html) as file:
            file.write(page.html().encode())
    for written in (csv, html):
        if written is not None:
            report.notes.append(_("Written: {file}").format(file=written))
    return report


def _listing(section: Section) -> Listing:
    rows = [[_shown(cell) for cell in row] for row in section.rows]
    return Listing(section.heading, section.columns, [*rows])


def _shown(cell: str | float) -> str:
    return cell if isinstance(cell, str) else f"{cell:,}"


def _csv_rows(sections: Sequence[Section]) -> list[tuple[str, str, str | int]]:
    return [
        (section.heading, " ".join(map(str, row[:-1])), row[-1] if isinstance(row[-1], int) else str(row[-1]))
        for section in sections
        for row in section.rows
    ]


def month_page(settings: Settings, figures: MonthFigures) -> Page:
    """The page; its sections are what the other two show as well."""
    month = figures.month
    text = (
        _("Figures up to {moment} (Japan), out of the journal. They stay the same.")
        if month.over
        else _("Figures so far, up to {moment} (Japan); the month is not over.")
    )
    about = text.format(moment=f"{month.end.astimezone(TOKYO):%Y-%m-%d %H:%M}")
    title = _("{shop}: store members in the web shop, {month}").format(
        shop=settings.shop.name, month=month.name
    )
    sections = [
        _standing(settings, figures),
        _links(figures),
        _memberships(settings, figures),
        _renewals(figures),
        _questions(figures),
        _mails(figures),
    ]
    return Page(title, sections, about=about, footer="eccube-sync")


def _section(heading: str, rows: Sequence[Sequence[str | float]], *charts: str, text: str = "") -> Section:
    return Section(heading, text, (_("figure"), _("value")), rows, charts)


def _standing(settings: Settings, figures: MonthFigures) -> Section:
    label = settings.membership.label_store
    rows: list[tuple[str, str | float]] = [
        (_("registered customers"), figures.active),
        (_("of them linked to a store member"), figures.linked),
        (_("linked share"), f"{figures.share:.1%}"),
        (_("customers with the class {label}").format(label=label), figures.store),
    ]
    months = [*reversed(figures.linked_by_month)]
    while len(months) > 1 and not figures.linked_by_month[months[0]]:
        months.pop(0)  # nobody was linked yet
    series = {
        _("linked"): [figures.linked_by_month[one] for one in months],
        label: [figures.store_by_month[one] for one in months],
    }
    chart = line_chart("standing", _("At the end of each month"), months, series)
    return _section(_("At the end of the month"), rows, chart)


def _links(figures: MonthFigures) -> Section:
    methods = {in_words(METHODS, method): figures.new_links[method] for method in METHODS}
    rows = [(_("new links: {method}").format(method=name), number) for name, number in methods.items()]
    rows += [
        (_("links ended"), figures.links_ended),
        (_("links by matching found to be wrong"), figures.wrong_links),
    ]
    chart = bar_chart(
        "links", _("New links by method"), list(methods), {_("new links"): list(methods.values())}
    )
    return _section(_("Links"), rows, chart)


def _memberships(settings: Settings, figures: MonthFigures) -> Section:
    expired, restored = figures.expired, figures.restored
    rows = [
        (_("memberships ended"), expired.total()),
        (_("class lost for another reason"), figures.other_falls),
        (_("class restored"), restored.total()),
        (
            _("for the first time {label}").format(label=settings.membership.label_store),
            figures.first_time,
        ),
        (_("runs taken back"), figures.undone_runs),
    ]
    days = figures.month.days
    series = {
        _("memberships ended"): [expired[day] for day in days],
        _("class restored"): [restored[day] for day in days],
    }
    chart = bar_chart("days", _("Ended and restored, by day"), [str(day.day) for day in days], series)
    text = _("A membership that ends on the last day of a month falls on the first day of the next.")
    return _section(_("Memberships"), rows, chart, text=text)


def _renewals(figures: MonthFigures) -> Section:
    rows = [
        (_("customers who were sent a reminder or an end notice"), figures.reminded),
        (_("customers who renewed within 30 days of one"), figures.renewed),
    ]
    return _section(_("Renewals"), rows)


def _questions(figures: MonthFigures) -> Section:
    decided = figures.cases_decided
    ages = figures.case_ages
    rows: list[tuple[str, str | float]] = [
        (_("new questions"), figures.cases_opened),
        (_("decided: the same person"), decided["same"]),
        (_("decided: different people"), decided["different"]),
        (_("decided: later"), decided["hold"]),
        (_("open at the end"), len(ages)),
        (_("days they have been waiting, half of them longer"), f"{figures.usual_case_age:g}"),
        (_("days the oldest has been waiting"), figures.oldest_case),
    ]
    weeks = {
        _("up to 7 days"): sum(age <= 7 for age in ages),
        _("8 to 30 days"): sum(7 < age <= 30 for age in ages),
        _("more than 30 days"): sum(age > 30 for age in ages),
    }
    chart = bar_chart("questions", _("Open questions by age"), list(weeks), {_("open"): list(weeks.values())})
    return _section(_("Questions for the reviewers"), rows, chart)


def _mails(figures: MonthFigures) -> Section:
    kinds = sorted({kind for kind, _state in figures.mails})
    states = [
        *MAIL_STATES,
        *sorted({state for _kind, state in figures.mails if state not in MAIL_STATES}),
    ]
    rows = [
        (
            _("{kind}: {state}").format(kind=in_words(KINDS, kind), state=state_words(state)),
            figures.mails[kind, state],
        )
        for kind in kinds
        for state in states
        if figures.mails[kind, state]
    ]
    by_state = {state_words(one): sum(figures.mails[kind, one] for kind in kinds) for one in states}
    rows += [(_("all mails: {state}").format(state=state), number) for state, number in by_state.items()]
    chart = bar_chart("mails", _("Mails by state"), list(by_state), {_("mails"): list(by_state.values())})
    return _section(_("Mails"), rows, chart)
