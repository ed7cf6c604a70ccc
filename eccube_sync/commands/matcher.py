"""``matcher``: learn from the shop's own data, be judged by people's answers, show what each fact is worth."""

from __future__ import annotations

from pathlib import Path

import click

from eccube_sync.application import Application, apply_option, json_option, pass_application
from eccube_sync.i18n import _


@click.group(help=_("The model that compares people: train it, judge it, look at it."))
def command() -> None:
    """The group; see ``help``."""


@command.command(
    help=_(
        "Learn from all customers and members what each fact is worth in this shop. Nobody has to say which pairs "
        "are right. The next classification uses the new model and looks at everybody again.\n\n"
        "Example: eccube-sync matcher train"
    )
)
@apply_option
@json_option
@pass_application
def train(application: Application, apply: bool, as_json: bool) -> None:
    """Plan and apply a training."""
    from eccube_sync.services.matching.training import apply_train, plan_train
    from eccube_sync.services.running import applied_run

    with application.open_shop() as (shop, connection):
        with application.progress(_("comparing customers and members")):
            plan = plan_train(shop, connection)
        application.show_plan(plan.report(), apply=apply, as_json=as_json)
        if application.agreed(apply):
            with applied_run(shop, connection, "matcher train") as run:
                report = apply_train(run, plan)
            application.show(report, as_json=as_json)


@command.command(
    help=_(
        "Compare the reviewers' answers with what the scores had promised, and draw the line between machine and "
        "human by it.\n\n"
        "Examples:\n\n  eccube-sync matcher calibrate --ask 100    opens 100 questions about links by matching\n\n"
        "  eccube-sync matcher calibrate              judges by all answers there are"
    )
)
@click.option(
    "--ask",
    type=click.IntRange(1, 5000),
    metavar="N",
    help=_("Ask people about N links by matching: the least probable ones, and others by chance."),
)
@apply_option
@json_option
@pass_application
def calibrate(application: Application, ask: int | None, apply: bool, as_json: bool) -> None:
    """Plan and apply a calibration, or questions for one."""
    from eccube_sync.services.matching import calibrating
    from eccube_sync.services.running import applied_run

    with application.open_shop() as (shop, connection):
        if ask is not None:
            asking = calibrating.plan_ask(connection, ask)
            application.show_plan(asking.report(), apply=apply, as_json=as_json)
            if asking.links and application.agreed(apply):
                with applied_run(shop, connection, "matcher calibrate --ask") as run:
                    report = calibrating.apply_ask(run, asking)
                application.show(report, as_json=as_json)
            return
        plan = calibrating.plan_calibrate(shop, connection)
        application.show_plan(plan.report(), apply=apply, as_json=as_json)
        if plan.changes and application.agreed(apply):
            with applied_run(shop, connection, "matcher calibrate") as run:
                report = calibrating.apply_calibrate(run, plan)
            application.show(report, as_json=as_json)


@command.command(
    help=_(
        "What each fact is worth, how often it is known, and what each threshold would bring.\n\n"
        "Examples:\n\n  eccube-sync matcher report\n\n  eccube-sync matcher report --html matcher.html"
    )
)
@click.option(
    "--html",
    type=click.Path(path_type=Path, dir_okay=False),
    help=_("Write one HTML page with charts to this file too."),
)
@json_option
@pass_application
def report(application: Application, html: Path | None, as_json: bool) -> None:
    """Show the figures, and write the page asked for."""
    from eccube_sync.services.matching.report import matcher_report

    with application.open_shop() as (shop, connection):
        with application.progress(_("reading customers and members")):
            found = matcher_report(shop, connection, html)
        application.show(found, as_json=as_json)
