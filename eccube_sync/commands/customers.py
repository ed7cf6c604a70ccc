"""``customers``: the web shop's customers, as this program knows them."""

from __future__ import annotations

import click

from eccube_sync.application import (
    Application,
    apply_option,
    json_option,
    pass_application,
    reason_option,
)
from eccube_sync.i18n import _


@click.group(help=_("The web shop's customers: find one, see why, link or part by hand."))
def command() -> None:
    """The group; see ``help``."""


_UNMASKED = click.option(
    "--unmasked",
    is_flag=True,
    help=_("Show names, numbers and dates in full; else only enough to tell people apart."),
)


@command.command(
    "find",
    help=_(
        "Find customers and members, linked or not, by a phone number (or its last 4 digits), an e-mail address, a "
        "name, its reading or a part of them, a card number or an id, typed in any width.\n\n"
        "Examples: eccube-sync customers find 090-1234-5678; eccube-sync customers find yamada"
    ),
)
@click.argument("typed", metavar=_("PHONE|MAIL|NAME|CARD|ID"), nargs=-1, required=True)
@_UNMASKED
@json_option
@pass_application
def find(application: Application, typed: tuple[str, ...], unmasked: bool, as_json: bool) -> None:
    """Show who fits."""
    from eccube_sync.services.customers.findpeople import find_people

    with application.open_shop() as (shop, connection):
        report = find_people(shop, connection, " ".join(typed), unmasked=unmasked)
        application.show(report, as_json=as_json)


@command.command(
    "show",
    help=_(
        "Explain a customer, by EC-CUBE id: the class and why, the link and its score, history, cases, notices; "
        "for one without a link the nearest members.\n\n"
        "Example: eccube-sync customers show 42"
    ),
)
@click.argument("customer", type=int)
@_UNMASKED
@json_option
@pass_application
def show(application: Application, customer: int, unmasked: bool, as_json: bool) -> None:
    """Show everything about a customer."""
    from eccube_sync.services.customers.showcustomer import show_customer

    with application.open_shop() as (shop, connection):
        report = show_customer(shop, connection, customer, unmasked=unmasked)
        application.show(report, as_json=as_json)


_SOURCE = click.option("--source", "source_key", help=_("The store's key, where there are several."))


@command.command(
    "link",
    help=_(
        "Link a customer (EC-CUBE id) and a member (any code) by hand; links in the way end.\n\n"
        "Example: eccube-sync customers link 42 2900000000017 --reason 'showed the card at the counter'"
    ),
)
@click.argument("customer", type=int)
@click.argument("code")
@_SOURCE
@reason_option
@apply_option
@pass_application
def link(
    application: Application, customer: int, code: str, source_key: str | None, reason: str, apply: bool
) -> None:
    """Plan and make a link by hand."""
    from eccube_sync.services.links.linkbyhand import apply_link, plan_link
    from eccube_sync.services.running import applied_run

    with application.open_shop() as (shop, connection):
        plan = plan_link(shop, connection, customer, code, reason, source_key=source_key)
        application.show(plan.report(shop, connection))
        if application.agreed(apply):
            with applied_run(shop, connection, "customers link") as run:
                report = apply_link(run, plan)
            application.show(report)


@command.command(
    "unlink",
    help=_(
        "End a customer's link by hand; the program never links the two again by itself.\n\n"
        "Example: eccube-sync customers unlink 42 --reason 'father and son'"
    ),
)
@click.argument("customer", type=int)
@_SOURCE
@reason_option
@apply_option
@pass_application
def unlink(application: Application, customer: int, source_key: str | None, reason: str, apply: bool) -> None:
    """Plan and end a link by hand."""
    from eccube_sync.services.links.linkbyhand import apply_unlink, plan_unlink
    from eccube_sync.services.running import applied_run

    with application.open_shop() as (shop, connection):
        plan = plan_unlink(connection, customer, reason, source_key=source_key)
        application.show(plan.report())
        if application.agreed(apply):
            with applied_run(shop, connection, "customers unlink") as run:
                report = apply_unlink(run, plan)
            application.show(report)
