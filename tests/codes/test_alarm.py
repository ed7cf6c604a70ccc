"""Somebody may be guessing: no code links anybody until a person looked."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from eccube_sync.db import reading
from eccube_sync.linkcode import new_code
from eccube_sync.membership.verdicts import GuardVerdict
from eccube_sync.services.claims.claiming import guard_claims
from eccube_sync.services.matching.classifying import apply_classify
from eccube_sync.services.matching.classifyplan import plan_classify
from tests.codes.counter import Counter
from tests.support.rows import our_shop
from tests.support.shop import Shop


@pytest.fixture
def careful(sqlite_shop: Shop, tmp_path: Path) -> Iterator[Counter]:
    """A shop that is alarmed by four wrong codes."""
    with our_shop(sqlite_shop, tmp_path, "[codes]\nalarm_failures = 4\n") as ours:
        yield Counter(ours, tmp_path)


def verdict(counter: Counter, expected: int | None = None) -> GuardVerdict:
    plan = counter.plan()
    with counter.ours.connect() as connection, reading(connection):
        return guard_claims(counter.ours.service, connection, plan, expected)


def guess(counter: Counter, number: int) -> None:
    """Wrong codes, each from another account."""
    counter.typed(*((counter.ours.add_customer(), new_code()) for _position in range(number)))


def test_the_alarm_counts_the_whole_day_and_gives_way_to_the_exact_number(careful: Counter) -> None:
    careful.issue()
    guess(careful, 3)
    assert not verdict(careful).refused
    careful.night()
    assert not verdict(careful).refused  # nothing new was typed
    guess(careful, 1)
    found = verdict(careful)
    assert found.refused
    assert (found.guard, found.count) == ("wrong_link_codes", 4)
    assert "codes claims" in found.message
    assert verdict(careful, 3).refused
    assert verdict(careful, 4).overruled
    careful.ours.clock.advance(timedelta(days=1))
    assert not verdict(careful).refused


def test_typing_mistakes_and_waiting_codes_raise_no_alarm(careful: Counter) -> None:
    labels = careful.issue(5)
    careful.typed(*((careful.ours.add_customer(), label.code) for label in labels))
    careful.typed(*((careful.ours.add_customer(), "no code") for _number in range(5)))
    assert not verdict(careful).refused


def classify(counter: Counter, expected: int | None = None) -> list[GuardVerdict]:
    with counter.ours.connect() as connection:
        plan = plan_classify(counter.ours.service, connection, expected=expected)
    counter.ours.apply(lambda run: apply_classify(run, plan), "classify")
    return plan.verdicts
