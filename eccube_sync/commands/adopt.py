"""``adopt``: say that a restored, moved or copied database is the right one, and whether this is production."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from eccube_sync.application import Application, apply_option, pass_application
from eccube_sync.i18n import _

if TYPE_CHECKING:
    from eccube_sync.services.setup.identity import Role


@click.command(
    help=_(
        "Say that this database is the right one, after a backup was put back, it moved to another server, or it was "
        "copied for tests. On staging every mail goes to one address and its subject says so, also after the "
        "database is copied again.\n\n"
        "Examples:\n\n  eccube-sync adopt                       only shows what this is\n\n"
        "  eccube-sync adopt --as production\n\n"
        "  eccube-sync adopt --as staging --mails-to tester@example.jp"
    )
)
@click.option("--as", "role", type=click.Choice(["production", "staging"]), help=_("What it is from now on."))
@click.option("--mails-to", help=_("Who gets every mail of staging."))
@apply_option
@pass_application
def command(application: Application, role: Role | None, mails_to: str | None, apply: bool) -> None:
    """Show why the database is refused, and adopt it after a yes."""
    from eccube_sync.services.setup.adopting import apply_adoption, plan_adoption

    with application.open_shop() as (shop, connection):
        plan = plan_adoption(shop, connection, role, mails_to)
        application.show(plan.report())
        if plan.needed and application.agreed(apply, question=_("Is this database the right one?")):
            application.show(apply_adoption(shop, connection, plan))
