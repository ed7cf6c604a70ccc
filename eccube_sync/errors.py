"""Every error a user can cause, with its exit code; ``cli.py`` is the one place that prints them."""

from __future__ import annotations

import errno
from dataclasses import dataclass
from enum import IntEnum

from eccube_sync.i18n import _


class ExitCode(IntEnum):
    """What cron and the admin read from the exit status (DESIGN §4.16)."""

    DONE = 0
    NEEDS_PERSON = 1
    USAGE = 64
    BAD_INPUT = 65
    GUARD_REFUSED = 70
    UNEXPECTED = 71
    LOCKED = 75
    CONFIGURATION = 78
    INTERRUPTED = 130


class EccubeSyncError(Exception):
    """A refusal in one clear sentence: what, where, what to do. Never holds personal data."""

    exit_code = ExitCode.UNEXPECTED

    @property
    def lines(self) -> list[str]:
        """All there is to say: the sentence, and what there is beyond it."""
        return [str(self)]


class UsageError(EccubeSyncError):
    """The command was called in a way that cannot be carried out."""

    exit_code = ExitCode.USAGE


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with a file: where (1-based line and column name, when known) and why."""

    message: str
    line: int | None = None
    column: str | None = None

    def __str__(self) -> str:
        where = [_("line {line}").format(line=self.line)] if self.line else []
        where += [_("column {column}").format(column=self.column)] if self.column else []
        return f"{' '.join(where)}: {self.message}" if where else self.message


class BadInputError(EccubeSyncError):
    """A file that looks wrong. It changed nothing; ``problems`` says where and why."""

    exit_code = ExitCode.BAD_INPUT

    def __init__(self, message: str, problems: tuple[Problem, ...] = ()) -> None:
        super().__init__(message)
        self.problems = problems

    @property
    def lines(self) -> list[str]:
        return [str(self), *(str(problem) for problem in self.problems)]


class GuardRefusedError(EccubeSyncError):
    """A guard looked at the plan and refused it; nothing was written."""

    exit_code = ExitCode.GUARD_REFUSED


class LockedError(EccubeSyncError):
    """Another run holds the lock; trying again later is enough."""

    exit_code = ExitCode.LOCKED


class ConfigurationError(EccubeSyncError):
    """Configuration, identity of the database, or a schema newer than the program."""

    exit_code = ExitCode.CONFIGURATION


class DatabaseUnavailableError(EccubeSyncError):
    """The database cannot do its work at present; trying again later is enough."""

    exit_code = ExitCode.LOCKED


class StorageError(EccubeSyncError):
    """A file cannot be written or read: a full disk, missing rights, a broken file system."""

    exit_code = ExitCode.CONFIGURATION


_OF_STORAGE = frozenset(
    {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EACCES, errno.EPERM, errno.EIO}
)


def storage_error(error: OSError) -> StorageError | None:
    """The refusal to show for an error of the file system; None for one that may be ours."""
    if error.errno not in _OF_STORAGE:
        return None
    return StorageError(
        _(
            "{path} cannot be written or read ({reason}). What was committed stays; make room or mend the rights, "
            "then run again."
        ).format(path=error.filename or _("A file"), reason=error.strerror)
    )
