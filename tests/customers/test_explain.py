"""Explaining the score of one pair: ``classify --explain``."""

from __future__ import annotations

from datetime import date

import pytest

from eccube_sync.tables.cases import review_case
from eccube_sync.tables.links import scored_pair
from tests.members.terminal import Terminal

CONTRIBUTIONS = "What each fact contributes"
KEYS = "What would make them candidates"


def numbers(terminal: Terminal, report: dict[str, object]) -> list[float]:
    return [float(bits) for _fact, bits in terminal.listing(report, CONTRIBUTIONS)]


def test_the_contributions_add_up_to_the_score_that_was_stored(terminal: Terminal) -> None:
    ours = terminal.ours
    someone = ours.add_customer()
    member_id = ours.add_member(code="290001", phone="", birth_date=date(1985, 5, 4))
    assert terminal.run("classify", "--apply") == 0, terminal.errors
    pair = ours.row(scored_pair, customer_id=someone, member_id=member_id)
    report = terminal.json("classify", "--explain", "1", "290001")
    *parts, together = numbers(terminal, report)
    assert sum(parts) == pytest.approx(together, abs=0.02)
    prior = parts[-1]
    assert together - prior == pytest.approx(pair.bits, abs=0.02)
    assert f"({pair.bits:+.1f} bits)" in report["headline"]
    assert "month and day of birth exchanged" in report["notes"][0].lower()


def test_a_clear_pair_would_be_linked_and_says_that_it_is(terminal: Terminal) -> None:
    terminal.ours.add_customer()
    terminal.ours.add_member(code="290001")
    assert terminal.run("classify", "--apply") == 0, terminal.errors
    report = terminal.json("classify", "--explain", "1", "290001")
    assert "> 99.99 % the same person" in report["headline"]
    assert any("Probable enough for a machine to link" in note for note in report["notes"])
    assert "They are linked, by matching." in report["notes"]
    assert any(note.startswith("They were compared because") for note in report["notes"])


def test_a_relative_is_kept_from_a_machine_by_the_given_name(small: Terminal) -> None:
    small.ours.add_customer()
    small.ours.add_member(code="290001", given_name="太郎", given_kana="タロウ")
    assert small.run("classify", "--apply") == 0, small.errors
    report = small.json("classify", "--explain", "1", "290001")
    assert any("the given name differs" in note for note in report["notes"])


def test_people_with_nothing_in_common_were_never_compared(small: Terminal) -> None:
    small.ours.add_customer(phone_number="0667712094")
    small.ours.add_member(
        code="290001",
        family_name="鈴木",
        given_name="一郎",
        family_kana="スズキ",
        given_kana="イチロウ",
        postal_code="1000001",
        address="東京都千代田区千代田1-1",
        phone="",
        birth_date=date(1960, 1, 2),
    )
    assert small.run("classify", "--apply") == 0, small.errors
    report = small.json("classify", "--explain", "1", "290001")
    assert any(note.startswith("They were never compared") for note in report["notes"])
    assert any(note.startswith("Too improbable") for note in report["notes"])
    keys = {key: cells for key, *cells in small.listing(report, KEYS)}
    assert keys["landline number"] == ["yes", "–", "–"]
    assert keys["birth date and given name"] == ["yes", "yes", "–"]
    assert all(cells[2] == "–" for cells in keys.values())


def test_a_persons_word_is_told(small: Terminal) -> None:
    ours = small.ours
    someone = ours.add_customer()
    member_id = ours.add_member(code="290001")
    ours.add_case(someone, member_id, state="different")
    assert small.run("classify", "--apply") == 0, small.errors
    assert ours.row(review_case).state == "different"
    report = small.json("classify", "--explain", "1", "290001")
    assert any("A person said that they are different people" in note for note in report["notes"])


def test_a_withdrawn_customer_is_never_linked(small: Terminal) -> None:
    small.ours.add_customer(state="withdrawn", status=3)
    small.ours.add_member(code="290001")
    assert small.run("classify", "--apply") == 0, small.errors
    report = small.json("classify", "--explain", "1", "290001")
    assert any("never linked" in note for note in report["notes"])


def test_what_does_not_exist_is_a_clear_refusal(small: Terminal) -> None:
    small.ours.add_customer()
    small.ours.add_member(code="290001")
    assert small.run("classify", "--explain", "1", "290001") == 64
    assert "No classification was applied yet" in small.errors
    assert small.run("classify", "--apply") == 0, small.errors
    assert small.run("classify", "--explain", "9", "290001") == 64
    assert "EC-CUBE has no customer 9" in small.errors
    assert small.run("classify", "--explain", "1", "12") == 64
