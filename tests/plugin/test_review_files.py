"""The review file leaves through the plugin and comes back filled in: no one needs access to the server for it."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook
from sqlalchemy import select

from eccube_sync.tables.cases import review_case, review_decision
from eccube_sync.tables.inbox import inbox_row
from eccube_sync.tables.links import link
from eccube_sync.tables.runs import journal, run
from tests.plugin.shopside import Plugin
from tests.plugin.tables import CARD
from tests.plugin.test_inbox import new_customer, plugin, small  # noqa: F401 - a shop after its first night

Answer = dict[str, Any]


def doubtful(plugin: Plugin) -> tuple[int, str]:  # noqa: F811
    """A customer who may be a member but for the birth date; EC-CUBE's id, and the question about them."""
    shop = plugin.shop
    eccube_id = new_customer(shop)
    shop.eccube.execute(
        f"UPDATE dtb_customer SET birth = '1931-01-01 15:00:00', phone_number = NULL WHERE id = {eccube_id}"
    )
    assert shop.run("-q", "inbox") == 0
    (case,) = shop.rows(select(review_case))
    return eccube_id, case.public_id


def download(plugin: Plugin) -> tuple[Answer, Path | None]:  # noqa: F811
    """Ask for the review file as the admin page does; the answer, and the file put together of its parts."""
    row_key = plugin.put("download", None, what="review", actor="tanaka", permission="owner")
    assert plugin.shop.run("-q", "inbox") == 0
    answer = plugin.answer(row_key)
    assert answer is not None
    if answer["file"] is None:
        return answer, None
    parts = [plugin.opened(f"part:{row_key}:{one + 1}") for one in range(answer["file"]["parts"])]
    path = plugin.shop.folder / answer["file"]["name"]
    path.write_bytes(b"".join(parts))
    assert path.stat().st_size == answer["file"]["size"]
    return answer, path


def fill(path: Path, decision: str) -> bytes:
    """The file with one decision in every row."""
    workbook = load_workbook(path)
    for row in workbook.worksheets[0].iter_rows(min_row=2):
        row[0].value = decision
    workbook.save(path)
    return path.read_bytes()


def test_the_review_file_leaves_sealed_in_the_admins_name_and_nothing_of_it_stays(
    small: Plugin,  # noqa: F811
) -> None:
    shop = small.shop
    _eccube_id, case = doubtful(small)
    before = {path for path in shop.folder.rglob("*") if path.is_file()}
    answer, path = download(small)
    assert path is not None and answer["state"] == "done"
    assert str(shop.folder) not in json.dumps(answer)
    cells = [[str(cell) for cell in row] for row in load_workbook(path).worksheets[0].values]
    assert [row[cells[0].index("ID")] for row in cells[1:]] == [case]
    (shown,) = shop.eccube.rows(f"SELECT sealed FROM {CARD} WHERE kind = 'part'")
    assert path.read_bytes() not in base64.b64decode(shown[0])
    exports = select(run.c.command, inbox_row.c.actor).join(inbox_row, inbox_row.c.run_id == run.c.id)
    logged = exports.join(journal, journal.c.run_id == run.c.id).where(journal.c.subject == "export")
    assert shop.rows(logged) == [("inbox", "tanaka (owner)")]
    left = {one for one in shop.folder.rglob("*") if one.is_file()} - before - {path}
    assert [one for one in left if one.suffix == ".xlsx"] == []


def test_where_no_question_waits_no_file_is_made(small: Plugin) -> None:  # noqa: F811
    answer, path = download(small)
    assert (answer["state"], path) == ("done", None)


def test_a_filled_file_is_uploaded_and_the_answers_count_at_once(plugin: Plugin) -> None:  # noqa: F811
    shop = plugin.shop
    eccube_id, case = doubtful(plugin)
    _answer, path = download(plugin)
    assert path is not None
    row_key = plugin.upload("decisions", "answers.xlsx", fill(path, "Same person"))
    assert shop.run("-q", "inbox") == 0
    answer = plugin.answer(row_key)
    assert answer is not None and answer["state"] == "done", answer
    assert answer["counts"]["decisions_same"] == 1
    assert str(shop.folder) not in json.dumps(answer)
    (decided,) = shop.rows(select(review_case.c.public_id, review_case.c.state, review_case.c.decided_by))
    assert tuple(decided) == (case, "same", "tanaka")
    (made,) = shop.rows(select(link).where(link.c.method == "review"))
    assert made.active == 1
    assert plugin.membership_class(eccube_id) == "store"
    assert list(shop.settings().folders.review_in.glob("*.xlsx")) == []


@pytest.mark.parametrize("content", [b"no workbook", b"ID,Decision\r\nR-AAAAAA,Same person\r\n"])
def test_a_file_that_is_no_answer_to_a_review_file_is_refused_and_not_kept(
    small: Plugin,  # noqa: F811
    content: bytes,
) -> None:
    shop = small.shop
    doubtful(small)
    row_key = small.upload("decisions", "answers.xlsx", content)
    assert shop.run("-q", "inbox") == 0
    answer = small.answer(row_key)
    assert answer is not None
    assert answer["state"] == "refused" and answer["text"]
    assert str(shop.folder) not in answer["text"]
    assert shop.count(review_decision) == 0
    assert list(shop.settings().folders.review_in.iterdir()) == []


def test_a_file_that_contradicts_itself_is_refused_row_by_row_and_not_kept(small: Plugin) -> None:  # noqa: F811
    shop = small.shop
    _eccube_id, case = doubtful(small)
    _answer, path = download(small)
    assert path is not None
    book = load_workbook(path)
    sheet = book.worksheets[0]
    sheet["A2"] = "Same person"
    sheet.append(["Different people", *(cell.value for cell in sheet[2][1:])])
    book.save(path)
    row_key = small.upload("decisions", "answers.xlsx", path.read_bytes())
    assert shop.run("-q", "inbox") == 0
    answer = small.answer(row_key)
    assert answer is not None and answer["state"] == "refused"
    assert answer["text"].splitlines()[1:] == [
        f"line 2: {case}: Same person",
        f"line {sheet.max_row}: {case}: Different people",
    ]
    assert shop.count(review_decision) == 0
    assert list(shop.settings().folders.review_in.iterdir()) == []
