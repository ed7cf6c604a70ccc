"""Whether a folder can be reached by a browser."""

from __future__ import annotations

import re
from pathlib import Path

# Where rental servers serve from: /home/shop/www, /home/users/2/shop/web.
_SERVED_HOME = re.compile(r"(?:/usr)?/home/(?:users/\d+/)?[^/]+/(?:www|web)")
_PUBLIC_NAMES = frozenset({"public_html", "htdocs", "public"})


def web_root_above(path: Path, eccube_root: Path | None = None) -> Path | None:
    """The web root ``path`` is, or lies below, else None. The path need not exist; links are followed."""
    real = path.resolve()
    shop = eccube_root.resolve() if eccube_root else None
    for folder in (real, *real.parents):
        if folder == shop or _looks_public(folder):
            return folder
    return None


def _looks_public(folder: Path) -> bool:
    name, above = folder.name.lower(), folder.parent.name.lower()
    if name in _PUBLIC_NAMES or (name == "html" and above == "www") or _SERVED_HOME.fullmatch(str(folder)):
        return True
    return (folder / "index.php").is_file() and (folder / ".htaccess").is_file()
