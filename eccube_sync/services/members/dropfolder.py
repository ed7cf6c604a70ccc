"""The folder the store drops its export into: which file is next, and where it goes when it was imported."""

from __future__ import annotations

import os
import shutil
from datetime import datetime, timedelta
from pathlib import Path

from eccube_sync.configsources import Source
from eccube_sync.settings import Settings


def newest_file(settings: Settings, source: Source) -> Path | None:
    """The newest file that matches the source's pattern, by time of change, then name; None when there is none."""
    folder = settings.drop_folder(source)
    if not folder.is_dir():
        return None
    files = [path for path in folder.glob(source.pattern) if path.is_file() and not path.is_symlink()]
    return max(files, key=lambda path: (path.stat().st_mtime_ns, path.name), default=None)


def put_away(settings: Settings, source: Source, path: Path, now: datetime) -> None:
    """Move an imported file, and the older ones it overtook, out of the drop folder; 0600 until it is purged."""
    target = settings.folders.imported
    target.mkdir(mode=0o700, parents=True, exist_ok=True)
    limit = path.stat().st_mtime_ns
    for other in sorted(settings.drop_folder(source).glob(source.pattern)):
        if other.is_file() and not other.is_symlink() and other.stat().st_mtime_ns <= limit:
            moved = target / f"{now:%Y%m%dT%H%M%S}-{other.name}"
            shutil.move(other, moved)
            moved.chmod(0o600)
            os.utime(moved, (now.timestamp(), now.timestamp()))


def old_imported(settings: Settings, now: datetime) -> list[Path]:
    """Imported files kept longer than configured."""
    limit = (now - timedelta(days=settings.state.imported_days)).timestamp()
    folder = settings.folders.imported
    if not folder.is_dir():
        return []
    return [path for path in folder.glob("*") if path.is_file() and path.stat().st_mtime < limit]


def purge_imported(settings: Settings, now: datetime) -> None:
    """Delete them."""
    for path in old_imported(settings, now):
        path.unlink()
