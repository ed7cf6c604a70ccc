"""``overrides``: a person's exceptions to the computed class."""

from __future__ import annotations

from datetime import datetime

import click

from eccube_sync.application import (
    Application,
    apply_option,
    json_option,
    pass_application,
    reason_option,
)
from eccube_sync.i18n import _


@click.group(help=_("A person's exceptions to the computed class."))
def command() -> None:
    """The group; see ``help``."""


@command.command(
    "set",
    help=_(
        "Set a customer's class until a date.\n\n"
        "Example: eccube-sync overrides set 42 --class store --until 2027-03-31 --reason 'paid by bank transfer'"
    ),
)
@click.argument("customer", type=int)
@click.option(
    "--class",
    "membership_class",
    type=click.Choice(["store", "ec_only"]),
    required=True,
    help=_("The class."),
)
@click.option(
    "--until", type=click.DateTime(["%Y-%m-%d"]), help=_("Last day; without it until somebody ends it.")
)
@reason_option
@apply_option
@pass_application
def set_override(
    application: Application,
    customer: int,
    membership_class: str,
    until: datetime | None,
    reason: str,
    apply: bool,
) -> None:
    """Set an override."""
    _change(application, customer, membership_class, until, reason, apply)


@command.command(
    "end", help=_("End a customer's override.\n\nExample: eccube-sync overrides end 42 --reason renewed")
)
@click.argument("customer", type=int)
@reason_option
@apply_option
@pass_application
def end_override(application: Application, customer: int, reason: str, apply: bool) -> None:
    """End an override."""
    _change(application, customer, None, None, reason, apply)


def _change(
    application: Application,
    customer: int,
    membership_class: str | None,
    until: datetime | None,
    reason: str,
    apply: bool,
) -> None:
    from eccube_sync.services.classes.overriding import apply_override, plan_override
    from eccube_sync.services.running import applied_run

    with application.open_shop() as (shop, connection):
        plan = plan_override(connection, customer, membership_class, until.date() if until else None, reason)
        application.show(plan.report(shop.settings))
        if application.agreed(apply):
            with applied_run(shop, connection, "overrides") as run:
                application.show(apply_override(run, plan))


@command.command("list", help=_("List active overrides and holds."))
@json_option
@pass_application
def list_overrides(application: Application, as_json: bool) -> None:
    """List overrides."""
    from eccube_sync.services.classes.overriding import list_overrides as report

    with application.open_shop() as (shop, connection):
        application.show(report(shop.settings, connection), as_json=as_json)
