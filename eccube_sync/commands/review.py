"""``review``: the file with doubtful pairs, to a person and back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from eccube_sync.application import (
    Application,
    apply_option,
    json_option,
    pass_application,
    reason_option,
)
from eccube_sync.errors import ExitCode
from eccube_sync.i18n import _

_LIMIT = click.option("--limit", type=click.IntRange(1, 100_000), help=_("How many questions at most."))
_NAME_ONLY = click.option(
    "--name-only", is_flag=True, help=_("The pairs that share nothing but a name, and only those.")
)
_OUTPUT = click.option(
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    help=_("Where to; else review/out in the state folder."),
)


@click.group(help=_("The file with doubtful pairs: write it, and read the answers back."))
def command() -> None:
    """The group; see ``help``."""


@command.command(
    "export",
    help=_(
        "Write the questions that wait for a person into a file for Excel.\n\n"
        "Example: eccube-sync review export --limit 50"
    ),
)
@click.option("--format", type=click.Choice(["xlsx", "csv"]), help=_("Kind of file; else as configured."))
@click.option(
    "--encoding", type=click.Choice(["utf-8-sig", "cp932"]), help=_("Encoding of a CSV; else as configured.")
)
@_LIMIT
@_NAME_ONLY
@_OUTPUT
@json_option
@pass_application
def export(application: Application, /, as_json: bool, **options: Any) -> None:
    """Write a review file."""
    _export(application, as_json, options, "review export")


@command.command(
    "html",
    help=_(
        "Write the questions that wait for a person into one page for a browser: answer by mouse or keyboard, then "
        "save the answers as a file for review import. Needs no network.\n\n"
        "Example: eccube-sync review html --limit 50"
    ),
)
@_LIMIT
@_NAME_ONLY
@_OUTPUT
@json_option
@pass_application
def html(application: Application, /, as_json: bool, **options: Any) -> None:
    """Write a review page."""
    _export(application, as_json, options | {"format": "html"}, "review html")


def _export(application: Application, as_json: bool, options: dict[str, Any], name: str) -> None:
    from eccube_sync.services.review.export import ExportOptions, check_output, export_cases
    from eccube_sync.services.running import applied_run

    chosen = ExportOptions(**options)
    with application.open_shop() as (shop, connection):
        check_output(shop.settings, chosen.output)
        with applied_run(shop, connection, name) as run:
            report = export_cases(run, chosen)
        application.show(report, as_json=as_json)


@command.command(
    "import",
    help=_(
        "Read a filled review file: CSV or .xlsx, as Excel or LibreOffice saved it.\n\n"
        "Example: eccube-sync review import review-20260105.xlsx --apply"
    ),
)
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@click.option("--reviewer", help=_("Who decided, for rows in which nobody is named."))
@apply_option
@json_option
@pass_application
def import_(application: Application, file: Path, reviewer: str | None, apply: bool, as_json: bool) -> int:
    """Show what the decisions would do, and carry them out after a yes."""
    from eccube_sync.services.review.fromfile import apply_review_import, plan_review_import
    from eccube_sync.services.running import applied_run

    with application.open_shop() as (shop, connection):
        plan = plan_review_import(shop, connection, file, reviewer=reviewer)
        report = plan.report()
        if not (apply and as_json):
            application.show(report, as_json=as_json)
        if plan.answers and application.agreed(apply):
            with applied_run(shop, connection, "review import") as run:
                report = apply_review_import(run, plan)
            application.show(report, as_json=as_json)
        elif apply and as_json:
            application.show(report, as_json=True)
    return ExitCode.NEEDS_PERSON if report.needs_person else ExitCode.DONE


@command.command(
    "reopen",
    help=_(
        "Ask an answered question again; what the answer did stays until the new one.\n\n"
        "Example: eccube-sync review reopen R-7F3K2M --reason 'the customer called'"
    ),
)
@click.argument("case")
@reason_option
@apply_option
@pass_application
def reopen(application: Application, case: str, reason: str, apply: bool) -> None:
    """Plan and reopen a case."""
    from eccube_sync.services.review.reopening import apply_reopen, plan_reopen
    from eccube_sync.services.running import applied_run

    with application.open_shop() as (shop, connection):
        plan = plan_reopen(connection, case, reason)
        application.show(plan.report())
        if application.agreed(apply):
            with applied_run(shop, connection, "review reopen") as run:
                report = apply_reopen(run, plan)
            application.show(report)
