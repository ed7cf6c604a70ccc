"""Where a file with personal data or secrets may be written: to a new file that no browser can reach."""

from __future__ import annotations

from pathlib import Path

from eccube_sync.errors import UsageError
from eccube_sync.i18n import _
from eccube_sync.webroot import web_root_above


def refuse_place(path: Path, eccube_root: Path | None) -> None:
    """Raise ``UsageError`` where the file exists already or would lie below a web root."""
    if path.exists():
        raise UsageError(
            _("{path} exists already and was left as it is; name another file.").format(path=path)
        )
    root = web_root_above(path.parent, eccube_root)
    if root:
        raise UsageError(
            _("{path} lies below {root}, which a browser can reach; name a file elsewhere.").format(
                path=path, root=root
            )
        )
