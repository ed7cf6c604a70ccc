"""``notify``: send the notices that may leave now."""

from __future__ import annotations

import click

from eccube_sync.application import Application, json_option, pass_application
from eccube_sync.errors import ExitCode
from eccube_sync.i18n import _


@click.command(
    help=_(
        "Send the notices that may leave now: within the send window and the caps, each judged again before it "
        "leaves. Safe to repeat; no mail is ever sent twice by itself.\n\n"
        "Examples:\n\n  eccube-sync -q notify                     for cron, every few minutes\n\n"
        "  eccube-sync notify --mail-baseline 120    also mail about the 120 events that were only recorded"
    )
)
@click.option("--limit", type=click.IntRange(min=1), help=_("Send at most so many."))
@click.option("--ignore-window", is_flag=True, help=_("Send also outside the send window."))
@click.option(
    "--mail-baseline",
    "baseline",
    type=click.IntRange(min=0),
    metavar=_("NUMBER"),
    help=_("Also mail about recorded events; names their exact number."),
)
@json_option
@pass_application
def command(
    application: Application, limit: int | None, ignore_window: bool, baseline: int | None, as_json: bool
) -> int:
    """Send what may leave."""
    from eccube_sync.services.notices.sending import send_notices

    with application.open_shop() as (shop, connection):
        report = send_notices(shop, connection, limit=limit, ignore_window=ignore_window, baseline=baseline)
    application.show(report, as_json=as_json)
    if not report.needs_person:
        return ExitCode.DONE
    if application.quiet and not as_json:
        click.echo("\n".join([report.line(), *report.notes]), err=True)
    return ExitCode.NEEDS_PERSON
