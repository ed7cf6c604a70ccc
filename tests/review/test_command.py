"""``review`` at the command line: exit codes and what is said."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from eccube_sync.application import Application
from eccube_sync.cli import run
from eccube_sync.tables.cases import review_case
from tests.review.files import cells_of, fill, newest, save
from tests.support.rows import OurShop


def call(ours: OurShop, *arguments: str) -> int:
    application = Application(clock=ours.clock)
    application.__dict__["settings"] = ours.settings
    return run(["review", *arguments], application)


@pytest.fixture
def case(small: OurShop) -> str:
    return small.add_case(small.add_customer(), small.add_member())


def test_export_and_import_end_with_the_codes_cron_reads(
    small: OurShop, case: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call(small, "export", "--format", "csv", "--json") == 0
    assert json.loads(capsys.readouterr().out)["counts"]["cases_exported"] == 1
    cells = cells_of(newest(small))
    path = str(save(small, fill(cells, {case: "別人"})))
    assert call(small, "import", path) == 0
    assert small.row(review_case).state == "open"
    assert call(small, "import", path, "--apply", "--reviewer", "佐藤") == 0
    assert small.row(review_case).state == "different"
    assert call(small, "import", str(save(small, fill(cells, {case: "同一"}), "workbook")), "--apply") == 1
    capsys.readouterr()
    assert call(small, "import", path, "--apply", "--json") == 0
    assert json.loads(capsys.readouterr().out)["counts"]["decisions_known"] == 1


def test_a_file_that_contradicts_itself_ends_with_65_and_names_its_rows(
    small: OurShop, capsys: pytest.CaptureFixture[str]
) -> None:
    for _number in range(30):
        small.add_case(small.add_customer(), small.add_member())
    assert call(small, "export", "--format", "csv") == 0
    cells = cells_of(newest(small))
    answered = [["同一", *row[1:]] for row in cells[1:]] + [["保留", *row[1:]] for row in cells[1:]]
    capsys.readouterr()
    assert call(small, "import", str(save(small, [cells[0], *answered])), "--apply") == 65
    refused, *rows = capsys.readouterr().err.splitlines()
    assert "answers 30 questions in more than one way" in refused
    assert rows[0].startswith("  line 2: R-") and rows[0].endswith(": Same person")
    assert rows[-1] == "  10 more rows."
    assert len(rows) == 51
    assert {row.state for row in small.rows(review_case)} == {"open"}


def test_export_says_so_when_nothing_waits(small: OurShop, capsys: pytest.CaptureFixture[str]) -> None:
    assert call(small, "export") == 0
    assert capsys.readouterr().out == "No question waits for a reviewer.\n"
    small.add_case(small.add_customer(), small.add_member())
    assert call(small, "export", "--name-only") == 0
    assert capsys.readouterr().out == "No pair that shares only a name waits.\n"


def test_export_names_the_pairs_it_leaves_to_a_file_of_their_own(
    small: OurShop, capsys: pytest.CaptureFixture[str]
) -> None:
    small.add_case(small.add_customer(), small.add_member(), "name_only")
    assert call(small, "export") == 0
    nothing, pairs = capsys.readouterr().out.splitlines()
    assert nothing == "No question waits for a reviewer."
    assert pairs.startswith("Pairs that share only the name and wait, too: 1.")
    assert call(small, "export", "--name-only") == 0
    assert "Pairs that share only the name" not in capsys.readouterr().out


def test_no_message_holds_anybodys_data(
    small: OurShop, case: str, capsys: pytest.CaptureFixture[str]
) -> None:
    call(small, "export")
    cells = fill(cells_of(newest(small)), {case: "山田花子"})
    cells[1][cells[0].index("ID")] = "山田花子"
    call(small, "import", str(save(small, cells)), "--apply")
    broken = Path(small.settings.folders.review_in / "broken.csv")
    broken.write_text("山田,花子\n", encoding="utf-8")
    assert call(small, "import", str(broken)) == 65
    said = capsys.readouterr()
    assert "山田" not in said.out + said.err
    assert "花子" not in said.out + said.err
