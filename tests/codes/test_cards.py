"""A member number and a second fact: linked, waiting, or one and the same "not confirmed" for every failure."""

from __future__ import annotations

import os
import re
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from eccube_sync.clock import to_database
from eccube_sync.report import Report
from eccube_sync.services.claims.recording import TypedFact, card_claim, record_claims
from eccube_sync.services.claims.redeeming import apply_claims
from eccube_sync.services.claims.words import REASONS, shown_to_customer
from eccube_sync.services.codes.coding import keys_for_codes
from eccube_sync.services.codes.keys import ensure_key, rotate_key
from eccube_sync.services.members.importing import apply_import
from eccube_sync.services.members.importplan import plan_import
from eccube_sync.services.running import Run
from eccube_sync.tables import metadata
from eccube_sync.tables.cases import review_case
from eccube_sync.tables.codes import claim
from eccube_sync.tables.links import link
from eccube_sync.tables.members import member, member_code, member_version
from tests.codes.counter import Counter
from tests.support.rows import NOON, our_shop
from tests.support.shop import Shop

CARD = "2900000000017"
BORN = "1985-04-05"


def add_card(counter: Counter, number: str = CARD, **values: Any) -> int:
    """A member with this card."""
    member_id = counter.ours.add_member(code=number, **values)
    remember_code(counter, member_id, number)
    return member_id


def remember_code(counter: Counter, member_id: int, number: str, *, replaced: bool = False) -> None:
    """What an import keeps of a card, so that an old one still leads to its member."""
    of_member = counter.ours.row(member, id=member_id)
    counter.ours.insert(
        member_code,
        member_id=member_id,
        source_id=of_member.source_id,
        kind="code",
        code=number,
        from_import_id=of_member.first_import_id,
        to_import_id=of_member.first_import_id if replaced else None,
    )


def shown(counter: Counter) -> list[str]:
    """What each customer would be told."""
    return [shown_to_customer(row.kind, row.state) for row in counter.ours.rows(claim)]


# --- a good card -----------------------------------------------------------------------------------


@pytest.mark.parametrize(("fact", "value"), [("birth_date", "昭和60年4月5日"), ("phone_last4", "１２９８")])
def test_a_card_and_a_second_fact_link_once_and_prove_it(counter: Counter, fact: str, value: str) -> None:
    customer_id = counter.ours.add_customer()
    member_id = add_card(counter, mobile="090-2345-1298")
    counter.claims_card(customer_id, "２９０００００ 000017", fact, value)
    before = counter.ours.snapshot(*metadata.sorted_tables)
    plan = counter.plan()
    assert counter.ours.snapshot(*metadata.sorted_tables) == before
    assert counter.apply(plan)["links_by_card"] == 1
    made = counter.ours.row(link, active=1)
    assert (made.customer_id, made.member_id, made.method, made.proven_by) == (
        customer_id, member_id, "card", "card",
    )  # fmt: skip
    assert counter.verdicts() == [("accepted", "linked")]
    assert shown(counter) == ["linked"]
    assert counter.night() == {}


def test_nothing_secret_that_was_typed_is_kept_in_clear(counter: Counter) -> None:
    customer_id = counter.ours.add_customer()
    add_card(counter)
    counter.claims_card(customer_id, CARD, "birth_date", "1985/4/6")
    counter.claims_card(customer_id, CARD, "phone_last4", "9182")
    counter.claims_card(customer_id, CARD, "pin", "7391")
    kept = repr(counter.ours.snapshot(claim, metadata.tables["eccube_sync.journal"]))
    kept = re.sub(r"[0-9a-f]{64}", "", kept)  # four digits stand in many a hash
    assert not any(secret in kept for secret in ("1985/4/6", "1985-04-06", "9182", "7391"))


def test_the_same_card_and_fact_twice_is_once_another_fact_is_another_claim(small: Counter) -> None:
    customer_id = small.ours.add_customer()
    small.claims_card(customer_id, CARD, "birth_date", "1985-04-05")
    again = small.claims_card(customer_id, "29000-00000 017", "birth_date", "S60.4.5")
    other = small.claims_card(customer_id, CARD, "phone_last4", "5678")
    assert (again.counts["claims_new"], other.counts["claims_new"]) == (0, 1)


def test_one_row_may_hold_a_code_and_a_card(small: Counter) -> None:
    customer_id = small.ours.add_customer()
    (label,) = small.issue()
    header = ("会員ID", "連携コード", "会員番号", "生年月日")
    small.import_file(small.write(header, [(small.eccube_id(customer_id), label.code, CARD, BORN)]))
    assert [row.kind for row in small.ours.rows(claim)] == ["link_code", "card"]


def test_of_two_sources_with_one_number_the_second_fact_tells_which(
    sqlite_shop: Shop, tmp_path: Path
) -> None:
    sources = '[[source]]\nkey = "store"\n[[source]]\nkey = "outlet"\npattern = "outlet*.csv"\n'
    with our_shop(sqlite_shop, tmp_path, sources) as ours:
        counter = Counter(ours, tmp_path)
        customer_id = ours.add_customer()
        for source_key, born in (("store", date(1950, 1, 2)), ("outlet", date(1985, 4, 5))):
            member_id = ours.add_member(source_key=source_key, code="17", birth_date=born)
            remember_code(counter, member_id, "17")
        counter.claims_card(customer_id, "17", "birth_date", BORN)
        counter.night()
        assert ours.row(link, active=1).member_id == member_id


def test_a_pin_the_store_exports_is_a_second_fact_and_is_kept_as_a_hash_only(
    shop: Shop, tmp_path: Path
) -> None:
    mapped = '[[source]]\nkey = "store"\ntaken_at = "modified"\n[source.columns]\npin = ["PINコード"]\n'
    with our_shop(shop, tmp_path, mapped) as ours:
        counter = Counter(ours, tmp_path)
        right, wrong, without = (ours.add_customer() for _number in range(3))
        header = ("会員コード", "姓", "名", "PINコード")
        rows = [(CARD, "山田", "花子", "0731"), ("24", "佐藤", "次郎", "0731"), ("31", "鈴木", "一", "")]
        store_file(counter, counter.write(header, rows))
        for customer_id, number, pin in (
            (right, CARD, "０７３１"),
            (wrong, "24", "9999"),
            (without, "31", "1"),
        ):
            counter.claims_card(customer_id, number, "pin", pin)
        counter.night()
        assert [reason for _state, reason in counter.verdicts()] == [
            "linked", "second_fact_disagrees", "second_fact_missing",
        ]  # fmt: skip
        hashes = [row.pin_hash for row in ours.rows(member_version)]
        assert len(set(hashes)) == 3  # the same PIN of two members has two hashes, and one has none
        assert "0731" not in re.sub(r"[0-9a-f]{8}:[0-9a-f]{64}", "", repr(ours.snapshot(member_version)))
        rotate_key(ours.settings.folders)
        report = store_file(counter, counter.write(header, [*rows, ("48", "土居", "直樹", "")]))
        assert report.counts["changed"] == 2
        counter.claims_card(wrong, "24", "pin", "0731")
        counter.night()
        assert counter.verdicts()[-1] == ("accepted", "linked")


def store_file(counter: Counter, path: Path) -> Report:
    """``members import`` of a file written at noon."""
    os.utime(path, (NOON.timestamp(), NOON.timestamp()))
    with counter.ours.connect() as connection:
        plan = plan_import(counter.ours.service, connection, path)
    found: Report = counter.ours.apply(lambda run: apply_import(run, plan), "members import")
    return found


# --- every failure looks alike ---------------------------------------------------------------------


def _wrong_fact(counter: Counter, customer_id: int) -> None:
    add_card(counter)
    counter.claims_card(customer_id, CARD, "birth_date", "1985-04-06")


def _no_fact(counter: Counter, customer_id: int) -> None:
    add_card(counter)
    counter.claims_card(customer_id, CARD)


def _fact_the_store_lacks(counter: Counter, customer_id: int) -> None:
    add_card(counter, birth_date=None)
    counter.claims_card(customer_id, CARD, "birth_date", BORN)


def _nobodys_number(counter: Counter, customer_id: int) -> None:
    counter.claims_card(customer_id, "2900000999999", "birth_date", BORN)


def _old_number_of_nobody(counter: Counter, customer_id: int) -> None:
    counter.claims_card(customer_id, "2900000999999", "birth_date", BORN, "2026-02-01")


def _lost_card(counter: Counter, customer_id: int) -> None:
    add_card(counter, status="lost")
    counter.claims_card(customer_id, CARD, "birth_date", BORN)


def _replaced_card(counter: Counter, customer_id: int) -> None:
    remember_code(counter, add_card(counter, "2900000000024"), CARD, replaced=True)
    counter.claims_card(customer_id, CARD, "birth_date", BORN)


def _somebody_elses(counter: Counter, customer_id: int) -> None:
    counter.ours.add_link(counter.ours.add_customer(), add_card(counter), "card", proven_by="card")
    counter.claims_card(customer_id, CARD, "birth_date", BORN)


def _a_persons_link(counter: Counter, customer_id: int) -> None:
    counter.ours.add_link(counter.ours.add_customer(), add_card(counter), "review")
    counter.claims_card(customer_id, CARD, "birth_date", BORN)


def _decided_different(counter: Counter, customer_id: int) -> None:
    counter.ours.add_case(customer_id, add_card(counter), state="different")
    counter.claims_card(customer_id, CARD, "birth_date", BORN)


def _no_number(counter: Counter, customer_id: int) -> None:
    counter.claims_card(customer_id, "9" * 65, "birth_date", BORN)


def _after_too_many(counter: Counter, customer_id: int) -> None:
    add_card(counter)
    for number in range(5):
        counter.ours.insert(claim, **_failed(counter, number, eccube_id=counter.eccube_id(customer_id),
                                             customer_id=customer_id))  # fmt: skip
    counter.claims_card(customer_id, CARD, "birth_date", BORN)


FAILURES = {
    "second_fact_disagrees": _wrong_fact,
    "second_fact_not_given": _no_fact,
    "second_fact_missing": _fact_the_store_lacks,
    "card_unknown": _nobodys_number,
    "card_never_came": _old_number_of_nobody,
    "card_not_live": _lost_card,
    "card_not_live, replaced": _replaced_card,
    "claimed_by_another": _somebody_elses,
    "linked_by_person": _a_persons_link,
    "decided_different": _decided_different,
    "malformed": _no_number,
    "too_many_attempts": _after_too_many,
}


@pytest.mark.parametrize("reason", FAILURES)
def test_the_customer_is_told_the_same_whatever_failed(small: Counter, reason: str) -> None:
    customer_id = small.ours.add_customer(created_at=NOON - timedelta(days=400))
    FAILURES[reason](small, customer_id)
    small.night()
    judged = small.ours.rows(claim)[-1]
    assert judged.reason == reason.split(",", maxsplit=1)[0]
    assert judged.reason in REASONS
    assert shown_to_customer(judged.kind, judged.state) == "not_confirmed"
    assert not [row for row in small.ours.rows(link, active=1) if row.customer_id == customer_id]


def test_a_doubtful_card_is_a_question_that_says_what_happened(small: Counter) -> None:
    first, second, third = (small.ours.add_customer() for _number in range(3))
    _wrong_fact(small, first)
    small.ours.add_link(small.ours.add_customer(), add_card(small, "24"), "link_code", proven_by="link_code")
    small.claims_card(second, "24", "birth_date", BORN)
    add_card(small, "31", status="merged")
    small.claims_card(third, "31", "birth_date", BORN)
    small.night()
    asked = {row.customer_id: row.kind for row in small.ours.rows(review_case, state="open")}
    assert asked == {first: "second_fact", second: "claimed_twice", third: "lost_card_claim"}


# --- limits ----------------------------------------------------------------------------------------


def _failed(counter: Counter, number: int, **values: Any) -> dict[str, Any]:
    """A wrong claim of some days ago."""
    ensure_key(counter.ours.settings.folders)
    return {
        "claim_key": f"failed {number}", "eccube_id": 900 + number, "kind": "card", "code_hash": "0" * 64,
        "state": "conflict", "reason": "second_fact_disagrees", "run_id": counter.ours.run_id,
        "received_at": to_database(NOON - timedelta(days=3)),
    } | values  # fmt: skip


def test_after_many_wrong_answers_about_a_member_its_card_links_nobody_for_a_while(counter: Counter) -> None:
    early, late = counter.ours.add_customer(), counter.ours.add_customer()
    member_id = add_card(counter)
    for number in range(9):
        counter.ours.insert(claim, **_failed(counter, number, member_id=member_id))
    counter.claims_card(early, CARD, "birth_date", "1990-01-01", "2026-04-09 10:00")
    counter.claims_card(late, CARD, "birth_date", BORN, "2026-04-09 11:00")
    counter.night()
    assert counter.verdicts()[-2:] == [
        ("conflict", "second_fact_disagrees"),
        ("refused", "too_many_for_member"),
    ]


def test_whoever_guesses_from_one_place_under_many_accounts_is_stopped(counter: Counter) -> None:
    customers = [counter.ours.add_customer() for _number in range(22)]
    add_card(counter)
    with counter.ours.connect() as connection:
        keys = keys_for_codes(counter.ours.service, connection)
    guesses = [
        card_claim(
            keys,
            counter.eccube_id(one),
            CARD if place == 21 else f"77{place}",
            TypedFact("birth_date", BORN),
            NOON - timedelta(minutes=60 - place),
            claim_key=f"inbox {place}",
            origin="192.0.2.7" if place != 20 else "192.0.2.8",
        )
        for place, one in enumerate(customers)
    ]
    counter.ours.apply(lambda run: run.transaction(record_claims, run, keys, guesses, "inbox"))
    assert "192.0.2" not in repr(counter.ours.snapshot(claim))
    counter.night()
    reasons = [reason for _state, reason in counter.verdicts()]
    assert reasons == ["card_unknown"] * 21 + ["too_many_from_origin"]
    assert counter.night() == {}


def test_a_number_that_waits_does_not_count_against_itself(small: Counter) -> None:
    customer_id = small.ours.add_customer()
    for place in range(5):
        small.claims_card(customer_id, f"77{place}", "birth_date", BORN, f"2026-04-09 10:0{place}")
    small.night()
    add_card(small, "774")
    assert small.night()["links_by_card"] == 1
    small.claims_card(customer_id, "775", "birth_date", BORN, "2026-04-09 11:00")
    small.night()
    assert small.verdicts()[-1][1] == "card_unknown"


# --- a new member ----------------------------------------------------------------------------------


def test_a_card_of_nobody_yet_waits_and_is_linked_when_the_store_sends_the_member(counter: Counter) -> None:
    customer_id = counter.ours.add_customer()
    counter.claims_card(customer_id, CARD, "birth_date", BORN)
    counter.night()
    assert counter.verdicts() == [("waiting_for_store", "card_unknown")]
    assert counter.night() == {}
    member_id = add_card(counter)
    assert counter.night()["links_by_card"] == 1
    assert counter.ours.row(link, active=1).member_id == member_id


def test_a_run_that_dies_half_way_leaves_the_claim_as_it_was_and_the_next_links_once(
    counter: Counter,
) -> None:
    customer_id = counter.ours.add_customer()
    add_card(counter)
    counter.claims_card(customer_id, CARD, "birth_date", BORN)
    plan = counter.plan()
    before = counter.ours.snapshot(claim, link, review_case)

    def die(run: Run) -> None:
        apply_claims(run, plan)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        counter.ours.apply(lambda run: run.transaction(die, run), "classify")
    assert counter.ours.snapshot(claim, link, review_case) == before
    assert counter.night()["links_by_card"] == 1
    assert counter.night() == {}
