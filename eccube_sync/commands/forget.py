"""``forget``: blank what our tables say about a person, for ever."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import click

from eccube_sync.application import Application, apply_option, pass_application
from eccube_sync.i18n import _

if TYPE_CHECKING:
    from eccube_sync.services.privacy.forgetting import ForgetPlan


@click.group(
    help=_(
        "Forget a person who asked for it: names, addresses, phones, codes and mails are blanked, and files that name "
        "the person are deleted. The journal stays; it never named anybody. There is no way back."
    )
)
def command() -> None:
    """The group; see ``help``."""


@command.command(
    "customer", help=_("A customer who has withdrawn.\n\nExample: eccube-sync forget customer 42")
)
@click.argument("eccube_id", metavar=_("ID"), type=int)
@apply_option
@pass_application
def customer(application: Application, eccube_id: int, apply: bool) -> None:
    """Show what would be forgotten, and forget it after a yes."""
    from eccube_sync.services.privacy.forgetting import plan_forget_customer

    _carry_out(application, plan_forget_customer, eccube_id, apply=apply)


@command.command(
    "member", help=_("A member of the store.\n\nExample: eccube-sync forget member 2900000012345")
)
@click.argument("code", metavar=_("CODE"))
@apply_option
@pass_application
def member(application: Application, code: str, apply: bool) -> None:
    """Show what would be forgotten, and forget it after a yes."""
    from eccube_sync.services.privacy.forgetting import plan_forget_member

    _carry_out(application, plan_forget_member, code, apply=apply)


def _carry_out(
    application: Application, plan_of: Callable[..., ForgetPlan], who: int | str, *, apply: bool
) -> None:
    from eccube_sync.services.privacy.forgetting import apply_forget
    from eccube_sync.services.running import applied_run

    with application.open_shop() as (shop, connection):
        plan = plan_of(shop, connection, who)
        application.show(plan.report())
        if application.agreed(apply):
            with applied_run(shop, connection, "forget", sound=False) as run:
                report = apply_forget(run, plan)
            application.show(report)
