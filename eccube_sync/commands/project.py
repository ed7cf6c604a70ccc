"""``project``: show the classes in EC-CUBE."""

from __future__ import annotations

import click

from eccube_sync.application import Application, apply_option, json_option, pass_application
from eccube_sync.i18n import _


@click.command(
    help=_(
        "Show the classes in EC-CUBE (customer group or column), and report what somebody else changed there.\n\n"
        "Example: eccube-sync project --adopt    once, when values stand there already"
    )
)
@click.option(
    "--adopt", is_flag=True, help=_("Record what stands in EC-CUBE; hand-made values become overrides.")
)
@apply_option
@json_option
@pass_application
def command(application: Application, adopt: bool, apply: bool, as_json: bool) -> int:
    """Plan and write the projections."""
    from eccube_sync.services.projection.adoptvalues import adopt_values
    from eccube_sync.services.projection.projecting import apply_projection, plan_projection
    from eccube_sync.services.running import applied_run

    with application.open_shop() as (shop, connection):
        plan = plan_projection(shop, connection)
        application.show_plan(plan.report(), apply=apply, as_json=as_json)
        if not application.agreed(apply):
            return 0
        with applied_run(shop, connection, "project") as run:
            report = adopt_values(run) if adopt else apply_projection(run, plan)
        application.show(report, as_json=as_json)
        return 1 if report.needs_person else 0
