"""The commands: one a file, each parses, calls one service, shows its report. No logic, no SQL.

To add one: copy a neighbour, add one line here, ``make docs``.
"""

from __future__ import annotations

import click

from eccube_sync.commands import (
    adopt,
    bridge,
    check,
    classify,
    codes,
    customers,
    demo,
    expire,
    export,
    forget,
    grants,
    guards,
    inbox,
    init,
    links,
    matcher,
    members,
    migrate,
    nightly,
    notices,
    notify,
    overrides,
    plugin,
    project,
    purge,
    report,
    restore,
    review,
    runs,
    uninstall,
)

COMMANDS: dict[str, click.Command] = {
    "adopt": adopt.command,
    "bridge": bridge.command,
    "check": check.command,
    "classify": classify.command,
    "codes": codes.command,
    "customers": customers.command,
    "demo": demo.command,
    "expire": expire.command,
    "export": export.command,
    "forget": forget.command,
    "grants": grants.command,
    "guards": guards.command,
    "inbox": inbox.command,
    "init": init.command,
    "links": links.command,
    "matcher": matcher.command,
    "members": members.command,
    "migrate": migrate.command,
    "nightly": nightly.command,
    "notices": notices.command,
    "notify": notify.command,
    "overrides": overrides.command,
    "plugin": plugin.command,
    "project": project.command,
    "purge": purge.command,
    "report": report.command,
    "restore": restore.command,
    "review": review.command,
    "runs": runs.command,
    "uninstall": uninstall.command,
}
