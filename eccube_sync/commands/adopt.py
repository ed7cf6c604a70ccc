"""``adopt``: say that a restored or moved database is the right one."""

from __future__ import annotations

import click

from eccube_sync.application import Application, apply_option, pass_application
from eccube_sync.i18n import _


@click.command(
    help=_(
        "Say that this database is the right one, after a backup was put back or it moved to another server.\n\n"
        "Never on a copy made for tests: it would mail your customers.\n\n"
        "Example: eccube-sync adopt --apply"
    )
)
@apply_option
@pass_application
def command(application: Application, apply: bool) -> None:
    """Show why the database is refused, and adopt it after a yes."""
    from eccube_sync.services.adopting import apply_adoption, plan_adoption

    with application.open_shop() as (shop, connection):
        plan = plan_adoption(shop, connection)
        application.show(plan.report())
        if plan.needed and application.agreed(apply, question=_("Is this database the right one?")):
            application.show(apply_adoption(shop, connection))
