"""Taking over the links a shop has already."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from eccube_sync.services.links.linkimportjudging import SHOWN
from eccube_sync.tables.customers import customer
from eccube_sync.tables.links import link
from eccube_sync.tables.notices import notice
from eccube_sync.tables.runs import run as run_table
from tests.members.terminal import Terminal
from tests.support.rows import our_shop
from tests.support.shop import Shop
from tests.undo.story import AOKI, BABA, CHIBA, CONFIGURATION, DOI, Story


@pytest.fixture
def at(story: Story, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Terminal:
    """A terminal in the shop of the story: Aoki and Baba are linked by matching."""
    return Terminal(story.ours, tmp_path, capsys)


def write(terminal: Terminal, *lines: tuple[object, ...], header: str = "customer_id,member_code") -> str:
    path = terminal.folder / "links.csv"
    path.write_text("\n".join([header, *(",".join(map(str, one)) for one in lines)]) + "\n", encoding="cp932")
    return str(path)


def refused(terminal: Terminal, path: str) -> dict[int, str]:
    """Line → why it would not be carried out."""
    terminal.run("links", "import", path, "--json")
    report = json.loads(terminal.output)
    return {row[0]: row[3] for row in terminal.listing(report, "Lines not applied")}


def test_links_are_taken_over_confirm_guesses_mail_nobody_and_are_undone(story: Story, at: Terminal) -> None:
    ours = story.ours
    story.night(AOKI, BABA, DOI)
    somebody = ours.eccube.add_customer(name01="長谷", kana01="ハセ", phone_number="0312348765")
    before = story.standing()
    path = write(at, (story.people[AOKI.code], AOKI.code), (somebody, DOI.code), header="会員ID,会員コード")
    assert at.run("links", "import", path) == 0, at.errors
    assert story.standing() == before
    mails = len(ours.rows(notice, state="queued"))
    assert at.run("links", "import", path, "--apply") == 0, at.errors
    assert story.linked(AOKI) == "manual"
    made = ours.row(link, customer_id=ours.row(customer, eccube_id=somebody).id)
    assert (made.method, made.note, made.active) == ("manual", "links.csv", 1)
    assert ours.class_of(made.customer_id) == "store"
    assert len(ours.rows(notice, state="queued")) == mails
    assert at.run("links", "import", path, "--apply") == 0, at.errors
    assert at.run("runs", "undo", str(made.run_id), "--apply") == 0, at.errors
    assert story.linked(AOKI) == "match"
    assert ours.row(link, id=made.id).active is None


def test_each_line_that_cannot_be_carried_out_says_why(story: Story, at: Terminal) -> None:
    ours = story.ours
    story.night(AOKI, BABA, CHIBA, DOI)
    aoki, baba = story.people[AOKI.code], story.people[BABA.code]
    story.ask_about(AOKI)
    story.answer(AOKI, "same")
    story.ask_about(BABA)
    story.answer(BABA, "different")
    withdrawn = ours.eccube.add_customer(status=3)
    first, second = (ours.eccube.add_customer(name01="長谷", kana01="ハセ") for _time in range(2))
    path = write(
        at,
        ("abc", DOI.code),
        (first, ""),
        (999, DOI.code),
        (withdrawn, DOI.code),
        (first, "1234"),
        (aoki, DOI.code),
        (baba, BABA.code),
        (first, CHIBA.code),
        (second, CHIBA.code),
    )
    found = refused(at, path)
    assert found == {
        2: "This is no customer id of EC-CUBE.",
        3: "This is no member code.",
        4: "EC-CUBE has no such customer.",
        5: "The customer is not fully registered, or has withdrawn.",
        6: "No member has this code; import the store's members first.",
        7: "A person or a code linked one of both otherwise; end that link first.",
        8: "A person decided that they are different people; reopen that case first.",
        9: "The file links this member to more customers than the source allows.",
        10: "The file links this member to more customers than the source allows.",
    }
    assert at.run("links", "import", path, "--apply") == 1
    assert story.linked(AOKI) == "review"


def test_the_stores_export_in_place_of_a_file_of_links_is_refused(story: Story, at: Terminal) -> None:
    story.night(AOKI, DOI)
    before = story.standing()
    header = "会員ID,会員コード,姓,名,電話番号,ポイント,会員状態区分,会員ランクコード,会員番号,生年月日"
    path = write(at, (story.people[AOKI.code], DOI.code, *("",) * 8), header=header)
    assert at.run("links", "import", path, "--apply") == 65
    assert "the store's member export" in at.errors
    assert story.standing() == before


def test_good_lines_are_taken_beside_refused_ones(story: Story, at: Terminal) -> None:
    story.night(AOKI, BABA, DOI)
    somebody = story.ours.eccube.add_customer(name01="長谷", kana01="ハセ")
    path = write(at, (999, DOI.code), (somebody, DOI.code), (somebody, DOI.code))
    assert at.run("links", "import", path, "--apply") == 1
    assert story.ours.row(link, method="manual").active == 1
    twice = write(at, (somebody, AOKI.code), (somebody, BABA.code))
    assert set(refused(at, twice).values()) == {
        "The file links this customer to several members of one store list."
    }


def test_links_come_in_before_the_first_classification(
    sqlite_shop: Shop, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with our_shop(sqlite_shop, tmp_path, CONFIGURATION) as ours:
        story, terminal = Story(ours, tmp_path), Terminal(ours, tmp_path, capsys)
        story.at(story.day)
        story.register(AOKI)
        story.import_file(AOKI, DOI)
        path = write(terminal, (story.people[AOKI.code], DOI.code))
        assert terminal.run("links", "import", path, "--apply") == 0, terminal.errors
        story.classify()
        (standing,) = ours.rows(link)
        assert (standing.method, standing.active) == ("manual", 1), "a machine never overturns a person"
        assert story.linked(AOKI) is None
        assert ours.rows(notice, state="queued") == []


def test_a_file_without_the_columns_is_refused_whole(at: Terminal) -> None:
    runs = len(at.ours.rows(run_table))
    path = write(at, (1, 2), header="a,b")
    assert at.run("links", "import", path, "--apply") == 65
    assert "customer_id (顧客ID), member_code (会員コード)" in at.errors
    assert len(at.ours.rows(run_table)) == runs


def test_a_person_reads_each_refused_line_once_and_no_endless_list(story: Story, at: Terminal) -> None:
    story.night(AOKI, DOI)
    somebody = story.ours.eccube.add_customer(name01="長谷", kana01="ハセ")
    strangers = [(9000 + number, DOI.code) for number in range(SHOWN + 20)]
    path = write(at, (somebody, DOI.code), *strangers)
    assert at.run("links", "import", path, "--apply") == 1
    assert at.output.count("EC-CUBE has no such customer.") == SHOWN
    assert "20 more" in at.output
    assert len(refused(at, path)) == SHOWN + 20
