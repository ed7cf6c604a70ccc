"""The folders of review files: which plain files lie there, and which are old enough to go."""

from __future__ import annotations

import stat
from datetime import datetime
from pathlib import Path

from eccube_sync.settings import Settings

_DAY = 24 * 60 * 60


def done_folder(settings: Settings) -> Path:
    """Where filled files go once they were imported."""
    return settings.folders.review_in / "done"


def plain_files(folder: Path) -> list[Path]:
    """The regular files in a folder, links left out; none when there is no such folder."""
    if not folder.is_dir():
        return []
    return [path for path in folder.iterdir() if stat.S_ISREG(path.lstat().st_mode)]


def newest_review_file(settings: Settings) -> Path | None:
    """The newest file with a column to fill in; None where there is none. Pages, and pairs of names, are others."""
    files = [
        path
        for path in plain_files(settings.folders.review_out)
        if path.name.startswith("review-") and path.suffix in {".xlsx", ".csv"}
    ]
    return max(files, key=lambda path: path.stat().st_mtime, default=None)


def old_review_files(settings: Settings, now: datetime) -> list[Path]:
    """Review files older than ``review.keep_days``, written and read ones."""
    oldest = now.timestamp() - settings.review.keep_days * _DAY
    found = [*plain_files(settings.folders.review_out), *plain_files(done_folder(settings))]
    return [path for path in found if path.stat().st_mtime < oldest]


def purge_review_files(settings: Settings, now: datetime) -> int:
    """Delete them; returns how many."""
    old = old_review_files(settings, now)
    for path in old:
        path.unlink()
    return len(old)
