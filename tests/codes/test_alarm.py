"""Somebody may be guessing: no code links anybody until a person looked."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from eccube_sync.db import reading
from eccube_sync.linkcode import new_code
from eccube_sync.membership.verdicts import GuardVerdict
from eccube_sync.services.claiming import guard_claims
from eccube_sync.services.classifying import apply_classify
from eccube_sync.services.classifyplan import plan_classify
from eccube_sync.tables.codes import claim
from eccube_sync.tables.links import link
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


def test_a_classification_under_alarm_links_nobody_by_code_until_a_person_looked(careful: Counter) -> None:
    ours = careful.ours
    customer_id = ours.add_customer()
    member_id, code = careful.member_with_code()
    careful.typed((customer_id, code))
    guess(careful, 4)
    alarm = _classify(careful)
    assert [one.guard for one in alarm if one.refused] == ["wrong_link_codes"]
    assert {row.state for row in ours.rows(claim)} == {"pending"}
    assert [row.method for row in ours.rows(link, active=1) if row.method == "link_code"] == []
    assert any(one.refused for one in _classify(careful))  # the next night says so again
    assert not any(one.refused for one in _classify(careful, expected=4))
    assert sorted(careful.verdicts()) == [("accepted", "linked"), *[("refused", "unknown_code")] * 4]
    assert (customer_id, member_id) in {
        (row.customer_id, row.member_id) for row in ours.rows(link, active=1, method="link_code")
    }


def _classify(counter: Counter, expected: int | None = None) -> list[GuardVerdict]:
    with counter.ours.connect() as connection:
        plan = plan_classify(counter.ours.service, connection, expected=expected)
    counter.ours.apply(lambda run: apply_classify(run, plan), "classify")
    return plan.verdicts
