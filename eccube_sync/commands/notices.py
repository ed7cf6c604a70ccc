"""``notices``: look at the mails to customers, settle those in doubt, see one before a customer does."""

from __future__ import annotations

from pathlib import Path

import click

from eccube_sync.application import Application, apply_option, json_option, pass_application
from eccube_sync.errors import ExitCode
from eccube_sync.i18n import _

STATES = ("queued", "claimed", "dot", "sent", "failed", "in_doubt", "cancelled", "baseline")


@click.group(help=_("Mails to customers: list them, settle those in doubt or returned, preview and test."))
def command() -> None:
    """The group; see ``help``."""


@command.command(
    "list",
    help=_(
        "The newest notices, and how many are in which state.\n\nExample: eccube-sync notices list --state in_doubt"
    ),
)
@click.option("--state", type=click.Choice(STATES), help=_("Only those in this state."))
@click.option("--limit", type=click.IntRange(1, 100_000), default=50, show_default=True, help=_("How many."))
@json_option
@pass_application
def list_notices(application: Application, state: str | None, limit: int, as_json: bool) -> None:
    """Show the outbox."""
    from eccube_sync.services.notices.listing import list_report

    with application.open_shop() as (_shop, connection):
        application.show(list_report(connection, state=state, limit=limit), as_json=as_json)


@command.command(
    help=_(
        "Say what became of notices in doubt, or that came back: the mail server's log or the customer knows. Their "
        "addresses get mails again.\n\n"
        "Examples:\n\n  eccube-sync notices resolve 17 18 --assume-sent\n\n"
        "  eccube-sync notices resolve 19 --resend    the same mail again, also after a failure"
    )
)
@click.argument("notice_ids", metavar=_("ID..."), nargs=-1, required=True, type=click.IntRange(min=1))
@click.option("--assume-sent", "answer", flag_value="assume_sent", type=str, help=_("It was delivered."))
@click.option("--resend", "answer", flag_value="resend", type=str, help=_("It was not; send it again."))
@json_option
@pass_application
def resolve(application: Application, notice_ids: tuple[int, ...], answer: str | None, as_json: bool) -> None:
    """Settle notices."""
    from eccube_sync.services.notices.listing import resolve as settle

    if answer is None:
        raise click.UsageError(_("Say which: --assume-sent or --resend."))
    with application.open_shop() as (shop, connection):
        application.show(settle(shop, connection, notice_ids, resend=answer == "resend"), as_json=as_json)


@command.command(
    help=_(
        "Show a notice with example data.\n\nExample: eccube-sync notices preview expired --output expired.eml"
    )
)
@click.argument("kind", metavar=_("KIND"))
@click.option("--html", is_flag=True, help=_("Show the HTML part."))
@click.option("--unproven", is_flag=True, help=_("As a customer gets it whose link is not proven."))
@click.option(
    "--output", type=click.Path(dir_okay=False, path_type=Path), help=_("Write an .eml file instead.")
)
@pass_application
def preview(application: Application, kind: str, html: bool, unproven: bool, output: Path | None) -> None:
    """Show one notice."""
    from eccube_sync.services.notices import preview as noticepreview

    if output is not None:
        noticepreview.write_preview(
            application.settings, kind, output, application.clock.now(), proven=not unproven
        )
        application.say(_("Written: {path}").format(path=output))
        return
    rendered = noticepreview.preview(application.settings, kind, proven=not unproven)
    click.echo(rendered.html or "" if html else f"{rendered.subject}\n\n{rendered.text}")


@command.command(
    "test",
    help=_(
        "Send a notice with example data to one address, marked as a test.\n\n"
        "Example: eccube-sync notices test expired --to me@example.jp"
    ),
)
@click.argument("kind", metavar=_("KIND"))
@click.option("--to", "address", required=True, metavar=_("ADDRESS"), help=_("Where to."))
@json_option
@pass_application
def send_one_test(application: Application, kind: str, address: str, as_json: bool) -> None:
    """Send a test."""
    from eccube_sync.services.notices.preview import send_test

    with application.open_shop() as (shop, connection):
        application.show(send_test(shop, connection, kind, address), as_json=as_json)


@command.command(
    help=_(
        "Read a mailbox for mails that came back. An address a server calls wrong gets no more mails, nor does one "
        "from which three came back in 30 days because its mailbox was full or its server away. The mailbox is a "
        "Maildir, an mbox or one mail in a file; without one it is that of [mail] bounces, which each night reads "
        "before it sends mails.\n\n"
        "Example: eccube-sync notices bounces /var/mail/bounce --apply"
    )
)
@click.argument(
    "mailbox", metavar=_("[MAILBOX]"), required=False, type=click.Path(exists=True, path_type=Path)
)
@click.option("--i-expect", "expected", type=int, help=_("Overrule a guard by naming the exact number."))
@apply_option
@json_option
@pass_application
def bounces(
    application: Application, mailbox: Path | None, expected: int | None, apply: bool, as_json: bool
) -> int:
    """Take note of what came back."""
    from eccube_sync.services.notices.bouncing import plan_bounces, take_bounces

    with application.open_shop() as (shop, connection):
        plan = plan_bounces(shop, connection, mailbox)
        application.show_plan(plan.report(), apply=apply, as_json=as_json)
        if plan.empty or not application.agreed(apply):
            return ExitCode.DONE
        report = take_bounces(shop, connection, plan, expected=expected)
    application.show(report, as_json=as_json)
    return ExitCode.NEEDS_PERSON if report.needs_person else ExitCode.DONE
