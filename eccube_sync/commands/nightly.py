"""``nightly``: the whole night, for cron."""

from __future__ import annotations

from pathlib import Path

import click

from eccube_sync.application import Application, json_option, pass_application
from eccube_sync.errors import ExitCode
from eccube_sync.i18n import _


@click.command(
    help=_(
        "Import the newest file, take the reviewers' decisions, classify, expire, project, write new cases, mail "
        "the owner, send the notices. Safe to repeat.\n\nExample for cron: eccube-sync -q nightly"
    )
)
@click.argument("files", nargs=-1, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--i-expect", "expected", type=int, help=_("Overrule a guard by naming the exact number."))
@json_option
@pass_application
def command(application: Application, files: tuple[Path, ...], expected: int | None, as_json: bool) -> int:
    """Run a night."""
    from eccube_sync.services.nightly import run_nightly

    with application.open_shop() as (shop, connection):
        report, code = run_nightly(shop, connection, files=files, expected=expected)
    if as_json:
        application.show(report, as_json=True)
    else:
        # Cron mails what is said: nothing when all is well and -q was given, everything otherwise.
        for sentence in (report.line(), *report.notes):
            if code == ExitCode.DONE:
                application.say(sentence)
            else:
                click.echo(sentence, err=True)
    return int(code)
