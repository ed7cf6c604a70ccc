"""``grants``: the SQL that makes our accounts on the database server."""

from __future__ import annotations

import click

from eccube_sync.application import Application, pass_application
from eccube_sync.i18n import _


@click.command(
    help=_(
        "Print the SQL that makes our accounts, for the administrator of the database server.\n\n"
        "It follows from the configuration and the tables that are there; run it again when either changes. "
        "Passwords are never printed.\n\n"
        "Example: eccube-sync grants --account setup"
    )
)
@click.option(
    "--account",
    type=click.Choice(["setup", "runtime"]),
    help=_("One account only; without it both, in order."),
)
@pass_application
def command(application: Application, account: str | None) -> None:
    """Print the statements."""
    from eccube_sync.services.setup.granting import ACCOUNTS, grants_sql

    chosen = tuple(one for one in ACCOUNTS if account in (None, one))
    click.echo(grants_sql(application.settings, chosen))
