"""Looking at an export before anything is imported."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from eccube_sync import application
from eccube_sync.application import Application
from eccube_sync.cli import run
from eccube_sync.clock import FixedClock
from tests.members.exports import crowd, person, write_export
from tests.members.terminal import Terminal


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A machine without any configuration."""
    monkeypatch.setattr(application, "DEFAULT_FILES", ())
    monkeypatch.setattr("eccube_sync.commands.members.DEFAULT_FILES", ())
    return tmp_path


def inspect(path: Path, *options: str) -> int:
    clock = FixedClock(datetime(2026, 4, 10, tzinfo=UTC))
    return run(["members", "inspect", str(path), *options], Application(clock=clock))


def test_it_needs_neither_database_nor_configuration(bare: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write_export(bare / "members.csv", crowd(3, phone="612345678"))
    assert inspect(path) == 0
    said = capsys.readouterr().out
    assert "members.csv: 3 members in 4 lines" in said
    assert "cp932" in said
    assert "smaregi" in said
    assert "2026-04-08 15:30" in said
    assert "phone number without its leading zero" in said
    assert "備考2" in said
    assert "can be imported; 3 cells are mended" in said


def test_a_program_reads_columns_fill_and_damage(small: Terminal) -> None:
    path = write_export(small.folder / "members.csv", [*crowd(3), person(4, phone="612345678", mobile="")])
    report = small.json("members", "inspect", str(path))
    columns = {field: (header, filled) for field, _words, header, filled in small.listing(report, "Columns")}
    assert columns["end_date"] == ("備考2", "100.0%")
    assert columns["mobile"] == ("携帯電話番号", "0.0%")
    assert small.listing(report, "Columns that are not used") == [["備考", "0.0%"]]
    (mended,) = small.listing(report, "Mended")
    assert mended[:4] == ["phone_zero_restored", "電話番号", 1, 5]


def test_a_refused_file_is_an_answer_with_exit_code_65(
    bare: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write_export(bare / "members.csv", [*crowd(3), person(4, code="2.90E+12")])
    assert inspect(path, "--json") == 65
    report = json.loads(capsys.readouterr().out)
    (refusals,) = [one["rows"] for one in report["listings"] if one["title"].startswith("Reasons")]
    assert refusals[0][:2] == [5, "会員コード"]
    assert "would be refused" in report["notes"][-1]
    assert "line 5, column 会員コード" in report["notes"][-1]


def test_a_file_that_is_no_export_is_refused_in_words(bare: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = bare / "letter.txt"
    path.write_text("Dear store,\nplease find attached\n")
    assert inspect(path) == 65
    said = capsys.readouterr()
    assert "would be refused" in said.out
    assert inspect(bare / "nothing.csv") == 65


def test_a_source_that_cannot_tell_the_age_of_a_file_refuses_it(small: Terminal) -> None:
    path = write_export(small.folder / "members.csv", crowd(3), without=["visited", "joined"])
    assert small.run("members", "inspect", str(path)) == 65
    assert "taken_at" in small.output


def test_more_problems_than_can_be_listed_are_counted(bare: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write_export(bare / "members.csv", crowd(50, birth="1985/02/30"))
    assert inspect(path) == 65
    said = capsys.readouterr().out
    assert "30 more problems" in said
    assert "50 problems" in said


def test_a_wrong_configuration_is_not_passed_over(bare: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write_export(bare / "members.csv", crowd(3))
    configuration = bare / "wrong.toml"
    configuration.write_text("[shop\n")
    clock = FixedClock(datetime(2026, 4, 10, tzinfo=UTC))
    arguments = ["--config", str(configuration), "members", "inspect", str(path)]
    assert run(arguments, Application(clock=clock)) == 78


def test_the_verdict_agrees_with_the_import(small: Terminal) -> None:
    for rows, code in ((crowd(3), 0), ([*crowd(3), person(3)], 65)):
        path = write_export(small.folder / "members.csv", rows)
        assert small.run("members", "inspect", str(path)) == code
        assert small.run("members", "import", str(path)) == code
