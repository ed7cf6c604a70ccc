"""The one way links and cases begin and end."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from eccube_sync.services.links.linking import end_link, insert_link
from eccube_sync.services.review import casing
from eccube_sync.services.review.casing import Question, close_case, open_case
from eccube_sync.services.running import Run
from eccube_sync.tables.cases import review_case
from eccube_sync.tables.customers import customer_class
from eccube_sync.tables.links import link
from eccube_sync.tables.runs import journal
from tests.codes.counter import Counter

CASE: dict[str, Any] = {"kind": "uncertain", "customer_fingerprint": "c1", "member_fingerprint": "m1"}


def do(counter: Counter, function: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
    """Call one of the functions in a run and a transaction of its own."""
    return counter.ours.apply(lambda run: run.transaction(lambda: function(run, *arguments, **named)))


def make_link(counter: Counter, customer_id: int, member_id: int, **named: Any) -> int | None:
    given = {"method": "manual", "source_id": counter.ours.source_id()} | named
    made: int | None = do(counter, insert_link, customer_id=customer_id, member_id=member_id, **given)
    return made


# --- links -----------------------------------------------------------------------------------------


def test_a_taken_customer_or_member_gets_no_second_link(counter: Counter) -> None:
    first, second = counter.ours.add_customer(), counter.ours.add_customer()
    member_id, other = counter.ours.add_member(), counter.ours.add_member()
    assert make_link(counter, first, member_id)
    before = counter.ours.snapshot(link)
    assert make_link(counter, first, other) is None
    assert make_link(counter, second, member_id) is None
    assert counter.ours.snapshot(link) == before
    assert make_link(counter, second, member_id, slot=2)


def test_a_race_that_only_the_unique_key_sees_gives_no_link_and_keeps_the_rest(
    counter: Counter, monkeypatch: pytest.MonkeyPatch
) -> None:
    from eccube_sync.services.links import linking

    customer_id, member_id = counter.ours.add_customer(), counter.ours.add_member()
    counter.ours.add_link(counter.ours.add_customer(), member_id)
    looks = iter([False, True])
    monkeypatch.setattr(linking, "_taken", lambda _run, _row: next(looks))

    def work(run: Run) -> int | None:
        run.record("test", 1, "kept", None, "yes", "test")
        given = {"method": "manual", "source_id": counter.ours.source_id()}
        return insert_link(run, customer_id=customer_id, member_id=member_id, **given)

    assert do(counter, work) is None
    assert len(counter.ours.rows(link)) == 1
    assert [row.subject for row in counter.ours.rows(journal)] == ["test"]


def test_an_ended_link_makes_room_stays_as_history_and_ends_once(small: Counter) -> None:
    customer_id, member_id = small.ours.add_customer(), small.ours.add_member()
    link_id = make_link(small, customer_id, member_id)
    small.ours.insert(
        customer_class,
        customer_id=customer_id,
        membership_class="store",
        reason="valid",
        since=date(2026, 4, 1),
        run_id=small.ours.run_id,
    )
    assert do(small, end_link, link_id, "by_person")
    assert not do(small, end_link, link_id, "by_person")
    ended = small.ours.row(link)
    assert (ended.active, ended.ended_reason, ended.ended_at is None) == (None, "by_person", False)
    assert small.ours.row(customer_class).due_on == date(2026, 4, 10)
    assert make_link(small, customer_id, member_id)
    told = [(row.new_value, row.reason) for row in small.ours.rows(journal, subject="link")]
    assert told == [("active", "manual"), ("ended", "by_person"), ("active", "manual")]


# --- cases -----------------------------------------------------------------------------------------


def ask(run: Run, **about: Any) -> int | None:
    return open_case(run, Question(**about))


@pytest.fixture
def pair(small: Counter) -> dict[str, int]:
    return {"customer_id": small.ours.add_customer(), "member_id": small.ours.add_member()}


def test_a_pair_has_one_case_for_ever_and_nothing_new_asks_nothing(
    small: Counter, pair: dict[str, int]
) -> None:
    case_id = do(small, ask, **pair, **CASE)
    before = small.ours.snapshot(review_case)
    assert do(small, ask, **pair, **CASE) is None
    assert do(small, ask, **pair, kind="uncertain") is None  # fingerprints not known
    assert small.ours.snapshot(review_case) == before
    case = small.ours.row(review_case)
    assert (case.id, case.version, case.state) == (case_id, 1, "open")
    assert re.fullmatch("R-[0-9A-DF-HJKMNP-TV-Z]{6}", case.public_id)


@pytest.mark.parametrize(
    "change", [{"kind": "tied"}, {"member_fingerprint": "m2"}, {"customer_fingerprint": "c2"}]
)
@pytest.mark.parametrize("state", ["open", "hold", "same", "closed"])
def test_something_new_raises_the_version_and_opens_again(
    small: Counter, pair: dict[str, int], state: str, change: dict[str, str]
) -> None:
    public_id = small.ours.add_case(
        pair["customer_id"], pair["member_id"], state=state, hold_until=date(2026, 5, 1), decided_by="x",
        customer_fingerprint="c1", member_fingerprint="m1",
    )  # fmt: skip
    assert do(small, ask, **pair, **(CASE | change))
    case = small.ours.row(review_case)
    assert (case.public_id, case.version, case.state) == (public_id, 2, "open")
    assert (case.hold_until, case.decided_by, case.closed_reason) == (None, None, None)
    assert case.opened_on == (date(2026, 4, 1) if state == "open" else date(2026, 4, 10))
    assert do(small, ask, **pair, **(CASE | change)) is None


def test_a_no_of_a_person_outlives_a_new_card_and_address(small: Counter, pair: dict[str, int]) -> None:
    small.ours.add_case(pair["customer_id"], pair["member_id"], state="different")
    before = small.ours.snapshot(review_case)
    assert do(small, ask, **pair, **(CASE | {"kind": "tied", "member_fingerprint": "m9"})) is None
    assert small.ours.snapshot(review_case) == before
    assert do(small, ask, **pair, kind="claim_conflict", new_evidence=True)


def test_a_score_does_not_turn_a_case_about_a_claim_into_another(
    small: Counter, pair: dict[str, int]
) -> None:
    do(small, ask, **pair, **(CASE | {"kind": "claim_conflict"}))
    assert do(small, ask, **pair, **CASE) is None
    assert do(small, ask, **pair, **(CASE | {"member_fingerprint": "m2"}))
    case = small.ours.row(review_case)
    assert (case.kind, case.version) == ("claim_conflict", 2)


def test_cases_about_one_side_are_kept_apart_by_kind(small: Counter, pair: dict[str, int]) -> None:
    member_id, customer_id = pair["member_id"], pair["customer_id"]
    for kind in ("missing", "reused_code"):
        assert do(small, ask, kind=kind, customer_id=None, member_id=member_id)
    assert do(small, ask, kind="missing", customer_id=None, member_id=member_id) is None
    assert do(small, ask, kind="missing", customer_id=customer_id, member_id=None)
    assert len(small.ours.rows(review_case)) == 3


def test_only_a_case_that_waits_is_closed(small: Counter, pair: dict[str, int]) -> None:
    case_id = do(small, ask, **pair, **CASE)
    assert do(small, close_case, case_id, "no_longer_in_question")
    assert not do(small, close_case, case_id, "no_longer_in_question")
    case = small.ours.row(review_case)
    assert (case.state, case.closed_reason) == ("closed", "no_longer_in_question")


def test_a_question_that_closed_by_itself_is_asked_again_when_it_arises_again(
    small: Counter, pair: dict[str, int]
) -> None:
    """Somebody mistyped a phone and corrected it: the very facts of before are in doubt again."""
    case_id = do(small, ask, **pair, **CASE)
    assert do(small, close_case, case_id, "no_longer_in_question")
    assert do(small, ask, **pair, **CASE) == case_id
    case = small.ours.row(review_case)
    assert (case.state, case.version, case.closed_reason) == ("open", 2, None)
    assert do(small, close_case, case_id, "customer_gone")
    assert do(small, ask, **pair, **CASE) is None


def test_a_public_id_that_is_taken_is_drawn_again(small: Counter, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = iter(["R-AAAAAA", "R-AAAAAA", "R-BBBBBB"])
    monkeypatch.setattr(casing, "new_public_id", lambda: next(drawn))
    for _number in range(2):
        member_id = small.ours.add_member()
        assert do(small, ask, kind="missing", customer_id=None, member_id=member_id)
    assert [row.public_id for row in small.ours.rows(review_case)] == ["R-AAAAAA", "R-BBBBBB"]
    assert len(small.ours.rows(journal)) == 2
