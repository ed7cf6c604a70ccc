"""A mailbox as a mail server keeps one."""

from __future__ import annotations

from pathlib import Path


class Maildir:
    """Where undeliverable mails arrive."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for name in ("new", "cur", "tmp"):
            (folder / name).mkdir(parents=True)

    def arrives(self, text: str) -> None:
        number = len(list(self.folder.rglob("*.mail*")))
        (self.folder / "new" / f"{number}.mail").write_text(text, encoding="utf-8")

    def unread(self) -> list[str]:
        return sorted(path.name for path in (self.folder / "new").iterdir())
