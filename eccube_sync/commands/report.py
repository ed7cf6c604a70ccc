"""``report``: the figures of a month, and the persons a run touched."""

from __future__ import annotations

from pathlib import Path

import click

from eccube_sync.application import Application, json_option, pass_application
from eccube_sync.i18n import _


@click.group(help=_("The figures of a month, and the persons a run touched."))
def command() -> None:
    """The group; see ``help``."""


_FILE = click.Path(path_type=Path, dir_okay=False)


@command.command(
    help=_(
        "The figures of one month. They come from the journal: asked for again later, they are the same.\n\n"
        "Examples:\n\n  eccube-sync report month 2026-04\n\n"
        "  eccube-sync report month 2026-04 --html april.html --csv april.csv"
    )
)
@click.argument("month", metavar=_("YYYY-MM"))
@click.option("--csv", type=_FILE, help=_("Write the figures to this CSV file too."))
@click.option("--html", type=_FILE, help=_("Write one HTML page with charts to this file too."))
@json_option
@pass_application
def month(application: Application, month: str, csv: Path | None, html: Path | None, as_json: bool) -> None:
    """Show the figures, and write the files asked for."""
    from eccube_sync.services.reports.monthreport import month_named, month_report

    with application.open_shop() as (shop, connection):
        found = month_named(month, shop)
        application.show(month_report(shop, connection, found, csv=csv, html=html), as_json=as_json)


@command.command(
    help=_(
        "The persons a run touched: masked here, whole in a file that only you can read. Such a file is logged "
        "as an export.\n\n"
        "Examples:\n\n  eccube-sync report affected 12\n\n"
        "  eccube-sync report affected 12 --csv affected.csv"
    )
)
@click.argument("run_id", metavar=_("RUN"), type=int)
@click.option("--csv", type=_FILE, help=_("Write all of them, with personal data, to this CSV file."))
@json_option
@pass_application
def affected(application: Application, run_id: int, csv: Path | None, as_json: bool) -> None:
    """Show the persons, and write the file asked for."""
    from eccube_sync.services.reports.affected import affected_report

    with application.open_shop() as (shop, connection):
        application.show(affected_report(shop, connection, run_id, csv=csv), as_json=as_json)
