"""Mails of an undone run: unsent ones never leave, sent ones are named, and a correction may follow."""

from __future__ import annotations

from datetime import timedelta

from eccube_sync.tables.notices import notice
from tests.undo.story import AOKI, BABA, CHIBA, DAY, Story, listed, moved

NEXT = DAY + timedelta(days=1)
LAPSED = moved(AOKI, ends=DAY)


def states(story: Story, kind: str) -> list[str]:
    """The states of all mails of a kind."""
    return [row.state for row in story.ours.rows(notice, kind=kind)]


def test_mails_that_have_not_left_are_cancelled_and_the_real_event_is_mailed(small: Story) -> None:
    small.at(NEXT)
    wrong = small.night(LAPSED, BABA)
    assert states(small, "expired") == ["queued"]
    small.undo(wrong)
    (cancelled,) = small.ours.rows(notice, kind="expired")
    assert (cancelled.state, cancelled.reason) == ("cancelled", "undo")
    assert states(small, "restored") == []
    small.at(NEXT + timedelta(days=1))
    small.night(LAPSED, BABA)
    assert states(small, "expired") == ["cancelled", "queued"]


def test_who_was_mailed_is_listed_and_a_correction_queued_when_asked_for(story: Story) -> None:
    story.at(NEXT)
    story.register(CHIBA)
    night = story.night(LAPSED, BABA, CHIBA)
    story.sent("linked")
    plan = story.plan_undo(night, correction=True).report()
    ((customer, kind, state, when),) = listed(plan, "Already mailed")
    assert (customer, state, when) == (story.people[CHIBA.code], "sent", "2026-04-11 12:00")
    assert kind
    assert states(story, "correction") == []
    report = story.undo(night, correction=True)
    assert report.counts["already_mailed"] == 1
    (correction,) = story.ours.rows(notice, kind="correction")
    assert correction.state == "queued"
    assert correction.recipient == f"customer{story.people[CHIBA.code]}@example.com"
    assert states(story, "linked")[-1] == "sent"
    assert states(story, "expired") == ["cancelled"]


def test_without_being_asked_for_no_correction_is_queued(small: Story) -> None:
    small.at(NEXT)
    small.register(CHIBA)
    night = small.night(AOKI, BABA, CHIBA)
    small.sent("linked")
    report = small.undo(night)
    assert report.counts["already_mailed"] == 1
    assert states(small, "correction") == []


def test_after_the_first_classification_was_undone_the_next_mails_nobody(small: Story) -> None:
    small.undo(1)
    assert small.linked(AOKI) is None
    small.at(NEXT)
    small.ours.eccube.execute("UPDATE dtb_customer SET addr02 = '9-9-9'")
    small.night(AOKI, BABA)
    assert small.linked(AOKI) == "match"
    assert set(states(small, "linked")) <= {"baseline", "cancelled"}
    small.register(CHIBA)
    small.at(NEXT + timedelta(days=1))
    small.night(AOKI, BABA, CHIBA)
    assert states(small, "linked")[-1] == "queued"
