"""``restore``: put our tables back as a dump has them."""

from __future__ import annotations

from pathlib import Path

import click

from eccube_sync.application import Application, actor, apply_option, pass_application
from eccube_sync.i18n import _


@click.command(
    help=_(
        "Put our tables back as a dump has them: after EC-CUBE dropped them, or to go back to the program before an "
        "update. Without a file the newest dump is taken. EC-CUBE's own tables are never touched.\n\n"
        "Example: eccube-sync restore dumps/run-20260401-180012-000000.jsonl.gz"
    )
)
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, exists=True), required=False)
@apply_option
@pass_application
def command(application: Application, file: Path | None, apply: bool) -> None:
    """Show what the dump holds, and put it back after a yes."""
    from eccube_sync.services.setup.restoring import apply_restore, plan_restore

    settings = application.settings
    plan = plan_restore(settings, file)
    application.show(plan.report())
    if application.agreed(apply):
        application.show(apply_restore(settings, application.clock, actor(), plan))
