"""Linking and parting a customer and a member by hand, and asking a question again."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from eccube_sync.application import actor
from eccube_sync.errors import LockedError, UsageError
from eccube_sync.services.links.linkbyhand import apply_link, apply_unlink, plan_link, plan_unlink
from eccube_sync.services.running import applied_run
from eccube_sync.tables.cases import review_case, review_decision
from eccube_sync.tables.customers import customer
from eccube_sync.tables.links import link
from eccube_sync.tables.members import member
from eccube_sync.tables.runs import journal
from eccube_sync.tables.runs import run as run_table
from tests.members.terminal import Terminal
from tests.review.files import exported, fill, save
from tests.undo.story import AOKI, CHIBA, DOI, Story

BY_HAND = ("--reason", "showed the card", "--apply")


@pytest.fixture
def at(story: Story, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Terminal:
    """A terminal in the shop of the story: Aoki and Baba are linked, Doi has no account."""
    return Terminal(story.ours, tmp_path, capsys)


@pytest.fixture
def there(small: Story, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Terminal:
    """The same on SQLite, where the engine makes no difference."""
    return Terminal(small.ours, tmp_path, capsys)


def a_stranger(story: Story) -> int:
    """An account nobody at the store is like."""
    return story.ours.eccube.add_customer(
        name01="長谷", name02="薫", kana01="ハセ", kana02="カオル", phone_number="0312348765"
    )


def test_a_link_by_hand_is_planned_kept_with_its_reason_and_undone(story: Story, at: Terminal) -> None:
    ours = story.ours
    story.night(AOKI, DOI)
    somebody = a_stranger(story)
    story.classify()
    before = story.standing()
    runs = len(ours.rows(run_table))
    assert at.run("customers", "link", str(somebody), DOI.code, "--reason", "x") == 0, at.errors
    assert (story.standing(), len(ours.rows(run_table))) == (before, runs)
    assert "長＊ 薫＊" in at.output
    assert "nothing to do" not in at.output
    assert at.run("customers", "link", str(somebody), DOI.code, *BY_HAND) == 0, at.errors
    made = ours.row(link, method="manual", active=1)
    assert (made.note, made.actor) == ("showed the card", actor())
    assert ours.class_of(made.customer_id) == "store"
    assert "became store members" in at.output
    assert "showed the card" not in str(ours.rows(journal))
    assert at.run("runs", "undo", str(made.run_id), "--apply") == 0, at.errors
    assert story.standing() == before


def test_a_customer_of_an_hour_ago_can_be_linked(story: Story, at: Terminal) -> None:
    story.night(AOKI, DOI)
    somebody = a_stranger(story)
    assert at.run("customers", "link", str(somebody), DOI.code, *BY_HAND) == 0, at.errors
    ours = story.ours.row(customer, eccube_id=somebody)
    assert story.ours.class_of(ours.id) == "store"
    story.classify()
    assert story.ours.row(link, customer_id=ours.id).active == 1
    assert story.ours.row(customer, eccube_id=somebody).fingerprint


def test_a_link_by_hand_ends_those_in_its_way_and_closes_the_questions(story: Story, at: Terminal) -> None:
    ours = story.ours
    story.night(AOKI, DOI)
    aoki = ours.row(customer, eccube_id=story.people[AOKI.code])
    doi = ours.row(member, store_key=DOI.code).id
    ours.add_case(aoki.id, doi)
    assert at.run("customers", "link", str(aoki.eccube_id), DOI.code, "--reason", "x") == 0
    assert AOKI.code in at.output
    assert at.run("customers", "link", str(aoki.eccube_id), DOI.code, *BY_HAND) == 0, at.errors
    ended = ours.row(link, customer_id=aoki.id, method="match")
    assert (ended.active, ended.ended_reason) == (None, "other_link_by_manual")
    assert ours.row(review_case, customer_id=aoki.id).closed_reason == "linked_by_hand"
    assert at.run("customers", "link", str(aoki.eccube_id), DOI.code, *BY_HAND) == 64
    assert "linked already" in at.errors


def test_a_guess_confirmed_by_hand_stays_the_same_link(small: Story, there: Terminal) -> None:
    someone = str(small.people[AOKI.code])
    before = small.ours.row(link, customer_id=small.ours.row(customer, eccube_id=int(someone)).id)
    assert there.run("customers", "link", someone, AOKI.code, *BY_HAND) == 0, there.errors
    confirmed = small.ours.row(link, id=before.id)
    assert (confirmed.method, confirmed.note, confirmed.active) == ("manual", "showed the card", 1)
    (newest,) = [row for row in small.ours.rows(run_table) if row.command == "customers link"]
    assert there.run("runs", "undo", str(newest.id), "--apply") == 0, there.errors
    undone = small.ours.row(link, id=before.id)
    assert (undone.method, undone.note, undone.active) == ("match", None, 1)


def test_parting_two_outlives_every_night_until_a_person_reopens_it(story: Story, at: Terminal) -> None:
    ours, someone = story.ours, str(story.people[AOKI.code])
    assert at.run("customers", "unlink", someone, "--reason", "father and son", "--apply") == 0, at.errors
    assert story.linked(AOKI) is None
    assert story.class_of(AOKI) == "ec_only"
    case = story.case_of(AOKI)
    assert (case.state, case.kind) == ("different", "unlinked")
    decision = ours.row(review_decision)
    assert (decision.note, decision.reviewer) == ("father and son", actor())
    story.night(replace(AOKI, phone="09055550005"))
    assert story.linked(AOKI) is None
    assert at.run("customers", "link", someone, AOKI.code, *BY_HAND) == 64
    assert f"review reopen {case.public_id}" in at.errors
    assert at.run("review", "reopen", case.public_id.lower(), "--reason", "mixed up", "--apply") == 0, (
        at.errors
    )
    story.night(AOKI)
    assert story.case_of(AOKI).state == "open"
    assert story.linked(AOKI) is None, "a person asked; a machine must not answer"
    assert at.run("customers", "link", someone, AOKI.code, *BY_HAND) == 0, at.errors
    assert story.linked(AOKI) == "manual"
    assert story.case_of(AOKI).state == "closed"


def test_parting_two_is_undone_with_class_and_question(story: Story, at: Terminal) -> None:
    before = story.standing()
    assert at.run("customers", "unlink", str(story.people[AOKI.code]), "--reason", "x", "--apply") == 0
    assert story.linked(AOKI) is None
    assert at.run("runs", "undo", str(story.ours.rows(run_table)[-1].id), "--apply") == 0, at.errors
    assert story.linked(AOKI) == "match"
    assert story.standing() == before


def test_parting_two_whom_a_reviewer_called_the_same_is_the_newer_word(small: Story, there: Terminal) -> None:
    small.ask_about(AOKI)
    small.answer(AOKI, "same")
    case = small.case_of(AOKI)
    assert there.run("customers", "unlink", str(small.people[AOKI.code]), "--reason", "x", "--apply") == 0
    now = small.case_of(AOKI)
    assert (now.state, now.version) == ("different", case.version + 1)
    assert small.linked(AOKI) is None
    assert there.run("runs", "undo", str(small.ours.rows(run_table)[-1].id), "--apply") == 0, there.errors
    back = small.case_of(AOKI)
    assert (back.state, back.decided_by, small.linked(AOKI)) == ("same", "Tanaka", "review")


def test_a_reopened_same_person_may_be_answered_otherwise(small: Story, there: Terminal) -> None:
    small.ask_about(AOKI)
    small.answer(AOKI, "same")
    public_id = small.case_of(AOKI).public_id
    assert there.run("review", "reopen", public_id, "--reason", "the customer called", "--apply") == 0
    assert small.linked(AOKI) == "review"
    small.answer(AOKI, "different")
    assert small.linked(AOKI) is None


def test_an_older_review_file_does_not_bring_the_old_answer_back(small: Story, there: Terminal) -> None:
    small.ask_about(AOKI)
    case = small.case_of(AOKI)
    filled = save(small.ours, fill(exported(small.ours), {case.public_id: "別人"}))
    small.answer(AOKI, "different")
    assert there.run("review", "reopen", case.public_id, "--reason", "x", "--apply") == 0
    assert there.run("review", "import", str(filled), "--apply") == 1
    assert small.case_of(AOKI).state == "open"


def test_reopening_is_undone(small: Story, there: Terminal) -> None:
    small.ask_about(AOKI)
    small.answer(AOKI, "different")
    public_id = small.case_of(AOKI).public_id
    for _time in range(2):
        assert there.run("review", "reopen", public_id, "--reason", "x", "--apply") == 0, there.errors
        assert there.run("runs", "undo", str(small.ours.rows(run_table)[-1].id), "--apply") == 0, there.errors
        back = small.case_of(AOKI)
        assert (back.state, back.decided_by) == ("different", "Tanaka")


def test_the_administration_asks_in_a_run_of_its_own(small: Story) -> None:
    """One call each, as another way in than the terminal makes them."""
    asking = replace(small.ours.service, actor="admin 3 of EC-CUBE")
    small.night(AOKI, DOI)
    somebody = a_stranger(small)
    with small.ours.connect() as connection:
        with applied_run(asking, connection, "bridge", stage="bridge") as run:
            apply_link(run, plan_link(asking, connection, somebody, DOI.code, "asked in the shop"))
        assert small.ours.row(link, method="manual").actor == "admin 3 of EC-CUBE"
        with applied_run(asking, connection, "bridge", stage="bridge") as run:
            apply_unlink(run, plan_unlink(connection, somebody, "asked in the shop"))
    assert small.ours.row(link, method="manual").active is None


def test_what_cannot_be_linked_is_refused_in_words(small: Story, there: Terminal) -> None:
    withdrawn = small.ours.eccube.add_customer(status=3)
    for arguments, words in (
        (("link", "999", AOKI.code), "EC-CUBE has no customer 999"),
        (("link", str(withdrawn), AOKI.code), "not fully registered"),
        (("link", str(small.people[AOKI.code]), "12"), "No member has or had"),
        (("unlink", "999"), "is known yet"),
    ):
        assert there.run("customers", *arguments, *BY_HAND) == 64
        assert words in there.errors
    assert there.run("review", "reopen", "R-NONE", "--reason", "x") == 64
    small.ask_about(AOKI)
    assert there.run("review", "reopen", small.case_of(AOKI).public_id, "--reason", "x") == 64
    assert "open already" in there.errors


def test_a_plan_that_is_out_of_date_writes_nothing(small: Story) -> None:
    ours = small.ours
    small.night(AOKI, DOI, CHIBA)
    somebody = a_stranger(small)
    small.classify()
    with ours.connect() as connection:
        plan = plan_link(ours.service, connection, somebody, DOI.code, "x")
        with applied_run(ours.service, connection, "customers link") as run:
            apply_link(run, plan_link(ours.service, connection, somebody, CHIBA.code, "y"))
        before = small.standing()
        with (
            pytest.raises(LockedError, match="changed since"),
            applied_run(ours.service, connection, "customers link") as run,
        ):
            apply_link(run, plan)
        assert small.standing() == before
        with pytest.raises(UsageError):
            plan_unlink(connection, 999, "x")
