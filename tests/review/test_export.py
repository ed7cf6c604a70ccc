"""What stands in a review file, in which order, and where it may lie."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from openpyxl import load_workbook

from eccube_sync.errors import UsageError
from eccube_sync.i18n import set_language
from eccube_sync.services.review.export import export_new_cases
from eccube_sync.services.review.rows import domestic
from eccube_sync.tables.cases import review_case, review_export
from tests.review.files import cells_of, column, decide, export, exported, newest, take_back
from tests.support.rows import OurShop, our_shop
from tests.support.shop import Shop

RECENTLY = datetime(2026, 3, 1, tzinfo=UTC)
LONG_AGO = datetime(2025, 4, 9, tzinfo=UTC)


def test_both_sides_stand_side_by_side_unmasked_with_the_reasons_in_words(ours: OurShop) -> None:
    customer = ours.add_customer(
        name01="髙橋", name02="花子", phone_number="09012345678", postal_code="0600001"
    )
    ours.eccube.add_order(1, RECENTLY)
    ours.add_branch("12", "駅前店")
    member = ours.add_member(
        code="0000123",
        family_name="高橋",
        phone="0312345678",
        mobile="090-1234-5678",
        postal_code="060-0001",
        address="大阪府大阪市北区梅田２－４－９",
        emails="a@example.com\nb@example.com",
        store_code="12",
        rank_name="ゴールド",
        end_date=date(2026, 9, 30),
        status="lost",
    )
    ours.add_case(customer, member, probability=0.8125)
    header, row = exported(ours)
    shown = dict(zip(header, row, strict=True))
    assert shown["Name (web shop)"] == "髙橋 花子"
    assert shown["Name (store)"] == "高橋 花子"
    assert shown["Phone (web shop)"] == "09012345678"
    assert shown["Phone (store)"] == "0312345678 / 090-1234-5678"
    assert shown["Postal code (web shop)"] == "0600001"
    assert shown["E-mail (store)"] == "a@example.com / b@example.com"
    assert shown["Birth date (web shop)"] == "1985-04-05"
    assert shown["Member code (store)"] == "0000123"
    assert shown["End date (store)"] == "2026-09-30"
    assert shown["Status (store)"] == "card lost"
    assert shown["Rank (store)"] == "ゴールド"
    assert shown["Branch (store)"] == "本店 駅前店"
    assert shown["EC-CUBE customer ID (web shop)"] == "1"
    assert shown["Orders in the last 365 days (web shop)"] == "1"
    assert shown["What differs"] == "Name, E-mail"
    assert shown["What speaks for and against it"] == "Same family name; different birth date."
    assert shown["Probability"] == "81.2%"
    assert shown["Question"] == "Are these the same person?"


def test_customers_with_most_orders_come_first_and_their_candidates_stand_together(ours: OurShop) -> None:
    buyer, other, third = (ours.add_customer() for _number in range(3))
    for _order in range(2):
        ours.eccube.add_order(1, RECENTLY)
    for _order in range(5):
        ours.eccube.add_order(2, LONG_AGO)
    low = ours.add_case(buyer, ours.add_member(), probability=0.3)
    sure = ours.add_case(third, ours.add_member(), probability=0.9)
    between = ours.add_case(other, ours.add_member(), probability=0.8)
    high = ours.add_case(buyer, ours.add_member(), probability=0.4)
    missing = ours.add_case(None, ours.add_member(), "missing_member", probability=None)
    assert column(exported(ours), "ID") == [high, low, sure, between, missing]


def test_a_limit_leaves_no_customer_with_half_of_the_candidates(small: OurShop) -> None:
    customer = small.add_customer()
    first = [small.add_case(customer, small.add_member(), probability=0.9) for _number in range(2)]
    other = small.add_customer()
    second = [small.add_case(other, small.add_member(), probability=0.5) for _number in range(2)]
    report = export(small, limit=3)
    assert (report.counts["cases_exported"], report.counts["cases_left"]) == (2, 2)
    assert column(cells_of(newest(small)), "ID") == first
    assert len(column(exported(small, limit=1), "ID")) == 2
    assert column(exported(small, limit=4), "ID") == first + second


def test_pairs_that_share_only_a_name_have_a_file_of_their_own(small: OurShop) -> None:
    normal = small.add_case(small.add_customer(), small.add_member())
    name_only = small.add_case(small.add_customer(), small.add_member(), "name_only")
    assert column(exported(small), "ID") == [normal]
    assert column(exported(small, name_only=True), "ID") == [name_only]


def test_a_night_writes_a_file_when_something_new_waits_and_what_was_left_open_comes_back_in_it(
    ours: OurShop,
) -> None:
    first = ours.add_case(ours.add_customer(), ours.add_member())
    second = ours.add_case(ours.add_customer(), ours.add_member())

    def night() -> list[str]:
        before = set(ours.settings.folders.review_out.iterdir())
        ours.apply(export_new_cases)
        (made,) = set(ours.settings.folders.review_out.iterdir()) - before or {None}
        return column(cells_of(made), "ID") if made else []

    assert night() == [first, second]
    assert night() == []
    assert len(ours.rows(review_export)) == 1
    ours.raise_version(second)
    third = ours.add_case(ours.add_customer(), ours.add_member())
    assert night() == [first, second, third]
    decide(ours, {first: "保留", third: "別人"})
    assert night() == []
    ours.clock.advance(timedelta(days=30))
    assert night() == [first, second]


def test_a_night_writes_again_what_still_waits_when_the_files_were_deleted_as_too_old(small: OurShop) -> None:
    case = small.add_case(small.add_customer(), small.add_member())
    small.apply(export_new_cases)
    assert "cases_exported" not in small.apply(export_new_cases).counts
    newest(small).unlink()
    export(small, format="html")
    export(small, name_only=True)
    small.apply(export_new_cases)
    assert column(cells_of(newest(small)), "ID") == [case]


def test_with_more_questions_than_a_file_holds_the_next_come_when_some_were_answered(small: OurShop) -> None:
    cases = [small.add_case(small.add_customer(), small.add_member()) for _number in range(3)]
    review = small.settings.review.model_copy(update={"limit": 2})
    small.service = replace(small.service, settings=small.settings.model_copy(update={"review": review}))
    small.apply(export_new_cases)
    assert column(cells_of(newest(small)), "ID") == cases[:2]
    assert "cases_exported" not in small.apply(export_new_cases).counts
    decide(small, {cases[0]: "別人"})
    small.apply(export_new_cases)
    assert column(cells_of(newest(small)), "ID") == cases[1:]


def test_what_is_answered_or_closed_is_not_asked_again(small: OurShop) -> None:
    for state in ("same", "different", "closed"):
        small.add_case(small.add_customer(), small.add_member(), state=state)
    assert "cases_exported" not in export(small).counts
    assert list(small.settings.folders.review_out.iterdir()) == []


def test_nobody_else_is_shown_for_a_customer_whose_id_was_given_away(small: OurShop) -> None:
    before = small.add_customer(created_at=datetime(2020, 1, 1, tzinfo=UTC))
    small.eccube.execute("UPDATE dtb_customer SET create_date = '2026-01-01 00:00:00'")
    gone = small.add_customer(current=None, name01="佐藤")
    vanished = small.add_customer()
    small.eccube.execute("DELETE FROM dtb_customer WHERE id = 3")
    for customer in (before, gone, vanished):
        small.add_case(customer, None, "identity_changed")
    cells = exported(small)
    assert column(cells, "Name (web shop)") == ["", "", ""]
    assert sorted(column(cells, "EC-CUBE customer ID (web shop)")) == ["1", "2", "3"]


def test_a_member_without_information_differs_in_nothing(small: OurShop) -> None:
    empty = dict.fromkeys(("family_name", "given_name", "family_kana", "given_kana", "address", "phone"), "")
    member = small.add_member(full_name="山田花子", postal_code="", birth_date=None, unlimited=True, **empty)
    small.add_case(small.add_customer(), member, reasons=())
    cells = exported(small)
    assert column(cells, "Name (store)") == ["山田花子"]
    assert column(cells, "What differs") == [""]
    assert column(cells, "What speaks for and against it") == [""]
    assert column(cells, "End date (store)") == ["no end"]


# --- the workbook ------------------------------------------------------------------------------------------


def test_the_workbook_can_be_filled_in_and_nothing_else_can_be_changed(small: OurShop) -> None:
    member = small.add_member(phone="0699999999")
    small.add_case(small.add_customer(), member)
    small.add_case(None, member, "missing_member")
    export(small, format="xlsx")
    workbook = load_workbook(newest(small))
    sheet, how_to = workbook.worksheets
    assert sheet.protection.sheet
    assert not sheet.protection.password
    assert sheet.freeze_panes == "E2"
    assert sheet.auto_filter.ref == "A1:AD3"
    unlocked = {
        cell.column_letter for row in sheet.iter_rows(min_row=2) for cell in row if not cell.protection.locked
    }
    assert unlocked == {"A", "B", "C"}
    assert {cell.number_format for row in sheet.iter_rows() for cell in row} == {"@"}
    assert {cell.data_type for row in sheet.iter_rows() for cell in row if cell.value is not None} == {"s"}
    offered = {str(rule.sqref): rule.formula1 for rule in sheet.data_validations.dataValidation}
    assert offered == {"A2": '"Same person,Different people,Later"', "A3": '"Dealt with,Later"'}
    titles = {cell.value: cell.column_letter for cell in sheet[1]}
    coloured = {cell.column_letter for cell in sheet[2] if cell.fill.fgColor.rgb == "FFFFD9B3"}
    assert coloured == {titles["Phone (web shop)"], titles["Phone (store)"]}
    assert "30 days" in " ".join(str(row[0].value) for row in how_to.iter_rows())


@pytest.mark.parametrize("read_in", ["ja", "en"])
def test_a_file_written_in_japanese_is_read_in_any_language(small: OurShop, read_in: str) -> None:
    case = small.add_case(small.add_customer(), small.add_member())
    set_language("ja")
    try:
        export(small, format="xlsx")
        workbook = load_workbook(newest(small))
        sheet = workbook.worksheets[0]
        (offered,) = sheet.data_validations.dataValidation
        sheet["A2"] = offered.formula1.strip('"').split(",")[1]
        workbook.save(small.settings.folders.review_in / "filled.xlsx")
        set_language(read_in)
        assert take_back(small, small.settings.folders.review_in / "filled.xlsx").refused == {}
    finally:
        set_language("en")
    assert small.row(review_case, public_id=case).state == "different"


# --- CSV ------------------------------------------------------------------------------------------------------


def test_a_csv_is_utf8_with_a_mark_unless_cp932_is_asked_for(small: OurShop) -> None:
    small.add_case(small.add_customer(), small.add_member())
    export(small, format="csv")
    assert newest(small).read_bytes().startswith(b"\xef\xbb\xbf")
    small.clock.advance(timedelta(minutes=1))
    assert export(small, format="csv", encoding="cp932").listings == []
    assert "山田 花子" in newest(small).read_bytes().decode("cp932")


def test_what_cp932_cannot_hold_is_listed_by_case_and_column_and_never_lost_in_silence(
    small: OurShop,
) -> None:
    fine = small.add_case(small.add_customer(name01="髙﨑"), small.add_member())
    rare = small.add_case(small.add_customer(name01="𠮷田"), small.add_member(address="大阪府😀"))
    report = export(small, format="csv", encoding="cp932")
    listed = {(row[0], row[1], row[2], row[3]) for row in report.listings[0].rows}
    assert listed == {
        (rare, "Name (web shop)", "U+20BB7", "〓"),
        (rare, "Address (store)", "U+1F600", "〓"),
    }
    text = newest(small).read_bytes().decode("cp932")
    assert "髙﨑" in text
    assert "〓田 花子" in text
    assert fine in text


# --- where it lies ---------------------------------------------------------------------------------------------


@pytest.fixture
def open_umask() -> Iterator[None]:
    before = os.umask(0)
    yield
    os.umask(before)


@pytest.mark.usefixtures("open_umask")
def test_nobody_else_can_read_what_is_written(sqlite_shop: Shop, tmp_path: Path) -> None:
    with our_shop(sqlite_shop, tmp_path / "state") as ours:
        ours.add_case(ours.add_customer(), ours.add_member())
        export(ours, format="xlsx")
        export(ours, format="csv")
        named = tmp_path / "named.xlsx"
        export(ours, output=named)
        written = [
            *ours.settings.folders.review_out.iterdir(),
            ours.settings.folders.secrets / "review.key",
            named,
        ]
        assert len(written) == 4
        assert {path.stat().st_mode & 0o777 for path in written} == {0o600}
        assert {path.parent.stat().st_mode & 0o777 for path in written[:3]} == {0o700}


def test_a_file_is_refused_below_a_web_root_and_never_written_over_answers(
    small: OurShop, tmp_path: Path
) -> None:
    small.add_case(small.add_customer(), small.add_member())
    (tmp_path / "public_html").mkdir()
    standing = tmp_path / "answers.xlsx"
    standing.write_bytes(b"answers")
    for output in (tmp_path / "public_html" / "a.xlsx", standing, tmp_path / "nowhere" / "a.xlsx"):
        with pytest.raises(UsageError):
            export(small, output=output)
    assert standing.read_bytes() == b"answers"
    assert small.rows(review_export) == []


def test_the_name_of_the_file_decides_its_format(small: OurShop, tmp_path: Path) -> None:
    small.add_case(small.add_customer(), small.add_member())
    export(small, output=tmp_path / "a.csv")
    assert (tmp_path / "a.csv").read_bytes().startswith(b"\xef\xbb\xbf")
    export(small, output=tmp_path / "a.xlsx")
    assert (tmp_path / "a.xlsx").read_bytes().startswith(b"PK")


def test_old_review_files_are_deleted_by_the_next_export(small: OurShop) -> None:
    folders = small.settings.folders
    (folders.review_in / "done").mkdir()
    now = small.clock.now().timestamp()
    kept, waiting = folders.review_out / "kept.xlsx", folders.review_in / "waiting.xlsx"
    gone, read = folders.review_out / "gone.xlsx", folders.review_in / "done" / "read.xlsx"
    for path, days in ((kept, 29), (waiting, 99), (gone, 31), (read, 31)):
        path.touch()
        os.utime(path, (now - days * 86400,) * 2)
    assert export(small).counts["review_files_purged"] == 2
    assert [path.exists() for path in (kept, waiting, gone, read)] == [True, True, False, False]


def test_a_failed_write_leaves_no_file_and_no_trace_of_an_export(
    small: OurShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    small.add_case(small.add_customer(), small.add_member())

    def full(*_arguments: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("eccube_sync.services.review.export.write_workbook", full)
    with pytest.raises(OSError, match="No space"):
        export(small, format="xlsx")
    assert list(small.settings.folders.review_out.iterdir()) == []
    assert small.rows(review_export) == []
    monkeypatch.undo()
    assert small.apply(export_new_cases).counts["cases_exported"] == 1
    assert small.row(review_case).state == "open"


def test_a_phone_is_written_as_it_is_dialled_in_japan() -> None:
    assert domestic("+81 90-1234-5678") == "090-1234-5678"
    assert domestic("+81(0)312345678") == "0312345678"
    assert domestic("＋８１３１２３４５６７８").startswith("0")
    assert domestic("0312345678") == "0312345678"
