"""``plugin``: our plugin for EC-CUBE."""

from __future__ import annotations

import click

from eccube_sync.application import Application, pass_application
from eccube_sync.i18n import _


@click.group(help=_("Our plugin for EC-CUBE."))
def command() -> None:
    """The group; see ``help``."""


@command.command(
    "connect",
    help=_(
        "Print the one line that connects the plugin with this program, to be pasted into the plugin's "
        "configuration page in EC-CUBE. It is made once and holds keys: show it to nobody else.\n\n"
        "Example: eccube-sync plugin connect"
    ),
)
@pass_application
def connect(application: Application) -> None:
    """Print the connection line."""
    from eccube_sync.services.projection.pluginkeys import ensure_keys

    click.echo(ensure_keys(application.settings.folders).line)
