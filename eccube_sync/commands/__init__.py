"""The commands: one a file, each parses, calls one service, shows its report. No logic, no SQL.

To add one: copy a neighbour, add one line here, ``make docs``.
"""

from __future__ import annotations

import click

from eccube_sync.commands import migrate, notices, notify, review, runs

COMMANDS: dict[str, click.Command] = {
    "migrate": migrate.command,
    "notices": notices.command,
    "notify": notify.command,
    "review": review.command,
    "runs": runs.command,
}
