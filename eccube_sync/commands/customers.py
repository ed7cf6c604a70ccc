"""``customers``: the web shop's customers, as this program knows them."""

from __future__ import annotations

import click

from eccube_sync.application import Application, json_option, pass_application
from eccube_sync.i18n import _


@click.group(help=_("The web shop's customers: class, link, history, and why."))
def command() -> None:
    """The group; see ``help``."""


@command.command(
    "show",
    help=_(
        "Explain a customer, by EC-CUBE id: the class and why, the link and its score, history, cases, notices.\n\n"
        "Example: eccube-sync customers show 42"
    ),
)
@click.argument("customer", type=int)
@json_option
@pass_application
def show(application: Application, customer: int, as_json: bool) -> None:
    """Show everything about a customer."""
    from eccube_sync.services.showcustomer import show_customer

    with application.open_shop() as (shop, connection):
        application.show(show_customer(shop, connection, customer), as_json=as_json)
