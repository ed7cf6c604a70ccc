"""``check``: is everything as a night needs it?"""

from __future__ import annotations

import json

import click

from eccube_sync.application import Application, actor, json_option, pass_application
from eccube_sync.i18n import _


@click.command(
    help=_(
        "Look at everything a night needs: one line each, ✓ fine, ✗ to be mended, – worth knowing.\n\n"
        "Changes nothing and mails nobody. Exit code 0 when nothing is to be mended, else 78.\n\n"
        "Example: eccube-sync check --json"
    )
)
@json_option
@pass_application
def command(application: Application, as_json: bool) -> int:
    """Print the findings."""
    from eccube_sync.services.setup.checking import check

    found = check(lambda: application.settings, application.clock, actor())
    if as_json:
        click.echo(json.dumps(found.as_json(), ensure_ascii=False, indent=2))
    else:
        for line in found.lines(wrong_only=application.quiet):
            click.echo(line)
    return found.exit_code
