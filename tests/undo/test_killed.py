"""Runs and undos that were killed half way: the next undo finishes the work."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from eccube_sync.services.running import Run
from eccube_sync.tables.runs import run as run_table
from tests.undo.story import AOKI, BABA, CHIBA, DAY, DOI, Story, classifying, moved, project

NEXT = DAY + timedelta(days=1)
RENEWED = moved(AOKI, ends=DAY, phone="0312345678")


class Killed(BaseException):
    """Stands for a power cut."""


def die(_run: Run) -> None:
    raise Killed


def test_a_night_killed_half_way_can_be_undone(story: Story) -> None:
    story.at(NEXT)
    story.register(CHIBA)
    before = story.standing()
    with pytest.raises(Killed):
        story.run("nightly", story.importing(RENEWED, BABA, CHIBA), classifying(), die)
    night = story.ours.rows(run_table)[-1].id
    # What a real power cut leaves: nobody wrote that the run ended.
    with story.ours.connect() as connection, connection.begin():
        connection.execute(run_table.update().where(run_table.c.id == night).values(state="running"))
    assert story.linked(CHIBA) == "match"
    story.undo(night)
    assert story.state_of(night) == "undone"
    after = story.standing()
    for name in ("link", "member", "member_code", "source", "class_override", "projection_state"):
        assert after[name] == before[name], name
    assert set(before["customer_class"]) <= set(after["customer_class"])


def test_an_undo_killed_in_any_transaction_is_finished_by_the_next(
    story: Story, monkeypatch: pytest.MonkeyPatch
) -> None:
    story.at(NEXT)
    story.register(CHIBA, DOI)
    before = story.standing()
    story.override(BABA, "store")
    night = story.run("nightly", story.importing(RENEWED, BABA, CHIBA, DOI), classifying(), lambda run: None)
    left, real = [0], Run.transaction

    def transaction(run: Run, *arguments: Any, **options: Any) -> Any:
        left[0] -= 1
        if left[0] < 0:
            raise Killed
        return real(run, *arguments, **options)

    monkeypatch.setattr(Run, "transaction", transaction)
    deaths = 0
    while story.state_of(night) != "undone":
        left[0] = deaths
        try:
            story.undo(night)
        except Killed:
            deaths += 1
    assert deaths > 3  # what one attempt has done the next need not do again
    left[0] = 100
    story.run("project", project)
    after = story.standing()
    for name in ("link", "member", "member_code", "source", "projection_state"):
        assert after[name] == before[name], name
