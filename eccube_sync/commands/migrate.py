"""``migrate``: make our own tables, or bring them to this version."""

from __future__ import annotations

import click

from eccube_sync.application import Application, actor, pass_application
from eccube_sync.i18n import _


@click.command(
    help=_(
        "Make our own tables, or bring them to this version, as the setup account.\n\n"
        "Safe to run again, also after it was interrupted. EC-CUBE's tables are never touched.\n\n"
        "Example: eccube-sync migrate --sql"
    )
)
@click.option("--sql", "as_sql", is_flag=True, help=_("Print the statements instead of running them."))
@pass_application
def command(application: Application, as_sql: bool) -> None:
    """Migrate, or print how."""
    from eccube_sync.services.setup.migrating import migrate, migration_sql

    if as_sql:
        click.echo(migration_sql(application.settings))
        return
    application.show(migrate(application.settings, application.clock, actor()))
