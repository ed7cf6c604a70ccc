"""Finding people as somebody on the phone types: any width, hyphens, kana, part of a name."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from eccube_sync.tables.cases import review_case
from eccube_sync.tables.members import member as member_table
from tests.members.exports import CONFIGURATION
from tests.members.terminal import Terminal
from tests.support.rows import our_shop
from tests.support.shop import Shop

HANAKO = {
    "name01": "髙橋", "name02": "花子", "kana01": "タカハシ", "kana02": "ハナコ",
    "phone_number": "09013572468", "email": "Hanako.T@example.com",
}  # fmt: skip
IN_STORE = {
    "family_name": "髙橋", "given_name": "花子", "family_kana": "ﾀｶﾊｼ", "given_kana": "ﾊﾅｺ",
    "phone": "06-6345-1111", "mobile": "090-1357-2468", "emails": "hanako.t@example.com",
}  # fmt: skip
SATO = {
    "family_name": "佐藤", "given_name": "二郎", "family_kana": "サトウ", "given_kana": "ジロウ",
    "phone": "03-9999-0000",
}  # fmt: skip
CARD = "2900000000017"


def fill(shop: Shop, folder: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[Terminal]:
    """A terminal in a shop where Takahashi Hanako is customer and member, and others are not."""
    with our_shop(shop, folder, CONFIGURATION) as ours:
        ours.add_customer(**HANAKO)
        ours.add_customer(
            name01="鈴木", name02="一郎", kana01="スズキ", kana02="イチロウ", phone_number="0312340000"
        )
        ours.add_member(code=CARD, **IN_STORE)
        ours.add_member(code="2900000000024", **SATO)
        terminal = Terminal(ours, folder, capsys)
        assert terminal.run("classify", "--apply") == 0, terminal.errors
        yield terminal


@pytest.fixture
def at(shop: Shop, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[Terminal]:
    """Once on SQLite, once on MariaDB."""
    yield from fill(shop, tmp_path, capsys)


@pytest.fixture
def small(sqlite_shop: Shop, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[Terminal]:
    """On SQLite, where the engine makes no difference."""
    yield from fill(sqlite_shop, tmp_path, capsys)


def found(terminal: Terminal, *typed: str) -> tuple[list[int], list[str]]:
    """EC-CUBE ids and member codes."""
    report = terminal.json("customers", "find", *typed)
    customers, members = (one["rows"] for one in report["listings"] or [{"rows": []}] * 2)
    return [row[0] for row in customers], [row[0] for row in members]


FORMS = (
    "090-1357-2468", "09013572468", "０９０ー１３５７ー２４６８", "+81 90 1357 2468", "(090)1357.2468", "2468",
    "13572468",
    "hanako.t@example.com", "ＨＡＮＡＫＯ．Ｔ＠example.com", "hanako.t@",
    "髙橋", "高橋", "高橋花子", "高橋 花子", "高橋　花子様", "花子 高橋", "橋花",
    "たかはし", "タカハシ", "ﾀｶﾊｼ", "takahashi", "たかはし はなこ", "はなこ",
)  # fmt: skip


def test_every_form_finds_the_customer_and_the_member(at: Terminal) -> None:
    for typed in FORMS:
        assert found(at, typed) == ([1], [CARD]), typed


def test_a_card_or_an_id_finds_its_owner_and_the_other_side_is_named(at: Terminal) -> None:
    for typed in (CARD, "2900-0000-00017", "２９０００００００００１７"):
        assert found(at, typed)[1] == [CARD], typed
    assert found(at, "2")[0] == [2]
    report = at.json("customers", "find", "高橋")
    (customer,), (member,) = (one["rows"] for one in report["listings"])
    assert customer[6:] == ["full", "store", CARD]
    assert member[-1] == "1"


def test_a_customer_nobody_classified_and_one_who_withdrew_are_found(small: Terminal) -> None:
    small.ours.eccube.add_customer(id=77, name01="新規", kana01="シンキ", phone_number="08000001111")
    small.ours.eccube.add_customer(id=78, name01="退会", status=3)
    assert found(small, "080-0000-1111") == ([77], [])
    assert found(small, "しんき") == ([77], [])
    report = small.json("customers", "find", "退会")
    assert report["listings"][0]["rows"][0][6] == "withdrawn"


def test_people_are_masked_unless_asked(small: Terminal) -> None:
    assert small.run("customers", "find", "高橋") == 0
    for secret in ("花子", "ハナコ", "09013572468", "1357-2468", "anako.", "04-05"):
        assert secret not in small.output
    for shown in ("髙＊ 花＊", "＊2468", "H＊@example.com", "1985＊"):
        assert shown in small.output
    assert small.run("customers", "find", "高橋", "--unmasked") == 0
    for shown in ("髙橋 花子", "09013572468", "Hanako.T@example.com", "1985-04-05"):
        assert shown in small.output
    assert small.run("--config", "x", "customers", "find", "高橋", "--json") == 0
    assert "花子" not in small.output


def test_signs_of_patterns_are_taken_as_they_are(at: Terminal) -> None:
    for typed in ("%", "_", "!", "橋%", "a%@example.com", "' OR 1=1 --"):
        assert found(at, typed) == ([], []), typed
    assert at.run("customers", "find", " - ") == 64
    assert "Type a phone number" in at.errors


def test_many_people_are_cut_off_and_it_says_so(small: Terminal) -> None:
    for number in range(25):
        small.ours.eccube.add_customer(id=100 + number, name01="田中", name02="実")
    report = small.json("customers", "find", "田中")
    assert len(report["listings"][0]["rows"]) == 20
    assert "customers 25" in report["headline"]
    assert "first 20" in report["notes"][0]


def test_nobody_is_said_to_be_found(small: Terminal) -> None:
    assert small.run("customers", "find", "存在しない") == 0
    assert "Nobody was found." in small.output


def test_the_nearest_members_of_a_customer_without_a_link_say_what_is_missing(small: Terminal) -> None:
    names = {"name01": "佐藤", "name02": "二郎", "kana01": "サトウ", "kana02": "ジロウ"}
    small.ours.eccube.add_customer(phone_number="08077776666", birth_date=date(1999, 1, 2), **names)
    assert small.run("classify", "--apply") == 0, small.errors
    report = small.json("customers", "show", "3")
    (row,) = small.listing(report, "Nearest members")
    assert row[0] == "2900000000024"
    assert row[2] == "佐＊ 二＊"
    missing, step = row[-2:]
    assert missing.startswith("Birth date: differs, Phone: differs")
    assert "link code" in step or "Answer case" in step
    assert any("customers link 3" in note for note in report["notes"])
    assert small.run("customers", "show", "3", "--unmasked") == 0
    assert "03-9999-0000" in small.output


def test_the_next_step_names_the_file_in_which_the_question_stands(small: Terminal) -> None:
    names = {"name01": "佐藤", "name02": "二郎", "kana01": "サトウ", "kana02": "ジロウ"}
    elsewhere = {"postal_code": "6008216", "pref_id": 26, "addr01": "京都市下京区", "addr02": "1-2"}
    small.ours.eccube.add_customer(phone_number="08077776666", birth_date=None, **names, **elsewhere)
    assert small.run("classify", "--apply") == 0, small.errors

    def next_step() -> str:
        (row,) = small.listing(small.json("customers", "show", "3"), "Nearest members")
        return str(row[-1])

    (_hanako, member) = small.ours.rows(member_table)
    (case,) = small.ours.rows(review_case)
    assert case.kind == "name_only"
    assert next_step() == (
        f"Answer case {case.public_id} in the review file (eccube-sync review export --name-only)."
    )
    assert small.run("customers", "link", "3", member.store_key, "--reason", "x", "--apply") == 0
    assert small.run("customers", "unlink", "3", "--reason", "x", "--apply") == 0
    assert next_step().endswith(f"eccube-sync review reopen {case.public_id} --reason …")
    assert small.run("review", "reopen", case.public_id, "--reason", "x", "--apply") == 0
    assert "eccube-sync review export --name-only" in small.output


def test_nothing_is_to_be_done_for_an_account_that_was_withdrawn(small: Terminal) -> None:
    small.ours.eccube.add_customer(**HANAKO, status=3)
    assert small.run("classify", "--apply") == 0, small.errors
    assert small.run("customers", "unlink", "1", "--reason", "x", "--apply") == 0
    nearest = small.listing(small.json("customers", "show", "3"), "Nearest members")
    assert nearest[0][-1] == "None: the account was withdrawn."
