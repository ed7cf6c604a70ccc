"""``purge``: delete personal data whose time is over."""

from __future__ import annotations

import click

from eccube_sync.application import Application, apply_option, json_option, pass_application
from eccube_sync.i18n import _


@click.command(
    help=_(
        "Delete personal data whose time is over, by the periods in [retention]: texts and addresses of old mails, "
        "old versions of member data, people who are gone, exports and dumps.\n\n"
        "Example: eccube-sync -q purge --apply    for cron, once a month"
    )
)
@apply_option
@json_option
@pass_application
def command(application: Application, apply: bool, as_json: bool) -> None:
    """Show what is too old, and delete it after a yes."""
    from eccube_sync.services.privacy.purging import apply_purge, plan_purge
    from eccube_sync.services.running import applied_run

    with application.open_shop() as (shop, connection):
        plan = plan_purge(shop, connection)
        application.show_plan(plan.report(), apply=apply, as_json=as_json)
        if plan.empty or not application.agreed(apply):
            return
        with applied_run(shop, connection, "purge", sound=False) as run:
            report = apply_purge(run, plan)
        application.show(report, as_json=as_json)
