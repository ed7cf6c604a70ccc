"""Where the state of one shop lies: all of it below one folder."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class StateFolders:
    """The folders below ``root``; nothing is created by naming them."""

    root: Path

    @property
    def inbox(self) -> Path:
        """Files on their way in."""
        return self.root / "inbox"

    @property
    def drop(self) -> Path:
        """Where the store drops its export, unless its source watches another folder."""
        return self.inbox / "drop"

    @property
    def imported(self) -> Path:
        """Imported files until they are purged."""
        return self.inbox / "imported"

    @property
    def review_in(self) -> Path:
        """Filled review files."""
        return self.root / "review" / "in"

    @property
    def review_out(self) -> Path:
        """Review files to be filled."""
        return self.root / "review" / "out"

    @property
    def codes(self) -> Path:
        """Lists of link codes for the label printer."""
        return self.root / "codes"

    @property
    def secrets(self) -> Path:
        """Passwords and keys."""
        return self.root / "secrets"

    @property
    def outbox_journal(self) -> Path:
        """The file that says which mail was about to leave."""
        return self.root / "outbox" / "journal"

    @property
    def bridge_queue(self) -> Path:
        """What the bridge was told and has not done yet."""
        return self.root / "bridge" / "queue.sqlite"

    @property
    def lock(self) -> Path:
        """Lock files, one a stage."""
        return self.root / "lock"

    @property
    def crash(self) -> Path:
        """Crash files; they hold ids only."""
        return self.root / "crash"

    @property
    def dumps(self) -> Path:
        """Dumps of our tables where they live in EC-CUBE's database."""
        return self.root / "dumps"

    @property
    def exports(self) -> Path:
        """What we hold about a person, or of everybody, written out on demand."""
        return self.root / "exports"

    def all(self) -> tuple[Path, ...]:
        """Every folder that must exist."""
        return (
            self.drop, self.imported, self.review_in, self.review_out, self.codes, self.secrets,
            self.outbox_journal.parent, self.lock, self.crash, self.dumps, self.exports,
        )  # fmt: skip

    def create(self) -> None:
        """Create the missing folders, each 0700."""
        for folder in self.all():
            for missing in reversed([folder, *folder.parents]):
                if missing.is_relative_to(self.root) and not missing.exists():
                    missing.mkdir(mode=0o700, parents=True)
