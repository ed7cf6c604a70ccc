"""``init``: begin with a shop."""

from __future__ import annotations

from pathlib import Path

import click

from eccube_sync.application import Application, pass_application
from eccube_sync.i18n import _

_FOLDER = click.Path(path_type=Path, file_okay=False)


@click.command(
    help=_(
        "Begin with a shop: write its configuration, make its folders and its secrets.\n\n"
        "Nothing is overwritten, and neither EC-CUBE nor its database is changed.\n\n"
        "Example: eccube-sync init --directory ~/eccube-sync --eccube-root /var/www/eccube --format smaregi"
    )
)
@click.option(
    "--directory",
    type=_FOLDER,
    default=Path(),
    help=_("Folder for everything of this shop; without it this one."),
)
@click.option(
    "--eccube-root",
    type=_FOLDER,
    help=_("Folder EC-CUBE is installed in; its .env tells database and mail server."),
)
@click.option(
    "--format", "pos_format", default="auto", show_default=True, help=_("Format of the store's export.")
)
@click.option("--shop-name", default="", help=_("Name of the shop; without it the one EC-CUBE knows."))
@click.option(
    "--single-account", is_flag=True, help=_("The host gives one database account only: use EC-CUBE's own.")
)
@click.option(
    "--one-database",
    is_flag=True,
    help=_("The host gives one database only: keep our tables in EC-CUBE's, with a prefix."),
)
@pass_application
def command(
    application: Application,
    directory: Path,
    eccube_root: Path | None,
    pos_format: str,
    shop_name: str,
    single_account: bool,
    one_database: bool,
) -> None:
    """Write everything that can be known, and say what is left to do."""
    from eccube_sync.services.setup.installing import Wishes, install

    wishes = Wishes(
        directory,
        eccube_root,
        pos_format,
        shop_name,
        application.language,
        single_account=single_account or one_database,
        one_database=one_database,
    )
    application.show(install(wishes))
