"""Undoing a run puts back what stood before it, and leaves marks that later runs obey."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import select

from eccube_sync.errors import UsageError
from eccube_sync.tables.customers import class_override, customer
from eccube_sync.tables.links import link
from eccube_sync.tables.members import member
from tests.undo.story import AOKI, BABA, CHIBA, DAY, DOI, Story, listed, moved

NEXT = DAY + timedelta(days=1)


def test_a_whole_night_undone_leaves_everything_as_it_was_before(story: Story) -> None:
    assert story.linked(AOKI) == "match"
    before = story.standing()
    story.at(NEXT)
    story.register(CHIBA, DOI)
    registered = story.standing()
    renewed = moved(AOKI, ends=date(2028, 3, 31), phone="09099990009")
    night = story.night(renewed, BABA, CHIBA, DOI)
    assert story.linked(CHIBA) == "match"
    assert len(story.shown()) == 4

    report = story.undo(night)

    after = story.standing()
    new = {"customer_class"}  # the two new customers are seen by now, as what they are: EC-only
    assert {name: rows for name, rows in after.items() if name not in new} == {
        name: rows for name, rows in registered.items() if name not in new
    }
    assert set(before["customer_class"]) <= set(after["customer_class"])
    assert story.class_of(CHIBA) == "ec_only"
    assert story.state_of(night) == "undone"
    assert report.counts["kept"] == 0
    assert report.needs_person == 0


def test_undone_pairs_stay_apart_the_next_night_until_a_fact_changes(story: Story) -> None:
    story.at(NEXT)
    story.register(CHIBA)
    story.undo(story.night(AOKI, BABA, CHIBA))
    story.at(NEXT + timedelta(days=1))
    story.night(AOKI, BABA, CHIBA)
    assert story.linked(CHIBA) is None
    story.classify(every=True)
    assert story.linked(CHIBA) is None
    assert story.linked(AOKI) == "match"

    story.at(NEXT + timedelta(days=2))
    story.ours.eccube.execute(
        "UPDATE dtb_customer SET phone_number = '0612340000' WHERE id = :id", id=story.people[CHIBA.code]
    )
    story.night(AOKI, BABA, moved(CHIBA, phone="0612340000"))
    assert story.linked(CHIBA) == "match"


def test_a_link_made_on_data_that_was_undone_is_not_made_on_the_older_data_either(small: Story) -> None:
    small.at(NEXT)
    small.import_file(AOKI, BABA, CHIBA)
    small.at(NEXT + timedelta(days=1))
    small.register(CHIBA)
    small.undo(small.night(AOKI, BABA, moved(CHIBA, phone="0312345678")))
    small.classify(every=True)
    assert small.linked(CHIBA) is None
    small.at(NEXT + timedelta(days=2))
    small.night(AOKI, BABA, moved(CHIBA, phone="0312345678"))
    assert small.linked(CHIBA) is None


def test_the_file_of_an_undone_import_may_come_again_and_brings_the_same_members(story: Story) -> None:
    story.at(NEXT)
    first = story.import_file(moved(AOKI, ends=date(2028, 3, 31)), BABA, CHIBA)
    imported = story.standing()
    known = {row.store_key: row.id for row in story.ours.rows(member)}
    story.undo(first)
    assert story.ours.row(member, store_key=CHIBA.code).current is None
    assert first != story.import_file(moved(AOKI, ends=date(2028, 3, 31)), BABA, CHIBA)
    assert {row.store_key: row.id for row in story.ours.rows(member)} == known
    again = story.standing()
    assert len(again["member_code"]) == len(imported["member_code"])
    assert again["source"] == imported["source"]


def test_an_import_alone_undone_parts_the_new_members_it_brought(story: Story) -> None:
    story.at(NEXT)
    story.register(CHIBA)
    first = story.import_file(AOKI, BABA, CHIBA)
    story.classify()
    assert story.class_of(CHIBA) == "store"
    story.undo(first)
    assert story.linked(CHIBA) is None
    assert story.class_of(CHIBA) == "ec_only"
    assert story.shown() == {story.people[AOKI.code], story.people[BABA.code]}
    # Nobody said that they are different people: with the file the guess comes back.
    story.import_file(AOKI, BABA, CHIBA)
    story.classify()
    assert story.linked(CHIBA) == "match"


def test_a_persons_link_to_a_member_whose_import_is_undone_becomes_a_question(small: Story) -> None:
    small.at(NEXT)
    small.register(CHIBA)
    first = small.import_file(AOKI, BABA, CHIBA)
    small.classify()
    with small.ours.connect() as connection, connection.begin():
        connection.execute(link.update().where(link.c.active == 1).values(method="manual"))
    small.undo(first)
    assert small.linked(CHIBA) is None
    assert small.case_of(CHIBA).state == "open"


def test_a_member_changed_again_since_is_kept_and_the_later_run_named(story: Story) -> None:
    story.at(NEXT)
    first = story.import_file(moved(AOKI, ends=date(2028, 3, 31)), moved(BABA, ends=date(2028, 3, 31)))
    story.at(NEXT + timedelta(days=1))
    second = story.import_file(moved(AOKI, ends=date(2029, 3, 31)), moved(BABA, ends=date(2028, 3, 31)))
    report = story.undo(first)
    why = {(row[3], row[4]) for row in listed(report, "Kept")}
    assert why == {("changed since", second), ("confirmed since", second)}
    assert report.counts["reversed"] == 1  # the import itself: its file may come again


def test_undoing_newest_first_steps_over_an_import_undone_before(small: Story) -> None:
    before = small.standing()
    small.at(NEXT)
    first = small.import_file(moved(AOKI, code=AOKI.code, ends=date(2028, 3, 31)), BABA)
    small.at(NEXT + timedelta(days=1))
    second = small.import_file(moved(AOKI, ends=date(2029, 3, 31)), BABA)
    small.undo(first)
    small.undo(second)
    assert small.standing() == before


def test_a_member_missing_from_the_undone_file_was_not_missed(story: Story) -> None:
    story.at(NEXT)
    story.import_file(AOKI)
    missing = story.standing()
    story.at(NEXT + timedelta(days=1))
    back = story.import_file(AOKI, BABA)
    assert story.ours.row(member, store_key=BABA.code).missing_imports == 0
    story.undo(back)
    assert story.standing() == missing
    story.at(NEXT + timedelta(days=2))
    story.undo(story.import_file(AOKI))
    assert story.standing() == missing


def test_a_code_given_to_another_person_goes_back_to_the_one_before(story: Story) -> None:
    before = story.standing()
    story.at(NEXT)
    stranger = moved(DOI, code=AOKI.code)
    night = story.night(stranger, BABA)
    assert story.linked(AOKI) is None
    story.undo(night)
    assert story.linked(AOKI) == "match"
    after = story.standing()
    assert after["member"] == before["member"]
    assert after["member_code"] == before["member_code"]
    assert after["customer_class"] == before["customer_class"]


def test_a_downgrade_undone_is_a_hold_until_the_member_changes(small: Story) -> None:
    small.at(NEXT)
    small.night(moved(AOKI, ends=NEXT), BABA)
    small.at(NEXT + timedelta(days=1))
    small.import_file(moved(AOKI, ends=NEXT), BABA)
    fallen = small.expire()
    assert small.class_of(AOKI) == "ec_only"
    small.undo(fallen)
    assert small.class_of(AOKI) == "store"
    assert small.people[AOKI.code] in small.shown()
    (hold,) = small.ours.rows(class_override, active=1)
    assert hold.kind == "hold"
    small.at(NEXT + timedelta(days=2))
    small.night(moved(AOKI, ends=NEXT), BABA)
    assert small.class_of(AOKI) == "store"
    small.at(NEXT + timedelta(days=3))
    small.night(moved(AOKI, ends=NEXT + timedelta(days=3)), BABA)
    small.at(NEXT + timedelta(days=5))
    small.night(moved(AOKI, ends=NEXT + timedelta(days=3)), BABA)
    assert small.class_of(AOKI) == "ec_only"


def test_a_downgrade_that_came_with_wrong_data_needs_no_hold(small: Story) -> None:
    before = small.standing()
    small.at(NEXT)
    wrong = small.night(moved(AOKI, ends=DAY - timedelta(days=30)), BABA)
    assert small.class_of(AOKI) == "ec_only"
    small.undo(wrong)
    assert small.standing() == before
    small.at(NEXT + timedelta(days=1))
    small.night(moved(AOKI, ends=DAY - timedelta(days=30)), BABA)
    assert small.class_of(AOKI) == "ec_only"


def test_an_answer_undone_asks_again_and_parts_what_it_linked(story: Story) -> None:
    story.at(NEXT)
    story.register(moved(CHIBA, born=date(1991, 11, 1)))
    story.night(AOKI, BABA, CHIBA)
    before = story.standing()
    answered = story.answer(CHIBA, "same")
    assert story.linked(CHIBA) == "review"
    story.undo(answered)
    assert story.linked(CHIBA) is None
    assert story.standing() == before
    story.answer(CHIBA, "same")
    assert story.linked(CHIBA) == "review"


def test_a_different_undone_gives_the_link_back(story: Story) -> None:
    before = story.standing()
    story.ask_about(AOKI)
    asked = story.standing()
    answered = story.answer(AOKI, "different")
    assert story.linked(AOKI) is None
    assert story.class_of(AOKI) == "ec_only"
    story.undo(answered)
    assert story.linked(AOKI) == "match"
    after = story.standing()
    assert after == asked
    assert after["link"] == before["link"]


def test_a_link_that_a_person_confirmed_since_is_kept(small: Story) -> None:
    small.at(NEXT)
    small.register(CHIBA)
    night = small.night(AOKI, BABA, CHIBA)
    small.ask_about(CHIBA)
    confirmed = small.answer(CHIBA, "same")
    report = small.undo(night)
    assert ("link made", "confirmed since", confirmed) in {
        (row[0], row[3], row[4]) for row in listed(report, "Kept")
    }


def test_an_override_undone_gives_way_to_the_one_before(small: Story) -> None:
    small.override(AOKI, "store", date(2026, 12, 31))
    before = small.standing()
    changed = small.override(AOKI, "ec_only")
    assert small.class_of(AOKI) == "ec_only"
    small.undo(changed)
    assert small.standing() == before
    ended = small.override(AOKI, None)
    small.undo(ended)
    assert small.standing() == before


def test_an_exception_made_for_somebody_shows_nobody_else_under_the_same_id_as_a_member(small: Story) -> None:
    small.override(AOKI, "store")
    small.at(NEXT)
    small.ours.eccube.execute(
        "UPDATE dtb_customer SET create_date = '2026-04-10 12:00:00', name01 = '新井', phone_number = '0311110000',"
        " birth = '1971-01-01 15:00:00' WHERE id = :id",
        id=small.people[AOKI.code],
    )
    seen = small.classify()
    assert small.people[AOKI.code] not in small.shown()
    report = small.undo(seen)
    assert "the customer is gone" in [row[3] for row in listed(report, "Kept")]
    assert small.people[AOKI.code] not in small.shown()


def test_what_cannot_be_undone_is_refused_in_a_sentence(small: Story) -> None:
    override = small.override(AOKI, "ec_only")
    small.undo(override)
    with pytest.raises(UsageError, match=f"undone before, by run {override + 1}"):
        small.plan_undo(override)
    with pytest.raises(UsageError, match="is an undo itself"):
        small.plan_undo(override + 1)
    with pytest.raises(UsageError, match="no run 999"):
        small.plan_undo(999)
    late = small.override(BABA, "ec_only")
    small.at(DAY + timedelta(days=401))
    with pytest.raises(UsageError, match="older than 400 days"):
        small.plan_undo(late)


def test_a_plan_writes_nothing_at_all(small: Story) -> None:
    small.at(NEXT)
    night = small.night(moved(AOKI, ends=NEXT), CHIBA)
    before = small.ours.snapshot(*_all_tables())
    plan = small.plan_undo(night)
    assert plan.report().counts["reversed"] > 0
    assert small.ours.snapshot(*_all_tables()) == before


def _all_tables() -> tuple[object, ...]:
    from eccube_sync.tables import metadata

    return tuple(metadata.sorted_tables)


def test_a_link_whose_place_was_taken_since_is_kept_and_the_run_named(small: Story) -> None:
    small.ask_about(AOKI)
    parted = small.answer(AOKI, "different")
    small.at(NEXT)
    small.night(AOKI, BABA, moved(AOKI, code="2900000000055"))
    later = small.people[AOKI.code]
    taken = small.rows(
        select(link.c.run_id).join(customer).where(customer.c.eccube_id == later, link.c.active == 1)
    )
    report = small.undo(parted)
    assert [row[3:] for row in listed(report, "Kept")] == [
        ("customer or member is linked otherwise now", taken[0].run_id)
    ]
    assert small.linked(AOKI) is None


def test_an_account_closed_since_gets_no_link_back(small: Story) -> None:
    small.ask_about(AOKI)
    parted = small.answer(AOKI, "different")
    small.ours.eccube.execute("UPDATE dtb_customer SET customer_status_id = 3 WHERE id = 1")
    small.at(NEXT)
    small.classify()
    report = small.undo(parted)
    assert "the customer is gone" in [row[3] for row in listed(report, "Kept")]
    assert small.linked(AOKI) is None


def test_a_partial_import_undone_no_longer_confirms_what_it_held(story: Story) -> None:
    story.at(NEXT)
    story.import_file(moved(AOKI, ends=NEXT + timedelta(days=7)), partial=True)
    story.expire()
    before = story.standing()
    story.at(NEXT + timedelta(days=1))
    renewed = story.import_file(moved(AOKI, ends=date(2028, 3, 31)), CHIBA, partial=True)
    story.undo(renewed)
    assert story.standing() == before
