"""A link code cannot be guessed, and is good once: for one customer, of many who use it at once for exactly one."""

from __future__ import annotations

import threading
from collections import Counter as Tally
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from math import log2
from pathlib import Path

import pytest

from eccube_sync.db import reading
from eccube_sync.linkcode import ALPHABET, SECRET_LENGTH, new_code
from eccube_sync.services.claims.claiming import guard_claims
from eccube_sync.services.claims.parts import ClaimOutcome
from eccube_sync.services.claims.redeeming import apply_claims
from eccube_sync.services.running import applied_run
from eccube_sync.tables.codes import claim, link_code
from eccube_sync.tables.links import link
from eccube_sync.tables.members import member
from tests.codes.counter import Counter
from tests.codes.test_alarm import classify, guess
from tests.codes.test_cards import BORN, CARD, add_card
from tests.codes.test_claims import active, revoke, wrong_codes
from tests.codes.test_linkcode import SIGNS
from tests.promises.scale import parts, scale
from tests.support.rows import NOON, our_shop
from tests.support.shop import Shop

pytestmark = [pytest.mark.promise("P29"), pytest.mark.timeout(1200)]

CUSTOMERS = 20


@pytest.fixture
def counter(shop: Shop, tmp_path: Path) -> Iterator[Counter]:
    """A shop's counter, once on SQLite and once on MariaDB."""
    with our_shop(shop, tmp_path) as ours:
        yield Counter(ours, tmp_path)


@pytest.fixture
def small(sqlite_shop: Shop, tmp_path: Path) -> Iterator[Counter]:
    """A shop's counter on SQLite, where the engine makes no difference."""
    with our_shop(sqlite_shop, tmp_path) as ours:
        yield Counter(ours, tmp_path)


@pytest.fixture
def careful(sqlite_shop: Shop, tmp_path: Path) -> Iterator[Counter]:
    """A shop that is alarmed by four wrong codes."""
    with our_shop(sqlite_shop, tmp_path, "[codes]\nalarm_failures = 4\n") as ours:
        yield Counter(ours, tmp_path)


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


@pytest.mark.parametrize("part", parts(1, 5))
def test_of_twenty_who_redeem_one_code_at_once_exactly_one_is_linked(
    counter: Counter, part: int, proof: Tally[str]
) -> None:
    for _round in range(scale(1, 10)):
        _redeemed_at_once(counter)
        proof["rounds"] += 1


def _redeemed_at_once(counter: Counter) -> None:
    before = counter.verdicts()
    member_id, code = counter.member_with_code()
    counts = at_once(counter, planned(counter, lambda _place: code))
    assert sum(one.get("links_by_code", 0) for one in counts) == 1
    assert sum(one.get("stale", 0) for one in counts) == CUSTOMERS - 1
    made = counter.ours.row(link, member_id=member_id)
    assert made.active == 1
    assert made.customer_id in {row.used_by_customer_id for row in counter.ours.rows(link_code)}
    counter.night()
    assert sorted(counter.verdicts()[len(before) :]) == [
        ("accepted", "linked"), *[("refused", "used_by_another")] * (CUSTOMERS - 1),
    ]  # fmt: skip


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


def test_codes_hold_at_least_44_bits_after_everything_that_is_not_drawn() -> None:
    # Counted exactly: every way to draw nine symbols, followed through the check symbol's 36 states.
    states: Tally[tuple[int, bool, bool]] = Tally({(18, False, False): 1})
    for position in range(SECRET_LENGTH):
        following: Tally[tuple[int, bool, bool]] = Tally()
        for (check, first, second), ways in states.items():
            for sign in ALPHABET:
                state = (((check or 36) * 2) % 37 + SIGNS.index(sign)) % 36
                letter = sign.isalpha()
                following[
                    state, first or (position < 5 and letter), second or (position >= 5 and letter)
                ] += ways
        states = following
    possible = 0
    for (check, first, second), ways in states.items():
        last = SIGNS[(1 - ((check or 36) * 2) % 37) % 36]
        if last in ALPHABET and first and (second or last.isalpha()):
            possible += ways
    assert log2(possible) >= 44


def test_the_sixth_wrong_code_of_a_customer_is_refused_unread_and_so_is_a_right_one(counter: Counter) -> None:
    customer_id = counter.ours.add_customer()
    member_id, code = counter.member_with_code()
    minutes = (NOON - timedelta(minutes=minute) for minute in range(60, 0, -1))
    counter.typed(*((customer_id, wrong, next(minutes)) for wrong in wrong_codes(3)))
    counter.night()
    counter.typed(*((customer_id, wrong, next(minutes)) for wrong in wrong_codes(3)))
    counter.typed((customer_id, code, next(minutes)))
    counter.night()
    reasons = [reason for _state, reason in counter.verdicts()]
    assert reasons == ["unknown_code"] * 5 + ["too_many_attempts"] * 2
    assert counter.ours.row(link_code).state == "assigned"
    # Thirty days later the failures are forgotten; another customer was never concerned.
    other = counter.ours.add_customer()
    counter.ours.clock.moment = NOON + timedelta(days=30)
    fresh = counter.code_for(member_id)
    counter.typed((customer_id, fresh))
    counter.night()
    assert counter.verdicts()[-1] == ("accepted", "linked")
    assert other not in {row[0] for row in active(counter)}


def test_a_classification_under_alarm_links_nobody_by_code_until_a_person_looked(careful: Counter) -> None:
    ours = careful.ours
    customer_id = ours.add_customer()
    member_id, code = careful.member_with_code()
    careful.typed((customer_id, code))
    guess(careful, 4)
    alarm = classify(careful)
    assert [one.guard for one in alarm if one.refused] == ["wrong_link_codes"]
    assert {row.state for row in ours.rows(claim)} == {"pending"}
    assert [row.method for row in ours.rows(link, active=1) if row.method == "link_code"] == []
    assert any(one.refused for one in classify(careful))  # the next night says so again
    assert not any(one.refused for one in classify(careful, expected=4))
    assert sorted(careful.verdicts()) == [("accepted", "linked"), *[("refused", "unknown_code")] * 4]
    assert (customer_id, member_id) in {
        (row.customer_id, row.member_id) for row in ours.rows(link, active=1, method="link_code")
    }


def test_a_used_code_links_nobody_else_and_the_same_customer_no_second_time(counter: Counter) -> None:
    first, second = counter.ours.add_customer(), counter.ours.add_customer()
    _member_id, code = counter.member_with_code()
    counter.typed((first, code))
    counter.night()
    counter.typed((second, code))
    again = counter.ours.row(claim, id=1)
    counter.ours.insert(
        claim,
        claim_key="from the plugin",
        eccube_id=counter.eccube_id(first),
        kind="link_code",
        code_hash=again.code_hash,
        link_code_id=again.link_code_id,
        state="pending",
        received_at=again.received_at,
        run_id=again.run_id,
    )
    links = counter.ours.snapshot(link, link_code)
    counter.night()
    assert counter.verdicts() == [
        ("accepted", "linked"),
        ("refused", "used_by_another"),
        ("accepted", "repeated"),
    ]
    assert counter.ours.snapshot(link, link_code) == links


def test_codes_that_are_unknown_revoked_or_expired_are_refused(small: Counter) -> None:
    customers = [small.ours.add_customer() for _number in range(3)]
    ours = small.ours
    revoked, expired = small.issue(2)
    members = [ours.row(member, id=ours.add_member()).store_key for _number in range(2)]
    small.assign((revoked.serial, members[0]), (expired.serial, members[1]))
    revoke(small, revoked.serial)
    ours.clock.moment = NOON + timedelta(days=31)
    small.typed((customers[0], "K7F3M-9QX2C"), (customers[1], revoked.code), (customers[2], expired.code))
    small.night()
    assert small.verdicts() == [
        ("refused", "unknown_code"), ("refused", "code_revoked"), ("refused", "code_expired"),
    ]  # fmt: skip
    assert active(small) == []


@pytest.mark.parametrize(("guesses", "refused"), [(49, False), (50, True)])
def test_the_fiftieth_wrong_code_of_a_night_stops_all_linking(
    small: Counter, guesses: int, refused: bool
) -> None:
    guessers = [small.ours.add_customer() for _number in range(10)]
    small.typed(*[(one, wrong) for one in guessers for wrong in wrong_codes(5)][:guesses])
    plan = small.plan()
    with small.ours.connect() as connection, reading(connection):
        assert guard_claims(small.ours.service, connection, plan, None).refused == refused


def test_guesses_hit_nothing_and_raise_the_alarm(small: Counter, proof: Tally[str]) -> None:
    """Many codes are live; many accounts guess, each more often than it may."""
    accounts, each, live = scale(20, 200), scale(6, 50), scale(50, 2000)
    labels = small.issue(live)
    members = [small.ours.add_member() for _number in range(5)]
    assert members and labels
    guessers = [small.ours.add_customer() for _number in range(accounts)]
    small.typed(*((one, wrong) for one in guessers for wrong in wrong_codes(each)))
    plan = small.plan()
    with small.ours.connect() as connection, reading(connection):
        assert guard_claims(small.ours.service, connection, plan, None).refused
    small.apply(plan)  # as if the alarm had been overruled
    reasons = Tally(reason for _state, reason in small.verdicts())
    assert reasons == {"unknown_code": accounts * 5, "too_many_attempts": accounts * (each - 5)}
    assert small.ours.rows(link) == []
    proof["guesses"] += accounts * each


def test_whoever_guesses_by_the_alphabet_hits_no_more(proof: Tally[str]) -> None:
    """No code is drawn twice, and codes drawn one after the other are alike in nothing."""
    drawn = [new_code() for _number in range(scale(5_000, 200_000))]
    assert len(set(drawn)) == len(drawn)
    at_each_place = [Tally(code[place] for code in drawn) for place in range(SECRET_LENGTH)]
    for tally in at_each_place:
        assert max(tally.values()) < 2 * len(drawn) / len(ALPHABET)
    proof["codes drawn"] += len(drawn)
