"""The command group, the global options, and the one place where errors become words and exit codes."""

from __future__ import annotations

import gc
import locale
import os
import sys
import traceback
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import click

import eccube_sync
from eccube_sync.application import Application
from eccube_sync.clickwords import translate_click, translate_placeholders
from eccube_sync.clock import Clock, SystemClock
from eccube_sync.errors import BadInputError, EccubeSyncError, ExitCode, storage_error
from eccube_sync.i18n import LANGUAGES, _, set_language

COLLECT_RARELY = (200_000, 20, 100)


def main(arguments: Sequence[str] | None = None, *, clock: Clock | None = None) -> None:
    """Run the program and exit the process with the code of DESIGN §4.16."""
    arguments = sys.argv[1:] if arguments is None else list(arguments)
    language = _language_option(arguments)
    set_language(language or language_of_locale())
    sys.exit(_told(run(arguments, Application(language=language, clock=clock or SystemClock()))))


def _told(code: int) -> int:
    """The exit code; where what was said had no room, on a full disk for instance, that is worth one of its own."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            # Python would try again at its end, and fail with a code of its own.
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
            code = code or ExitCode.CONFIGURATION
    return code


def run(arguments: Sequence[str], application: Application) -> int:
    """Run one command and answer every error with one clear sentence; returns the exit code."""
    # A night holds some hundred thousand rows; by its usual thresholds the collector walks them again and again.
    gc.set_threshold(*COLLECT_RARELY)
    try:
        result = _group().main(list(arguments), "eccube-sync", standalone_mode=False, obj=application)
    except click.exceptions.Exit as stop:
        return stop.exit_code
    except click.Abort:
        click.echo(_("Stopped; see `eccube-sync runs list` for what had been applied."), err=True)
        return ExitCode.INTERRUPTED
    except click.ClickException as error:
        error.show()
        return ExitCode.USAGE
    except Exception as error:
        refusal = _refusal(error)
        if refusal is None:
            return _print_unexpected(application, error)
        with suppress(OSError):  # nowhere to say it: the exit code remains
            _print_refusal(refusal)
        return refusal.exit_code
    return int(result) if isinstance(result, int) else ExitCode.DONE


def _refusal(error: Exception) -> EccubeSyncError | None:
    """What to tell the user of an error; None for one that may be ours."""
    if isinstance(error, EccubeSyncError):
        return error
    if isinstance(error, OSError):
        return storage_error(error)
    from eccube_sync.dberrors import in_words

    return in_words(error)


def _print_refusal(error: EccubeSyncError) -> None:
    click.echo(_("Error: {message}").format(message=error), err=True)
    if isinstance(error, BadInputError):
        # The sentence above names the first problem; alone it need not be said again.
        alone = len(error.problems) == 1 and error.problems[0].message in str(error)
        for problem in () if alone else error.problems:
            click.echo(f"  {problem}", err=True)


def _print_unexpected(application: Application, error: Exception) -> int:
    """A line for the admin and a file for us: where it happened and what kind, never a value."""
    frames = traceback.extract_tb(error.__traceback__)
    cause = getattr(error, "orig", None)
    number = getattr(cause, "args", [None])[0] if cause is not None else None
    lines = [
        f"eccube-sync {eccube_sync.__version__}, Python {sys.version.split()[0]}",
        f"{type(error).__module__}.{type(error).__name__}"
        + (f" ({number})" if isinstance(number, int) else ""),
        *(f"  {Path(frame.filename).name}:{frame.lineno} {frame.name}" for frame in frames),
    ]
    path = _write_crash_file(application, "\n".join(lines) + "\n")
    click.echo(
        _(
            "Unexpected error {kind} in eccube-sync {version}; what was committed stays, a rerun continues. "
        ).format(kind=type(error).__name__, version=eccube_sync.__version__)
        + (_("Details without personal data: {path}").format(path=path) if path else lines[-1].strip()),
        err=True,
    )
    return ExitCode.UNEXPECTED


def _write_crash_file(application: Application, content: str) -> Path | None:
    settings = application.__dict__.get("settings")
    if settings is None:
        return None
    folder = settings.folders.crash
    path: Path = folder / f"{datetime.now(UTC):%Y%m%dT%H%M%S}-{os.getpid()}.txt"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(content)
    except OSError:
        return None
    return path


def _language_option(arguments: Sequence[str]) -> str | None:
    """The language asked for, read ahead of click because help texts are translated when made."""
    for index, argument in enumerate(arguments):
        if argument == "--language" and index + 1 < len(arguments):
            return arguments[index + 1]
        if argument.startswith("--language="):
            return argument.partition("=")[2]
    return None


def language_of_locale() -> str:
    """``ja`` under a Japanese locale, else ``en``."""
    name = os.environ.get("LC_ALL") or os.environ.get("LC_MESSAGES") or os.environ.get("LANG") or ""
    return "ja" if locale.normalize(name).startswith("ja") else "en"


def _group() -> click.Group:
    translate_click()
    from eccube_sync.commands import COMMANDS

    @click.group(
        commands=COMMANDS,
        context_settings={"help_option_names": ["-h", "--help"]},
        help=_(
            "Tells an EC-CUBE shop which of its web customers are members of its physical stores, and keeps it so "
            "every night.\n\nFirst time? Run: eccube-sync demo"
        ),
    )
    @click.option(
        "--config",
        type=click.Path(path_type=Path, dir_okay=False),
        envvar="ECCUBE_SYNC_CONFIG",
        help=_("Configuration file; without it ./eccube-sync.toml, then the user's, then the machine's."),
    )
    @click.option("--language", type=click.Choice(LANGUAGES), help=_("Language of messages."))
    @click.option("-q", "--quiet", is_flag=True, help=_("Say nothing when all is well (for cron)."))
    @click.version_option(eccube_sync.__version__, prog_name="eccube-sync")
    @click.pass_obj
    def group(application: Application, config: Path | None, language: str | None, quiet: bool) -> None:
        application.config_path = config
        application.language = language
        application.quiet = quiet

    translate_placeholders(group)
    return group
