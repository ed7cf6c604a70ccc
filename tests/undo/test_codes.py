"""Claims and codes: an undone claim gives back the link it ended and the code it used."""

from __future__ import annotations

from datetime import timedelta

from eccube_sync.tables.codes import claim, link_code
from eccube_sync.tables.customers import customer
from eccube_sync.tables.runs import run
from tests.codes.counter import Counter
from tests.undo.story import AOKI, BABA, DAY, DOI, Story, listed, moved

NEXT = DAY + timedelta(days=1)
SECOND_CARD = moved(AOKI, code="2900000000055")


def typed(story: Story, code: str) -> Counter:
    """The customer Aoki typed this code."""
    counter = Counter(story.ours, story.folder)
    counter.typed((story.ours.row(customer, eccube_id=story.people[AOKI.code]).id, code))
    return counter


def code_for(story: Story, member_code: str) -> str:
    """A code the store handed to this member."""
    counter = Counter(story.ours, story.folder)
    (label,) = counter.issue()
    counter.assign((label.serial, member_code))
    return label.code


def newest_run(story: Story) -> int:
    """The run that was just done."""
    return int(story.ours.rows(run)[-1].id)


def test_an_undone_claim_gives_back_the_link_it_ended_and_its_code(story: Story) -> None:
    story.at(NEXT)
    story.import_file(AOKI, BABA, SECOND_CARD)
    typed(story, code_for(story, SECOND_CARD.code))
    before = story.standing()
    night = story.classify()
    story.people[SECOND_CARD.code] = story.people[AOKI.code]
    assert story.linked(SECOND_CARD) == "link_code"
    assert story.linked(AOKI) is None

    story.undo(night)

    after = story.standing()
    assert story.linked(AOKI) == "match"
    assert story.ours.row(claim).state == "undone"
    assert story.ours.row(link_code).state == "assigned"
    assert {name: rows for name, rows in after.items() if name != "claim"} == {
        name: rows for name, rows in before.items() if name != "claim"
    }
    story.classify(every=True)
    assert story.linked(SECOND_CARD) is None


def test_a_claim_that_was_refused_is_judged_again(small: Story) -> None:
    counter = Counter(small.ours, small.folder)
    (label,) = counter.issue()
    counter.assign((label.serial, DOI.code))
    typed(small, label.code)
    small.at(NEXT)
    small.import_file(AOKI, BABA, DOI)
    night = small.classify()
    assert small.ours.row(claim).state == "conflict"
    small.undo(night)
    assert small.ours.row(claim).state == "pending"
    small.classify()
    assert small.ours.row(claim).state == "conflict"


def test_claims_taken_in_by_mistake_are_never_decided(small: Story) -> None:
    typed(small, code_for(small, AOKI.code))
    small.undo(newest_run(small))
    small.classify()
    assert small.ours.row(claim).state == "undone"
    assert small.linked(AOKI) == "match"


def test_codes_issued_by_mistake_are_revoked_and_assigned_ones_are_free_again(small: Story) -> None:
    counter = Counter(small.ours, small.folder)
    first, _second = counter.issue(2)
    issued = newest_run(small)
    counter.assign((first.serial, AOKI.code))
    small.undo(newest_run(small))
    assert [(row.state, row.member_code) for row in small.ours.rows(link_code)] == [("issued", None)] * 2
    small.undo(issued)
    assert [row.state for row in small.ours.rows(link_code)] == ["revoked"] * 2


def test_a_code_used_since_it_was_assigned_is_kept(small: Story) -> None:
    code = code_for(small, AOKI.code)
    assigned = newest_run(small)
    typed(small, code)
    night = small.classify()
    assert small.linked(AOKI) == "link_code"
    report = small.undo(assigned)
    assert [row[3:] for row in listed(report, "Kept")] == [("used since", night)]
    assert small.linked(AOKI) == "link_code"
