"""``classify``: which customers are members."""

from __future__ import annotations

import click

from eccube_sync.application import Application, apply_option, json_option, pass_application
from eccube_sync.errors import UsageError
from eccube_sync.i18n import _


@click.command(
    help=_(
        "Decide which customers are members: first the codes they typed, then by comparing people.\n\n"
        "Examples:\n\n  eccube-sync classify                    shows the plan and asks\n\n"
        "  eccube-sync classify --customer 42 --rows\n\n"
        "  eccube-sync classify --explain 42 2900000000017"
    )
)
@click.option("--customer", "customers", type=int, multiple=True, help=_("Only this customer (EC-CUBE id)."))
@click.option(
    "--all", "every", is_flag=True, help=_("Look at everybody again, not only at those who changed.")
)
@click.option("--rows", is_flag=True, help=_("List every pair with its reason."))
@click.option("--explain", nargs=2, metavar=_("CUSTOMER MEMBER"), help=_("Explain the score of one pair."))
@click.option("--i-expect", "expected", type=int, help=_("Overrule a guard by naming the exact number."))
@apply_option
@json_option
@pass_application
def command(
    application: Application,
    customers: tuple[int, ...],
    every: bool,
    rows: bool,
    explain: tuple[str, str] | None,
    expected: int | None,
    apply: bool,
    as_json: bool,
) -> None:
    """Plan and apply a classification."""
    from eccube_sync.services.matching.classifying import apply_classify, plan_report, refuse
    from eccube_sync.services.matching.classifyplan import plan_classify
    from eccube_sync.services.matching.classifyrows import pairs_listing
    from eccube_sync.services.matching.explaining import explain_two
    from eccube_sync.services.running import applied_run

    with application.open_shop() as (shop, connection):
        if explain:
            if not explain[0].isdigit():
                raise UsageError(_("CUSTOMER is the customer's EC-CUBE id, a number."))
            application.show(explain_two(shop, connection, int(explain[0]), explain[1]), as_json=as_json)
            return
        with application.progress(_("comparing customers and members")):
            plan = plan_classify(shop, connection, every=every, only=customers or None, expected=expected)
        report = plan_report(plan)
        if rows:
            report.listings.append(pairs_listing(connection, plan))
        application.show_plan(report, apply=apply, as_json=as_json)
        refuse(plan)
        if application.agreed(apply):
            with applied_run(shop, connection, "classify") as run, application.progress(_("writing")):
                report = apply_classify(run, plan)
            application.show(report, as_json=as_json)
