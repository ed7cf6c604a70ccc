"""Many at once: one code, one winner; one member, one link."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest

from eccube_sync.services.claiming import ClaimOutcome, apply_claims
from eccube_sync.services.running import applied_run
from eccube_sync.tables.codes import link_code
from eccube_sync.tables.links import link
from tests.codes.counter import Counter
from tests.codes.test_cards import BORN, CARD, add_card

CUSTOMERS = 20


def at_once(counter: Counter, plans: Sequence[list[ClaimOutcome]]) -> list[dict[str, int]]:
    """Apply each plan in a process of its own, as far as the database can tell, all at the same moment."""
    barrier = threading.Barrier(len(plans))

    def redeem(number: int, plan: list[ClaimOutcome]) -> dict[str, int]:
        with (
            counter.ours.connect() as connection,
            applied_run(counter.ours.service, connection, "bridge", stage=f"bridge-{number}") as run,
        ):
            barrier.wait(timeout=60)
            run.transaction(apply_claims, run, plan)
            return dict(run.counts)

    with ThreadPoolExecutor(len(plans)) as pool:
        return list(pool.map(redeem, range(len(plans)), plans))


def planned(counter: Counter, code_of: Callable[[int], str]) -> list[list[ClaimOutcome]]:
    """For each of many customers the plan of somebody who sees their claim alone."""
    customers = [counter.ours.add_customer() for _number in range(CUSTOMERS)]
    counter.typed(*((one, code_of(place)) for place, one in enumerate(customers)))
    plans = [counter.plan(only=[counter.eccube_id(one)]) for one in customers]
    assert all(len(plan) == 1 and plan[0].makes_link for plan in plans)
    return plans


@pytest.mark.timeout(200)
def test_of_twenty_who_redeem_one_code_at_once_exactly_one_is_linked(counter: Counter) -> None:
    member_id, code = counter.member_with_code()
    counts = at_once(counter, planned(counter, lambda _place: code))
    assert sum(one.get("links_by_code", 0) for one in counts) == 1
    assert sum(one.get("stale", 0) for one in counts) == CUSTOMERS - 1
    (made,) = counter.ours.rows(link)
    assert (made.member_id, made.active) == (member_id, 1)
    assert counter.ours.row(link_code).used_by_customer_id == made.customer_id
    counter.night()
    assert sorted(counter.verdicts()) == [
        ("accepted", "linked"), *[("refused", "used_by_another")] * (CUSTOMERS - 1),
    ]  # fmt: skip


@pytest.mark.timeout(200)
def test_of_twenty_with_codes_of_one_member_exactly_one_is_linked_and_no_code_is_lost(
    counter: Counter,
) -> None:
    member_id = counter.ours.add_member()
    labels = counter.issue(CUSTOMERS)
    store_key = counter.ours.rows(link.metadata.tables["eccube_sync.member"])[0].store_key
    counter.assign(*((label.serial, store_key) for label in labels))
    counts = at_once(counter, planned(counter, lambda place: labels[place].code))
    assert sum(one.get("links_by_code", 0) for one in counts) == 1
    assert [row.member_id for row in counter.ours.rows(link, active=1)] == [member_id]
    assert [row.state for row in counter.ours.rows(link_code)].count("used") == 1
    counter.night()
    assert sorted(counter.verdicts()) == [
        ("accepted", "linked"), *[("conflict", "claimed_by_another")] * (CUSTOMERS - 1),
    ]  # fmt: skip


@pytest.mark.timeout(200)
def test_of_twenty_who_type_one_card_at_once_exactly_one_is_linked(counter: Counter) -> None:
    member_id = add_card(counter)
    customers = [counter.ours.add_customer() for _number in range(CUSTOMERS)]
    header = ("customer_id", "card", "birth_date")
    rows = [(counter.eccube_id(one), CARD, BORN) for one in customers]
    counter.import_file(counter.write(header, rows))
    plans = [counter.plan(only=[counter.eccube_id(one)]) for one in customers]
    counts = at_once(counter, plans)
    assert sum(one.get("links_by_card", 0) for one in counts) == 1
    assert [row.member_id for row in counter.ours.rows(link, active=1)] == [member_id]
    counter.night()
    assert sorted(counter.verdicts()) == [
        ("accepted", "linked"), *[("conflict", "claimed_by_another")] * (CUSTOMERS - 1),
    ]  # fmt: skip
