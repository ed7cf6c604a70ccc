"""Filled files: what spreadsheet programs make of them, and what must never be applied."""

from __future__ import annotations

from pathlib import Path

import pytest
from openpyxl import load_workbook

from eccube_sync.errors import BadInputError, Problem
from eccube_sync.services.review.answering import Answer, answer_case
from eccube_sync.services.review.file import decision_of
from eccube_sync.services.review.fromfile import (
    plan_review_import,
    put_away_decisions,
    waiting_review_files,
)
from eccube_sync.services.review.token import ALPHABET
from eccube_sync.tables import metadata
from eccube_sync.tables.cases import review_case, review_decision
from eccube_sync.tables.links import link
from eccube_sync.tables.runs import installation, run
from tests.review.files import SAVERS, exported, fill, newest, save, take_back
from tests.support.rows import OurShop


def tables_but_runs() -> list:
    return [table for table in metadata.sorted_tables if table not in (run, installation)]


@pytest.fixture
def three(small: OurShop) -> list[str]:
    """Three cases of three customers."""
    return [small.add_case(small.add_customer(), small.add_member()) for _number in range(3)]


@pytest.mark.parametrize("form", ["xlsx", "csv"])
def test_a_file_given_back_untouched_changes_nothing(ours: OurShop, form: str) -> None:
    for _number in range(2):
        ours.add_case(ours.add_customer(), ours.add_member())
    exported(ours, format=form)
    before = ours.snapshot(*tables_but_runs())
    result = take_back(ours, newest(ours))
    assert result.counts == {"decisions_undecided": 2}
    assert ours.snapshot(*tables_but_runs()) == before


def test_a_plan_writes_nothing_at_all(ours: OurShop) -> None:
    case = ours.add_case(ours.add_customer(), ours.add_member())
    path = save(ours, fill(exported(ours), {case: "同一"}))
    before = ours.snapshot(*metadata.sorted_tables)
    with ours.connect() as connection:
        plan = plan_review_import(ours.service, connection, path)
    assert plan.report().counts["decisions_same"] == 1
    assert ours.snapshot(*metadata.sorted_tables) == before


@pytest.mark.parametrize("how", SAVERS)
def test_files_are_read_however_they_were_saved(small: OurShop, three: list[str], how: str) -> None:
    cells = fill(exported(small), {three[0]: "同一", three[1]: "別人", three[2]: "保留"}, reviewer="髙橋﨑子")
    result = take_back(small, save(small, cells, how))
    assert result.counts | {"links_by_review": 1} == result.counts
    assert {row.public_id: row.state for row in small.rows(review_case)} == {
        three[0]: "same",
        three[1]: "different",
        three[2]: "hold",
    }
    assert {row.reviewer for row in small.rows(review_decision)} == {"髙橋﨑子"}


def test_our_own_workbook_is_read_after_it_was_filled_in_excel(small: OurShop, three: list[str]) -> None:
    exported(small, format="xlsx")
    workbook = load_workbook(newest(small))
    sheet = workbook.worksheets[0]
    for row in sheet.iter_rows(min_row=2):
        row[0].value = "別人"
    path = small.settings.folders.review_in / "filled.xlsx"
    workbook.save(path)
    assert take_back(small, path).counts == {"decisions_different": 3}


def test_rows_and_columns_may_stand_in_any_order_and_untouched_columns_may_be_gone(
    small: OurShop, three: list[str]
) -> None:
    cells = fill(exported(small), {three[0]: "別人", three[2]: "保留"})
    kept = ["Token", "Kana (store)", "ID", "Decision"]
    positions = [cells[0].index(title) for title in kept]
    header, *rows = [[row[position] for position in positions] for row in cells]
    blank = ["", "", "", ""]
    result = take_back(small, save(small, [blank, header, *reversed(rows), blank, blank]))
    assert result.counts == {"decisions_different": 1, "decisions_hold": 1, "decisions_undecided": 1}
    assert {row.reviewer for row in small.rows(review_decision)} == {"reviewer@shop"}


def test_the_japanese_headers_are_known_in_every_language(small: OurShop, three: list[str]) -> None:
    cells = fill(exported(small), {three[0]: "別人"}, reviewer="佐藤", note="住所が違う")
    cells[0][:5] = ["判定", "理由・メモ", "確認者", "ＩＤ", "トークン"]
    take_back(small, save(small, cells, "cp932"))
    decision = small.row(review_decision)
    assert (decision.decision, decision.reviewer, decision.note) == ("different", "佐藤", "住所が違う")


@pytest.mark.parametrize(
    ("word", "decision"),
    [
        ("同一", "same"), ("　同 一　", "same"), ("同じ", "same"), ("同一人物", "same"), ("Ｓａｍｅ", "same"),
        ("別人", "different"), ("別人。", "different"), ("DIFFERENT", "different"),
        ("保留", "hold"), ("later", "hold"), ("対応済み", "done"),
        ("○", None), ("×", None), ("たぶん同一", None), ("同一?", None), ("同一/別人", None),
    ],
)  # fmt: skip
def test_only_words_that_say_it_clearly_are_decisions(word: str, decision: str | None) -> None:
    assert decision_of(word) == decision


def test_a_word_nobody_knows_is_refused_with_its_line(small: OurShop, three: list[str]) -> None:
    result = take_back(small, save(small, fill(exported(small), {three[0]: "○", three[1]: "別人"})))
    assert set(result.refused) == {three[0]}
    assert result.report.listings[0].rows[0][0] == 2
    assert result.report.needs_person == 1


def test_the_id_is_read_in_full_width_and_small_letters(small: OurShop, three: list[str]) -> None:
    cells = fill(exported(small), {three[0]: "別人"})
    at = cells[0].index("ID")
    wide = {ord(sign): ord(sign) + 0xFEE0 for sign in "R-" + ALPHABET}
    for row in cells[1:]:
        row[at] = f" {row[at].lower()} " if row[at] != three[0] else row[at].translate(wide)
    assert take_back(small, save(small, cells)).refused == {}


def test_a_file_can_be_answered_in_several_sittings(small: OurShop) -> None:
    first, second = (small.add_case(small.add_customer(), small.add_member()) for _number in range(2))
    cells = exported(small)
    take_back(small, save(small, fill(cells, {first: "別人"})))
    result = take_back(small, save(small, fill(cells, {first: "別人", second: "同一"})))
    assert result.counts == {
        "decisions_known": 1,
        "decisions_same": 1,
        "links_by_review": 1,
        "became_store": 1,
    }


def test_a_case_that_does_not_exist_is_refused_and_what_is_no_id_is_not_repeated(
    small: OurShop, three: list[str]
) -> None:
    cells = fill(exported(small), dict.fromkeys(three, "同一"))
    at = cells[0].index("ID")
    cells[1][at], cells[2][at] = "R-999999", "山田花子"
    result = take_back(small, save(small, cells))
    assert set(result.refused) == {"R-999999", ""}


def test_a_file_that_answers_one_case_in_two_ways_is_refused_whole_and_names_the_rows(
    small: OurShop, three: list[str]
) -> None:
    cells = fill(exported(small), dict.fromkeys(three, "別人"))
    contradicting = ["同一", *cells[1][1:]]
    with pytest.raises(BadInputError, match="1 questions in more than one way") as refused:
        take_back(small, save(small, [*cells, contradicting]))
    case = contradicting[cells[0].index("ID")]
    assert refused.value.problems == (
        Problem(f"{case}: Different people", line=2),
        Problem(f"{case}: Same person", line=5),
    )
    assert small.rows(review_decision) == []


def test_a_row_that_is_there_twice_is_one_answer(small: OurShop, three: list[str]) -> None:
    cells = fill(exported(small), dict.fromkeys(three, "別人"))
    assert take_back(small, save(small, [*cells, cells[2]])).counts == {"decisions_different": 3}


def test_a_row_that_is_refused_anyway_contradicts_none(small: OurShop, three: list[str]) -> None:
    cells = fill(exported(small), {three[0]: "別人"})
    forged = ["同一", *cells[1][1:]]
    forged[cells[0].index("Token")] = "1-AAAA-BBBB"
    forged[cells[0].index("ID")] = three[0]
    result = take_back(small, save(small, [*cells, forged]))
    assert result.counts["decisions_different"] == 1
    assert set(result.refused) == {three[0]}


def test_one_customer_cannot_be_two_members_of_one_store(small: OurShop) -> None:
    customer = small.add_customer()
    cases = [small.add_case(customer, small.add_member()) for _number in range(2)]
    result = take_back(small, save(small, fill(exported(small), dict.fromkeys(cases, "同一"))))
    assert set(result.refused) == set(cases)
    assert small.rows(link) == []


def test_one_member_cannot_be_two_customers(small: OurShop) -> None:
    member = small.add_member()
    cases = [small.add_case(small.add_customer(), member) for _number in range(2)]
    assert set(
        take_back(small, save(small, fill(exported(small), dict.fromkeys(cases, "同一")))).refused
    ) == set(cases)


def test_what_was_decided_otherwise_before_stays(small: OurShop) -> None:
    case = small.add_case(small.add_customer(), small.add_member())
    cells = exported(small)
    take_back(small, save(small, fill(cells, {case: "別人"})))
    assert set(take_back(small, save(small, fill(cells, {case: "同一"}))).refused) == {case}
    assert small.rows(link) == []


def test_a_formula_in_an_answer_is_refused(small: OurShop, three: list[str]) -> None:
    exported(small, format="xlsx")
    workbook = load_workbook(newest(small))
    sheet = workbook.worksheets[0]
    sheet["A2"], sheet["A3"] = '="同一"', "別人"
    path = small.settings.folders.review_in / "f.xlsx"
    workbook.save(path)
    result = take_back(small, path)
    assert result.counts == {"decisions_different": 1, "decisions_refused": 1, "decisions_undecided": 1}
    assert "formula" in result.report.listings[0].rows[0][2]


def test_a_memo_may_have_several_lines(small: OurShop, three: list[str]) -> None:
    take_back(small, save(small, fill(exported(small), {three[0]: "別人"}, note="一行目\n二行目")))
    assert small.row(review_decision).note == "一行目\n二行目"


def test_the_named_reviewer_stands_where_the_file_names_nobody(small: OurShop, three: list[str]) -> None:
    cells = fill(exported(small), {three[0]: "別人"})
    take_back(small, save(small, fill(cells, {three[1]: "別人"}, reviewer="鈴木")), reviewer="店長")
    assert [row.reviewer for row in small.rows(review_decision)] in (["店長", "鈴木"], ["鈴木", "店長"])


@pytest.mark.parametrize("name", ["x.csv", "x.xlsx"])
@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"name,phone\r\na,b\r\n",
        b"PK\x03\x04broken",
        b"\xd0\xcf\x11\xe0old",
        bytes(range(128, 256)),
        b"\x00",
    ],
)
def test_what_is_no_review_file_changes_nothing_and_says_so(
    small: OurShop, name: str, content: bytes
) -> None:
    small.add_case(small.add_customer(), small.add_member())
    exported(small)
    path = small.settings.folders.review_in / name
    path.write_bytes(content)
    with pytest.raises(BadInputError), small.connect() as connection:
        plan_review_import(small.service, connection, path)


def test_an_imported_file_is_put_away_where_nobody_else_can_read_it(small: OurShop, three: list[str]) -> None:
    cells = exported(small)
    gone: list[Path] = []
    for _night in range(2):
        path = save(small, cells)
        path.chmod(0o644)
        (path.parent / "~$b.xlsx").write_bytes(b"lock")
        assert waiting_review_files(small.settings) == [path]
        gone.append(put_away_decisions(small.settings, path, small.clock.now()))
        assert waiting_review_files(small.settings) == []
    assert len({*gone}) == 2
    assert {path.parent.name for path in gone} == {"done"}
    assert {path.stat().st_mode & 0o777 for path in gone} == {0o600}


def test_an_answer_to_an_older_version_is_refused_by_the_service_itself(
    small: OurShop, three: list[str]
) -> None:
    from eccube_sync.services.review.answering import AnswerRefusedError

    case = small.row(review_case, public_id=three[0])
    small.raise_version(three[0])
    with pytest.raises(AnswerRefusedError, match="stale"):
        small.apply(lambda run: run.transaction(lambda: answer_case(run, Answer(case.id, 1, "same", "佐藤"))))
