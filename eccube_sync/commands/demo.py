"""``demo``: the main job on a made-up shop."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from eccube_sync.application import Application, pass_application
from eccube_sync.i18n import LANGUAGES, _, current_language


@click.command(
    help=_(
        "Play two days of a made-up shop: import, classify, review, expire, mails to files, undo. Needs no server "
        "and touches nothing outside its folder.\n\nExample: eccube-sync demo --directory my-demo"
    )
)
@click.option(
    "--directory",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("eccube-sync-demo"),
    show_default=True,
    help=_("Folder to make it in; must be empty or missing."),
)
@pass_application
def command(application: Application, directory: Path) -> None:
    """Play the demo."""
    from eccube_sync.clock import FixedClock
    from eccube_sync.services.demo import Stage, run_demo

    @contextmanager
    def wait(words: str) -> Iterator[None]:
        with application.progress(words):
            yield

    stage = Stage(application.say, application.show, wait)
    clock = FixedClock(application.clock.now())
    language = application.language or current_language()
    assert language in LANGUAGES
    application.show(run_demo(directory.absolute(), clock, stage, language=language))
