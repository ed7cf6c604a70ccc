"""``uninstall``: take our values out of EC-CUBE, hand our data over, drop our tables."""

from __future__ import annotations

import sys

import click

from eccube_sync.application import Application, apply_option, pass_application
from eccube_sync.i18n import _


@click.command(
    help=_(
        "Leave the shop: take the values we wrote out of EC-CUBE, write our links and tables into files, and drop our "
        "tables. It asks twice: a yes, then the name of the shop.\n\n"
        "Example: eccube-sync uninstall --keep-classes    leaves the classes in EC-CUBE as they stand"
    )
)
@click.option("--keep-classes", is_flag=True, help=_("Leave the classes in EC-CUBE as they stand."))
@click.option("--shop-name", help=_("The name of the shop, which --apply needs as a second yes."))
@apply_option
@pass_application
def command(application: Application, keep_classes: bool, shop_name: str | None, apply: bool) -> None:
    """Show the plan, and carry it out after two confirmations."""
    from eccube_sync.services.privacy.leaving import apply_uninstall, plan_uninstall

    with application.open_shop() as (shop, connection):
        plan = plan_uninstall(shop, connection, keep_classes=keep_classes)
        application.show(plan.report())
        if not application.agreed(apply):
            return
        if shop_name is None and sys.stdin.isatty():
            shop_name = click.prompt(_("Type the name of the shop to confirm"))
        plan.confirm(shop_name or "")
        application.show(apply_uninstall(shop, connection, plan))
