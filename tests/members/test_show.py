"""Finding and showing a member."""

from __future__ import annotations

from eccube_sync.tables.members import member, source
from tests.members.exports import crowd, person
from tests.members.terminal import Terminal

OLD, NEW = "2900000000001", "2900000009999"


def test_any_code_current_or_old_finds_the_member(terminal: Terminal) -> None:
    terminal.import_rows(crowd(3, phone="090-1111-2222"))
    rows = [person(1, code=NEW, number="77", phone="090-3333-4444"), *crowd(3, phone="090-1111-2222")[1:]]
    assert terminal.import_rows(rows, name="second.csv") == 0, terminal.errors
    for code in (OLD, NEW, "77", "1", "２９０００００００９９９９"):
        report = terminal.json("members", "show", code)
        assert f"{NEW} (本店)" in report["headline"], code
    name = f"{NEW} (本店)"
    assert dict(terminal.listing(report, f"Data of {name}"))["phone"] == "090-3333-4444"
    newest, first = terminal.listing(report, f"Versions of {name}")
    assert newest[1] == "second.csv"
    assert newest[3] == "member code (barcode), second number, phone"
    assert first[3] == "first seen"
    codes = {code: until for _kind, code, _since, until in terminal.listing(report, f"Codes of {name}")}
    assert codes == {OLD: "2026-04-08 15:30", NEW: None, "77": None}


def test_it_says_what_the_membership_gives(terminal: Terminal) -> None:
    terminal.import_rows(crowd(3, end="2026/04/05"))
    report = terminal.json("members", "show", OLD)
    assert "2026-04-05" in report["headline"]
    assert "days of grace" in report["headline"]
    gives = dict(terminal.listing(report, f"What the membership of {OLD} (本店) gives"))
    assert gives["class of a linked customer"] == "店舗会員"
    assert gives["valid through, with grace"] == "2026-04-12"


def test_links_and_cases_are_shown(terminal: Terminal) -> None:
    ours = terminal.ours
    terminal.import_rows(crowd(3))
    member_id = ours.row(member, store_key="1").id
    linked, asked = ours.add_customer(), ours.add_customer()
    ours.add_link(linked, member_id, source_id=ours.row(source).id)
    public_id = ours.add_case(asked, member_id)
    report = terminal.json("members", "show", OLD)
    (link,) = terminal.listing(report, f"Links of {OLD} (本店)")
    assert link[:4] == [1, "matching", "no", "99.50 %"]
    (case,) = terminal.listing(report, f"Cases about {OLD} (本店)")
    assert case == [public_id, "Are these the same person?", 2, "open", None]


def test_a_reused_code_shows_its_present_holder_first(small: Terminal) -> None:
    small.import_rows(crowd(3))
    other = {"family": "鈴木", "given": "一郎", "family_kana": "スズキ", "given_kana": "イチロウ"}
    assert small.import_rows([person(1, **other, birth="1960/01/02"), *crowd(3)[1:]]) == 0, small.errors
    assert small.run("members", "show", OLD) == 0
    assert "鈴木" in small.output
    assert "kept as history" in small.output
    assert small.output.index("一郎") < small.output.index("花1子")


def test_an_unknown_code_is_a_clear_refusal(small: Terminal) -> None:
    assert small.run("members", "show", "山田花子") == 64
    assert small.errors == "Error: No member has or had this code, number or id.\n"
