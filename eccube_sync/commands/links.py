"""``links``: links a shop has already, taken over."""

from __future__ import annotations

from pathlib import Path

import click

from eccube_sync.application import Application, apply_option, json_option, pass_application
from eccube_sync.errors import ExitCode
from eccube_sync.i18n import _


@click.group(help=_("Links between customers and members that a shop has already."))
def command() -> None:
    """The group; see ``help``."""


@command.command(
    "import",
    help=_(
        "Take over links from a CSV with the columns customer_id, member_code and, with several stores' systems, "
        "source.\n\nLines that cannot be carried out are listed with the reason; the others are taken. Nobody is "
        "mailed.\n\nExample: eccube-sync links import links.csv"
    ),
)
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@click.option("--source", "source_key", help=_("The source of the members, for rows that do not say it."))
@click.option("--encoding", help=_("Encoding of the file; without it found out: utf-8, cp932, utf-16."))
@apply_option
@json_option
@pass_application
def import_(
    application: Application,
    file: Path,
    source_key: str | None,
    encoding: str | None,
    apply: bool,
    as_json: bool,
) -> int:
    """Plan and apply an import of links."""
    from eccube_sync.services.links.linkimport import apply_link_import, plan_link_import
    from eccube_sync.services.running import applied_run

    with application.open_shop() as (shop, connection):
        plan = plan_link_import(shop, connection, file, source_key=source_key, encoding=encoding)
        report = plan.report()
        application.show_plan(report, apply=apply, as_json=as_json)
        if plan.new and application.agreed(apply):
            with applied_run(shop, connection, "links import") as run:
                report = apply_link_import(run, plan, plan_was_shown=not as_json)
            application.show(report, as_json=as_json)
        elif apply and as_json:
            application.show(report, as_json=True)
    return ExitCode.NEEDS_PERSON if report.needs_person else ExitCode.DONE
