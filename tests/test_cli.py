"""The one place where errors become words and exit codes."""

from __future__ import annotations

from pathlib import Path

import click
import pytest

from eccube_sync import cli
from eccube_sync.application import Application
from eccube_sync.errors import BadInputError, ExitCode, GuardRefusedError, LockedError, Problem
from tests.support.installed import InstalledShop

Captured = pytest.CaptureFixture[str]
SECRET = "山田花子 090-1234-5678 hanako@example.jp"


def run_command(monkeypatch: pytest.MonkeyPatch, error: BaseException) -> int:
    """Run a command that fails with ``error``."""

    @click.command()
    def failing() -> None:
        raise error

    monkeypatch.setattr("eccube_sync.commands.COMMANDS", {"failing": failing})
    return cli.run(["failing"], Application())


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (BadInputError("file"), ExitCode.BAD_INPUT),
        (GuardRefusedError("guard"), ExitCode.GUARD_REFUSED),
        (LockedError("lock"), ExitCode.LOCKED),
        (KeyboardInterrupt(), ExitCode.INTERRUPTED),
        (ValueError(SECRET), ExitCode.UNEXPECTED),
    ],
)
def test_each_kind_of_error_has_its_exit_code(
    monkeypatch: pytest.MonkeyPatch, error: BaseException, code: ExitCode
) -> None:
    assert run_command(monkeypatch, error) == code


def test_a_refused_file_is_told_with_line_and_column(
    monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    run_command(monkeypatch, BadInputError("members.csv was refused", (Problem("no date", 7, "誕生日"),)))
    message = capsys.readouterr().err
    assert "members.csv was refused" in message
    assert "line 7" in message
    assert "誕生日" in message


def test_the_only_problem_of_a_file_is_told_once(monkeypatch: pytest.MonkeyPatch, capsys: Captured) -> None:
    run_command(
        monkeypatch, BadInputError("a.csv: no header. Nothing was changed.", (Problem("no header."),))
    )
    assert capsys.readouterr().err.count("no header") == 1


def test_an_unexpected_error_shows_nothing_of_what_it_was_about(
    monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    run_command(monkeypatch, ValueError(SECRET))
    message = capsys.readouterr().err
    assert "ValueError" in message
    assert not any(part in message for part in SECRET.split())


def test_a_crash_file_says_where_and_what_kind_and_is_private(
    installed: InstalledShop, monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    def broken(*_arguments: object, **_options: object) -> None:
        raise RuntimeError(SECRET)

    monkeypatch.setattr("eccube_sync.services.reports.showruns.list_report", broken)
    assert installed.run("runs", "list") == ExitCode.UNEXPECTED
    (crash,) = installed.settings().folders.crash.iterdir()
    text = crash.read_text()
    assert crash.stat().st_mode & 0o777 == 0o600
    assert "RuntimeError" in text
    assert "runs.py" in text
    assert not any(part in text + capsys.readouterr().err for part in SECRET.split())


def test_a_wrong_option_is_a_usage_error(capsys: Captured) -> None:
    assert cli.run(["runs", "list", "--wrong"], Application()) == ExitCode.USAGE
    assert "--wrong" in capsys.readouterr().err


def test_without_a_configuration_the_next_step_is_said(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: Captured
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert cli.run(["runs", "list"], Application()) == ExitCode.CONFIGURATION
    assert "eccube-sync init" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("variables", "language"),
    [
        ({"LC_ALL": "ja_JP.UTF-8"}, "ja"),
        ({"LANG": "ja_JP.UTF-8"}, "ja"),
        ({"LANG": "ja_JP.UTF-8", "LC_ALL": "C.UTF-8"}, "en"),
        ({"LANG": "en_US.UTF-8"}, "en"),
        ({}, "en"),
    ],
)
def test_the_language_follows_the_locale(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], language: str
) -> None:
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert cli.language_of_locale() == language
