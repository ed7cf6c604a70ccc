"""Folders and secrets: there, ours, and closed to others."""

from __future__ import annotations

import os
import shlex
import stat
from collections.abc import Iterator
from pathlib import Path

from eccube_sync.i18n import _
from eccube_sync.services.codes.keys import key_file, load_keys
from eccube_sync.services.setup.dumping import dumps
from eccube_sync.services.setup.findings import Finding, fine, note, wrong
from eccube_sync.settings import Settings


def folders(settings: Settings) -> Iterator[Finding]:
    """Every folder of the state directory is there and closed; others may not change what lies beside it."""
    faults = list(_faults(settings))
    for words in faults:
        yield wrong("folders", words)
    if not faults:
        yield fine("folders", str(settings.folders.root))


def _faults(settings: Settings) -> Iterator[str]:
    root = settings.folders.root
    for folder in settings.folders.all():
        if not folder.is_dir():
            yield _("{path} is missing; run: mkdir -m 700 -p {quoted}").format(
                path=folder, quoted=shlex.quote(str(folder))
            )
        else:
            yield from _too_open(folder, 0o077, "700")
    yield from _too_open(root, 0o022, "700")
    yield from _too_open(settings.path, 0o022, "600")
    for source in settings.sources:
        watched = settings.drop_folder(source)
        if not watched.is_dir() or not os.access(watched, os.R_OK | os.W_OK | os.X_OK):
            yield _(
                "{path}, where {source} drops its files, cannot be used; make it, or correct watch"
            ).format(path=watched, source=source.key)


def _too_open(path: Path, forbidden: int, mode: str) -> Iterator[str]:
    if stat.S_IMODE(path.stat().st_mode) & forbidden:
        yield _("others may get at {path}; run: chmod {mode} {quoted}").format(
            path=path, mode=mode, quoted=shlex.quote(str(path))
        )


def last_dump(settings: Settings) -> Iterator[Finding]:
    """What would be left if EC-CUBE dropped our tables today; elsewhere they are out of its reach."""
    if not settings.database.table_prefix:
        yield note("dumps", _("only migrate writes one; our tables are out of EC-CUBE's reach"))
        return
    found = dumps(settings, "run")
    if found:
        yield fine("dumps", str(found[0]))
    else:
        yield note(
            "dumps",
            _("none yet; the first run writes one into {folder}").format(folder=settings.folders.dumps),
        )


def secrets(settings: Settings) -> Iterator[Finding]:
    """Passwords were read with the configuration; here the keys that link codes depend on."""
    path = key_file(settings.folders)
    load_keys(settings.folders)
    yield fine(
        "secrets", _("passwords and {path}; keep a copy of that file outside this machine").format(path=path)
    )
