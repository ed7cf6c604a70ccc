"""``bridge``: hear at once what happens in EC-CUBE."""

from __future__ import annotations

import json

import click

from eccube_sync.application import Application, pass_application
from eccube_sync.i18n import _


@click.command(
    help=_(
        "Listen for the plugin and for EC-CUBE's webhooks, and decide about a customer the moment the address is "
        "confirmed. Runs until it is stopped; cron's inbox stays as it is and picks up what the bridge missed.\n\n"
        "Example: eccube-sync bridge"
    )
)
@click.option("--openapi", is_flag=True, help=_("Print the description of the HTTP interface and stop."))
@pass_application
def command(application: Application, openapi: bool) -> None:
    """Run the bridge."""
    if openapi:
        from eccube_sync.services.bridge.openapi import description

        click.echo(json.dumps(description(), indent=2))
        return
    from eccube_sync.services.bridge.bridging import run_bridge

    run_bridge(application.shop())
