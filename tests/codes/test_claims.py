"""What the night makes of a code: linked, waiting, refused, or a question to a person."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import pytest

from eccube_sync.clock import TOKYO, to_database
from eccube_sync.linkcode import new_code
from eccube_sync.services.codes.listing import apply_revoke, plan_revoke
from eccube_sync.tables import metadata
from eccube_sync.tables.cases import review_case
from eccube_sync.tables.codes import link_code
from eccube_sync.tables.customers import customer
from eccube_sync.tables.links import link, undone_pair
from eccube_sync.tables.members import member
from eccube_sync.tables.runs import journal
from tests.codes.counter import Counter
from tests.support.rows import NOON

STRANGER: dict[str, Any] = {
    "family_name": "佐藤",
    "given_name": "次郎",
    "family_kana": "サトウ",
    "given_kana": "ジロウ",
    "phone": "09011112223",
    "birth_date": date(1950, 1, 2),
}


def revoke(counter: Counter, serial: str) -> None:
    with counter.ours.connect() as connection:
        plan = plan_revoke(connection, [serial], None)
    counter.ours.apply(lambda run: apply_revoke(run, plan))


def active(counter: Counter) -> list[tuple[int, int, str, str | None]]:
    rows = counter.ours.rows(link, active=1)
    return [(row.customer_id, row.member_id, row.method, row.proven_by) for row in rows]


# --- a good code -----------------------------------------------------------------------------------


def test_a_good_code_links_customer_and_member_once_and_proves_it(counter: Counter) -> None:
    customer_id = counter.ours.add_customer()
    member_id, code = counter.member_with_code()
    counter.typed((customer_id, code))
    before = counter.ours.snapshot(*metadata.sorted_tables)
    plan = counter.plan()
    assert counter.ours.snapshot(*metadata.sorted_tables) == before
    assert counter.apply(plan)["links_by_code"] == 1
    assert active(counter) == [(customer_id, member_id, "link_code", "link_code")]
    used = counter.ours.row(link_code)
    assert (used.state, used.used_by_customer_id, used.used_at) == (
        "used",
        customer_id,
        datetime(2026, 4, 10, 3),
    )
    assert counter.verdicts() == [("accepted", "linked")]
    assert counter.plan() == []
    assert counter.night() == {}


def test_of_two_customers_with_one_code_the_earlier_one_is_linked(small: Counter) -> None:
    late, early = small.ours.add_customer(), small.ours.add_customer()
    member_id, code = small.member_with_code()
    small.typed((late, code, NOON - timedelta(hours=1)), (early, code, NOON - timedelta(hours=2)))
    small.night()
    assert small.verdicts() == [("refused", "used_by_another"), ("accepted", "linked")]
    assert active(small) == [(early, member_id, "link_code", "link_code")]


@pytest.mark.parametrize(
    "same",
    [
        {"family_kana": "やまだ", "given_kana": "ﾊﾅｺ"},
        {"birth_date": date(1985, 4, 5)},
        {"phone": "+81 90 2345 1298"},
        {"phone": "", "mobile": "090-9876-1298"},
    ],
)
def test_one_agreeing_fact_is_enough_besides_the_code(small: Counter, same: dict[str, Any]) -> None:
    customer_id = small.ours.add_customer(phone_number="0663451298")
    _member_id, code = small.member_with_code(**(STRANGER | same))
    small.typed((customer_id, code))
    small.night()
    assert small.verdicts() == [("accepted", "linked")]


# --- no good ---------------------------------------------------------------------------------------


def test_a_code_is_good_through_its_last_day_in_tokyo_and_its_night_may_come_later(small: Counter) -> None:
    in_time, too_late = small.ours.add_customer(), small.ours.add_customer()
    codes = [small.member_with_code()[1] for _number in range(2)]
    small.ours.clock.moment = NOON + timedelta(days=40)
    last = datetime(2026, 5, 10, 23, 59, tzinfo=TOKYO)
    small.typed((in_time, codes[0], last), (too_late, codes[1], last + timedelta(minutes=1)))
    small.night()
    assert small.verdicts() == [("accepted", "linked"), ("refused", "code_expired")]


def test_only_full_customers_are_linked(small: Counter) -> None:
    provisional = small.ours.add_customer(status=1, state="provisional")
    withdrawn = small.ours.add_customer(status=3, state="withdrawn")
    vanished = small.ours.add_customer()
    small.typed(*((one, small.member_with_code()[1]) for one in (provisional, withdrawn, vanished)))
    small.ours.eccube.execute("DELETE FROM dtb_customer WHERE id = :id", id=small.eccube_id(vanished))
    small.night()
    assert small.verdicts() == [
        ("pending", "customer_provisional"), ("refused", "customer_withdrawn"), ("refused", "no_such_customer"),
    ]  # fmt: skip
    small.ours.eccube.execute(
        "UPDATE dtb_customer SET customer_status_id = 2 WHERE id = :id", id=small.eccube_id(provisional)
    )
    small.night()
    assert small.verdicts()[0] == ("accepted", "linked")


def test_an_id_no_customer_ever_had_is_refused(small: Counter) -> None:
    (label,) = small.issue()
    small.import_file(small.write(("customer_id", "code"), [(999, label.code)]))
    assert small.night()["claims_refused"] == 1
    assert small.verdicts() == [("refused", "no_such_customer")]


def test_a_claim_typed_before_the_account_was_made_is_somebody_elses(small: Counter) -> None:
    customer_id = small.ours.add_customer(created_at=NOON - timedelta(days=2))
    _member_id, code = small.member_with_code()
    small.typed((customer_id, code, NOON - timedelta(days=3)))
    small.night()
    assert small.verdicts() == [("refused", "claimed_before_account")]


# --- guessing --------------------------------------------------------------------------------------


def wrong_codes(number: int) -> list[str]:
    return [new_code() for _position in range(number)]


def test_typing_mistakes_the_check_symbol_catches_use_up_no_attempt(small: Counter) -> None:
    customer_id = small.ours.add_customer()
    _member_id, code = small.member_with_code()
    small.typed(*((customer_id, f"{number}{code[1:]}") for number in "234567" if number != code[0]))
    small.typed((customer_id, code))
    small.night()
    assert small.verdicts()[-1] == ("accepted", "linked")


def test_failures_of_an_earlier_owner_of_the_id_do_not_count(small: Counter) -> None:
    customer_id = small.ours.add_customer()
    small.issue()
    small.typed(*((customer_id, wrong) for wrong in wrong_codes(5)))
    small.night()
    eccube_id = small.eccube_id(customer_id)
    with small.ours.connect() as connection, connection.begin():
        connection.execute(customer.update().where(customer.c.id == customer_id).values(current=None))
    created = NOON - timedelta(days=1)
    small.ours.eccube.execute("DELETE FROM dtb_customer WHERE id = :id", id=eccube_id)
    successor = small.ours.add_customer(id=eccube_id, created_at=created)
    _member_id, code = small.member_with_code()
    small.typed((successor, code))
    small.night()
    assert small.verdicts()[-1] == ("accepted", "linked")


# --- waiting ---------------------------------------------------------------------------------------


def test_a_code_waits_for_the_store_and_then_links(counter: Counter) -> None:
    customer_id = counter.ours.add_customer()
    (label,) = counter.issue()
    counter.typed((customer_id, label.code))
    assert counter.night() == {"claims_waiting": 1}
    assert counter.verdicts() == [("waiting_for_store", "code_unassigned")]
    counter.assign((label.serial, "NEW-1"))
    counter.night()
    assert counter.verdicts() == [("waiting_for_store", "member_not_imported")]
    steps = [row.new_value for row in counter.ours.rows(journal) if row.subject == "claim"]
    assert steps == ["pending", "waiting_for_store"]  # another reason to wait is no step
    # Waiting longer than the code is good, and saying nothing new every night.
    counter.ours.clock.moment = NOON + timedelta(days=60)
    assert counter.night() == {}
    sources = counter.ours.rows(metadata.tables["eccube_sync.source"])
    counter.ours._import_ids.clear()
    member_id = _import_member(counter, sources[0].id, "NEW-1")
    counter.night()
    assert counter.verdicts() == [("accepted", "linked")]
    assert active(counter)[0][:2] == (customer_id, member_id)


def _import_member(counter: Counter, source_id: int, code: str) -> int:
    """A member of a source that ``codes assign`` made known before any import."""
    ours = counter.ours
    ours._import_ids["store"] = ours.insert(
        metadata.tables["eccube_sync.member_import"],
        source_id=source_id,
        run_id=ours.run_id,
        sha256="0" * 64,
        file_name="members.csv",
        format_key="generic",
        encoding="utf-8",
        partial=False,
        taken_at=to_database(NOON),
        row_count=1,
        counts="{}",
        fill_rates="{}",
        state="accepted",
    )
    return ours.add_member(code=code)


def test_a_waiting_code_that_is_revoked_is_refused(small: Counter) -> None:
    customer_id = small.ours.add_customer()
    (label,) = small.issue()
    small.typed((customer_id, label.code))
    small.night()
    revoke(small, label.serial)
    small.night()
    assert small.verdicts() == [("refused", "code_revoked")]


# --- a person is asked -----------------------------------------------------------------------------


def test_a_code_whose_second_fact_disagrees_becomes_a_case_and_stays_unused(small: Counter) -> None:
    customer_id = small.ours.add_customer()
    member_id, code = small.member_with_code(**STRANGER)
    small.typed((customer_id, code))
    counts = small.night()
    assert counts == {"claims_in_conflict": 1, "cases_opened": 1}
    assert small.verdicts() == [("conflict", "second_fact_disagrees")]
    case = small.ours.row(review_case)
    assert (case.kind, case.customer_id, case.member_id) == ("second_fact", customer_id, member_id)
    assert (case.state, case.member_fingerprint) == ("open", small.ours.row(member).fingerprint)
    assert small.ours.row(link_code).state == "assigned"
    assert active(small) == []


def test_a_store_record_without_facts_is_asked_about_but_is_no_wrong_code(small: Counter) -> None:
    customer_id = small.ours.add_customer()
    nothing: dict[str, Any] = {"family_kana": "", "given_kana": "", "phone": "", "birth_date": None}
    small.typed(*((customer_id, small.member_with_code(**nothing)[1]) for _number in range(6)))
    small.night()
    assert small.verdicts() == [("conflict", "second_fact_missing")] * 6


def test_the_shops_own_phone_agrees_with_nobody(small: Counter) -> None:
    customer_id = small.ours.add_customer(phone_number="0663451298")
    _member_id, code = small.member_with_code(**(STRANGER | {"phone": "0663451298"}))
    small.typed((customer_id, code))
    assert [one.reason for one in small.plan()] == ["linked"]
    small.ours.eccube.execute("UPDATE dtb_base_info SET phone_number = '0663451298'")
    small.night()
    assert small.verdicts() == [("conflict", "second_fact_disagrees")]


# --- links that stand ------------------------------------------------------------------------------


def test_a_good_code_ends_guesses_that_say_otherwise_and_counts_them_as_wrong(counter: Counter) -> None:
    ours = counter.ours
    customer_id, other = ours.add_customer(), ours.add_customer()
    wrong = ours.add_member()
    member_id, code = counter.member_with_code()
    links = [ours.add_link(customer_id, wrong), ours.add_link(other, member_id)]
    counter.typed((customer_id, code))
    (outcome,) = counter.plan()
    assert sorted(outcome.ending_links) == links
    assert sorted(outcome.ended_customers) == [customer_id, other]
    counts = counter.apply([outcome])
    assert (counts["links_by_code"], counts["links_ended"], counts["wrong_links_found"]) == (1, 2, 2)
    assert active(counter) == [(customer_id, member_id, "link_code", "link_code")]
    assert {row.ended_reason for row in ours.rows(link) if row.active is None} == {"stronger_claim"}


def test_a_good_code_for_the_guessed_pair_makes_the_link_a_proven_one(small: Counter) -> None:
    customer_id = small.ours.add_customer()
    member_id, code = small.member_with_code()
    small.ours.add_link(customer_id, member_id)
    small.ours.add_case(customer_id, member_id)
    small.typed((customer_id, code))
    counts = small.night()
    assert counts.get("wrong_links_found", 0) == 0
    assert active(small) == [(customer_id, member_id, "link_code", "link_code")]
    case = small.ours.row(review_case)
    assert (case.state, case.closed_reason) == ("closed", "linked_by_code")


def test_a_good_code_for_a_pair_a_person_linked_proves_that_link(small: Counter) -> None:
    customer_id = small.ours.add_customer()
    member_id, code = small.member_with_code()
    small.ours.add_link(customer_id, member_id, "review")
    small.typed((customer_id, code))
    small.night()
    assert small.verdicts() == [("accepted", "already_linked")]
    assert active(small) == [(customer_id, member_id, "review", "link_code")]
    assert small.ours.row(link_code).state == "used"


@pytest.mark.parametrize("method", ["review", "manual", "issued"])
@pytest.mark.parametrize("side", ["customer", "member"])
def test_a_code_against_a_persons_link_asks_a_person(small: Counter, method: str, side: str) -> None:
    ours = small.ours
    customer_id = ours.add_customer()
    member_id, code = small.member_with_code()
    pair = (customer_id, ours.add_member()) if side == "customer" else (ours.add_customer(), member_id)
    ours.add_link(*pair, method)
    small.typed((customer_id, code))
    small.night()
    assert small.verdicts() == [("conflict", "linked_by_person")]
    assert active(small) == [(*pair, method, None)]
    case = ours.row(review_case)
    assert (case.kind, case.customer_id, case.member_id) == ("claim_conflict", customer_id, member_id)
    assert ours.row(link_code).state == "assigned"


def test_a_code_against_a_decision_that_they_differ_asks_again(counter: Counter) -> None:
    customer_id = counter.ours.add_customer()
    member_id, code = counter.member_with_code()
    public_id = counter.ours.add_case(customer_id, member_id, state="different", version=3)
    counter.typed((customer_id, code))
    counter.night()
    assert counter.verdicts() == [("conflict", "decided_different")]
    case = counter.ours.row(review_case, public_id=public_id)
    assert (case.state, case.kind, case.version) == ("open", "claim_conflict", 4)
    # While a person is asked, and after another no, a second code asks too and links nobody.
    counter.typed((customer_id, counter.code_for(member_id)))
    counter.night()
    assert counter.verdicts()[-1] == ("conflict", "asked_already")
    with counter.ours.connect() as connection, connection.begin():
        connection.execute(review_case.update().values(state="different"))
    counter.typed((customer_id, counter.code_for(member_id)))
    counter.night()
    assert counter.verdicts()[-1] == ("conflict", "decided_different")
    case = counter.ours.row(review_case, public_id=public_id)
    assert (case.state, case.version) == ("open", 5)
    assert active(counter) == []


def test_a_code_against_an_undone_link_asks_a_person_until_something_changes(small: Counter) -> None:
    ours = small.ours
    pairs = []
    for changed in (False, True):
        customer_id = ours.add_customer()
        member_id, code = small.member_with_code()
        ours.insert(
            undone_pair,
            customer_id=customer_id,
            member_id=member_id,
            customer_fingerprint=ours.row(customer, id=customer_id).fingerprint,
            member_fingerprint="x" if changed else ours.row(member, id=member_id).fingerprint,
            run_id=ours.run_id,
        )
        pairs.append((customer_id, code))
    small.typed(*pairs)
    small.night()
    assert small.verdicts() == [("conflict", "undone_before"), ("accepted", "linked")]


def test_of_two_codes_for_one_member_the_earlier_wins_and_the_other_is_asked_about(counter: Counter) -> None:
    first, second = counter.ours.add_customer(), counter.ours.add_customer()
    member_id, code = counter.member_with_code()
    other = counter.code_for(member_id)
    counter.typed((first, code, NOON - timedelta(hours=1)), (second, other))
    counter.night()
    assert counter.verdicts() == [("accepted", "linked"), ("conflict", "claimed_by_another")]
    assert active(counter) == [(first, member_id, "link_code", "link_code")]


def test_a_customer_with_codes_of_two_members_gets_the_first_and_a_question(small: Counter) -> None:
    customer_id = small.ours.add_customer()
    member_id, code = small.member_with_code()
    _other, second = small.member_with_code()
    small.typed((customer_id, code, NOON - timedelta(hours=1)), (customer_id, second))
    small.night()
    assert small.verdicts() == [("accepted", "linked"), ("conflict", "claimed_by_another")]
    assert active(small) == [(customer_id, member_id, "link_code", "link_code")]


# --- traces ----------------------------------------------------------------------------------------


def test_the_journal_tells_every_step_by_id_and_holds_no_code_and_no_person(counter: Counter) -> None:
    customer_id = counter.ours.add_customer()
    member_id, code = counter.member_with_code()
    counter.ours.add_link(counter.ours.add_customer(), member_id)
    counter.typed((customer_id, code))
    counter.night()
    rows = counter.ours.rows(journal)
    told = [(row.subject, row.field, row.old_value, row.new_value, row.reason) for row in rows]
    for step in (
        ("claim", "state", None, "pending", "codes_import"),
        ("claim", "state", "pending", "accepted", "linked"),
        ("link_code", "state", "issued", "assigned", "assigned_by_file"),
        ("link_code", "state", "assigned", "used", "claim"),
        ("link", "state", "active", "ended", "stronger_claim"),
        ("link", "state", None, "active", "link_code"),
    ):
        assert step in told
    everything = repr(counter.ours.snapshot(*metadata.sorted_tables))
    assert code not in everything
    assert code.replace("-", "") not in everything
    assert "ヤマダ" not in repr(rows)


def test_an_outcome_that_no_longer_fits_is_left_whole_for_the_next_night(counter: Counter) -> None:
    ours = counter.ours
    customer_id = ours.add_customer()
    member_id, code = counter.member_with_code()
    guess = ours.add_link(ours.add_customer(), member_id)
    counter.typed((customer_id, code))
    plan = counter.plan()
    with ours.connect() as connection, connection.begin():
        connection.execute(link.update().where(link.c.id == guess).values(active=None))
    reviewed = ours.add_link(ours.add_customer(), member_id, "review")
    assert counter.apply(plan) == {"stale": 1}
    assert counter.verdicts() == [("pending", None)]
    assert ours.row(link_code).state == "assigned"
    assert [row.id for row in ours.rows(link, active=1)] == [reviewed]
    counter.night()
    assert counter.verdicts() == [("conflict", "linked_by_person")]


def test_only_the_customers_asked_for_are_decided(small: Counter) -> None:
    first, second = small.ours.add_customer(), small.ours.add_customer()
    small.typed(*((one, small.member_with_code()[1]) for one in (first, second)))
    small.apply(small.plan(only=[small.eccube_id(second)]))
    assert small.verdicts() == [("pending", None), ("accepted", "linked")]
