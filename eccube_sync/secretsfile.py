"""Files only their owner may read: passwords, keys, the configuration itself."""

from __future__ import annotations

import os
import shlex
import stat
from pathlib import Path

from eccube_sync.errors import ConfigurationError
from eccube_sync.i18n import _

_LONGEST = 65536


def read_secret(path: Path) -> str:
    """The one secret in ``path``, without its line end.

    Raises ConfigurationError unless it is a regular file of ours that nobody else may read.
    """
    quoted = shlex.quote(str(path))
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK)
    except FileNotFoundError:
        raise ConfigurationError(
            _("{path} does not exist; write the secret into it and run: chmod 600 {quoted}").format(
                path=path, quoted=quoted
            )
        ) from None
    except OSError as error:
        raise ConfigurationError(
            _("{path} cannot be opened ({reason}); it must be a plain file of yours, not a link").format(
                path=path, reason=error.strerror
            )
        ) from None
    try:
        _require_private(os.fstat(descriptor), path)
        content = os.read(descriptor, _LONGEST + 1)
    finally:
        os.close(descriptor)
    return _the_secret(content, path)


def _require_private(status: os.stat_result, path: Path) -> None:
    quoted = shlex.quote(str(path))
    if not stat.S_ISREG(status.st_mode):
        raise ConfigurationError(_("{path} is not a plain file").format(path=path))
    if status.st_uid != os.geteuid():
        raise ConfigurationError(
            _("{path} belongs to another user; run: chown {user} {quoted}").format(
                path=path, user=os.geteuid(), quoted=quoted
            )
        )
    if stat.S_IMODE(status.st_mode) & 0o077:
        raise ConfigurationError(
            _("{path} can be read by others; run: chmod 600 {quoted}").format(path=path, quoted=quoted)
        )


def _the_secret(content: bytes, path: Path) -> str:
    try:
        secret = content.decode("utf-8-sig").removesuffix("\n").removesuffix("\r")
    except UnicodeDecodeError:
        raise ConfigurationError(_("{path} is not UTF-8 text").format(path=path)) from None
    if not secret.strip():
        raise ConfigurationError(_("{path} is empty; write the secret into it").format(path=path))
    if len(content) > _LONGEST or "\n" in secret or "\0" in secret:
        raise ConfigurationError(
            _("{path} must hold the secret in one line and nothing else").format(path=path)
        )
    return secret


def write_private(path: Path, text: str) -> None:
    """Write a new 0600 file (0700 folders are made for it), durable on return.

    Never overwrites: raises ConfigurationError when anything, even a dangling link, has that name.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    except FileExistsError:
        raise ConfigurationError(
            _("{path} exists already and was left as it is; move it away first").format(path=path)
        ) from None
    with os.fdopen(descriptor, "wb") as file:
        os.fchmod(descriptor, 0o600)
        file.write(text.encode("utf-8"))
        file.flush()
        os.fsync(descriptor)
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
