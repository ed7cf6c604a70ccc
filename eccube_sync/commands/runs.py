"""``runs``: what was applied, by whom, and taking it back."""

from __future__ import annotations

import click

from eccube_sync.application import Application, apply_option, json_option, pass_application
from eccube_sync.errors import ExitCode
from eccube_sync.i18n import _


@click.group(help=_("What was applied, by whom; and taking it back."))
def command() -> None:
    """The group; see ``help``."""


@command.command("list", help=_("The newest runs.\n\nExample: eccube-sync runs list --limit 5"))
@click.option("--limit", type=click.IntRange(1, 1000), default=20, show_default=True, help=_("How many."))
@json_option
@pass_application
def list_runs(application: Application, limit: int, as_json: bool) -> None:
    """Show the newest runs, newest first."""
    from eccube_sync.services.reports.showruns import list_report

    with application.open_shop() as (_shop, connection):
        application.show(list_report(connection, limit), as_json=as_json)


@command.command(
    "show",
    help=_(
        "One run: its counts, what it changed, and who was mailed.\n\n"
        "Examples:\n\n  eccube-sync runs show 12\n\n  eccube-sync runs show 12 --rows    lists every change"
    ),
)
@click.argument("run_id", metavar=_("RUN"), type=int)
@click.option("--rows", is_flag=True, help=_("List every change with its ids."))
@json_option
@pass_application
def show_run(application: Application, run_id: int, rows: bool, as_json: bool) -> None:
    """Show one run."""
    from eccube_sync.services.reports.showruns import show_report

    with application.open_shop() as (shop, connection):
        application.show(show_report(shop.settings, connection, run_id, rows=rows), as_json=as_json)


@command.command(
    "exports",
    help=_(
        "Personal data that was written to files: by whom, how many rows, and what for.\n\n"
        "Example: eccube-sync runs exports"
    ),
)
@click.option("--limit", type=click.IntRange(1, 1000), default=20, show_default=True, help=_("How many."))
@json_option
@pass_application
def exports(application: Application, limit: int, as_json: bool) -> None:
    """Show the newest exports, newest first."""
    from eccube_sync.services.privacy.exportlog import exports_report

    with application.open_shop() as (_shop, connection):
        application.show(exports_report(connection, limit), as_json=as_json)


@command.command(
    "undo",
    help=_(
        "Take a run back: its import, links, answers, claims, overrides and unsent mails. What was changed since is "
        "kept and listed with the run that changed it. Classes are computed again and shown in EC-CUBE.\n\n"
        "Examples:\n\n  eccube-sync runs undo 12                  shows the plan and asks\n\n"
        "  eccube-sync runs undo 12 --correction     also queues a mail to everybody the run had mailed"
    ),
)
@click.argument("run_id", metavar=_("RUN"), type=int)
@click.option(
    "--correction/--no-correction",
    default=None,
    help=_("Whether to queue a correction for people who were already mailed; else as configured."),
)
@apply_option
@json_option
@pass_application
def undo(
    application: Application, run_id: int, correction: bool | None, apply: bool, as_json: bool
) -> ExitCode | None:
    """Plan and apply an undo; exit code 1 when something is left for a person."""
    from eccube_sync.services.running import applied_run
    from eccube_sync.services.undo.undoing import apply_undo, plan_undo

    with application.open_shop() as (shop, connection):
        plan = plan_undo(shop, connection, run_id, correction=correction)
        # A program that reads JSON gets one document: the plan, or what was done.
        if plan.empty or not (as_json and apply):
            application.show(plan.report(), as_json=as_json)
        if plan.empty or (as_json and not apply) or not application.agreed(apply):
            return None
        with (
            application.progress(_("undoing run {run}").format(run=run_id)),
            applied_run(shop, connection, "runs undo", undoes=run_id) as run,
        ):
            report = apply_undo(run, plan)
        application.show(report, as_json=as_json)
    return ExitCode.NEEDS_PERSON if report.needs_person else None
