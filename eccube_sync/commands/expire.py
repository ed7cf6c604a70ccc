"""``expire``: the class everybody should have today; and what each expiry policy would mean."""

from __future__ import annotations

import click

from eccube_sync.application import Application, apply_option, json_option, pass_application
from eccube_sync.i18n import _


@click.group(
    invoke_without_command=True,
    help=_(
        "Take the class from members whose membership has ended, give it back on renewal.\n\n"
        "Examples:\n\n  eccube-sync expire            shows the plan and asks\n\n"
        "  eccube-sync expire preview    compares the policies the file allows"
    ),
)
@click.option("--rows", is_flag=True, help=_("List every customer whose class changes."))
@click.option("--i-expect", "expected", type=int, help=_("Overrule a guard by naming the exact number."))
@apply_option
@json_option
@pass_application
@click.pass_context
def command(
    context: click.Context,
    application: Application,
    rows: bool,
    expected: int | None,
    apply: bool,
    as_json: bool,
) -> None:
    """Plan and apply the classes of today."""
    if context.invoked_subcommand:
        return
    from eccube_sync.services.classes.expiring import (
        apply_expiry,
        changes_listing,
        plan_expiry,
        refuse_mass_downgrade,
    )
    from eccube_sync.services.running import applied_run

    with application.open_shop() as (shop, connection):
        plan = plan_expiry(shop, connection, expected=expected)
        report = plan.report()
        if rows:
            report.listings.append(changes_listing(shop.settings, connection, plan))
        application.show_plan(report, apply=apply, as_json=as_json)
        refuse_mass_downgrade(plan)
        if application.agreed(apply):
            with applied_run(shop, connection, "expire") as run:
                application.show(apply_expiry(run, plan), as_json=as_json)


@command.command(help=_("Compare every expiry policy the store data allows; changes nothing."))
@json_option
@pass_application
def preview(application: Application, as_json: bool) -> None:
    """Compare policies."""
    from eccube_sync.services.classes.previewing import preview_policies

    with application.open_shop() as (shop, connection):
        application.show(preview_policies(shop, connection), as_json=as_json)
