"""What a decision does to links, cases and classes."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

from eccube_sync.services.review.answering import Answer, answer_case
from eccube_sync.tables.cases import review_case, review_decision
from eccube_sync.tables.links import link
from eccube_sync.tables.runs import journal
from tests.review.files import column, decide, export, exported, fill, newest, save, take_back
from tests.support.rows import OurShop, our_shop
from tests.support.shop import Shop


def states(ours: OurShop) -> dict[str, str]:
    return {row.public_id: row.state for row in ours.rows(review_case)}


def active(ours: OurShop) -> set[tuple[int, int, str]]:
    return {(row.customer_id, row.member_id, row.method) for row in ours.rows(link, active=1)}


def test_the_same_person_is_linked_and_becomes_a_store_member(ours: OurShop) -> None:
    customer, member = ours.add_customer(), ours.add_member()
    case = ours.add_case(customer, member)
    result = decide(ours, {case: "同一"}, reviewer="佐藤", note="電話で確認")
    assert result.counts == {"decisions_same": 1, "links_by_review": 1, "became_store": 1}
    made = ours.row(link, active=1)
    assert (made.customer_id, made.member_id, made.method) == (customer, member, "review")
    assert (made.actor, made.proven_by, made.probability) == ("佐藤", None, 0.6)
    assert ours.class_of(customer) == "store"
    decision = ours.row(review_decision)
    assert (decision.decision, decision.reviewer, decision.note) == ("same", "佐藤", "電話で確認")
    assert decision.export_id is not None
    assert ours.row(review_case).decided_by == "佐藤"


def test_every_change_of_a_decision_is_in_the_journal(ours: OurShop) -> None:
    customer, member, other = ours.add_customer(), ours.add_member(), ours.add_member()
    ours.add_link(customer, other)
    case = ours.add_case(customer, member)
    decide(ours, {case: "同一"})
    changes = {(row.subject, row.field, row.old_value, row.new_value) for row in ours.rows(journal)}
    assert {
        ("case", "state", "open", "same"),
        ("link", "state", "active", "ended"),
        ("link", "state", None, "active"),
        ("customer", "class", None, "store"),
    } <= changes


def test_a_persons_word_is_proof_where_the_shop_says_so(sqlite_shop: Shop, tmp_path: Path) -> None:
    with our_shop(sqlite_shop, tmp_path, "[membership]\nhuman_link_is_proof = true\n") as ours:
        case = ours.add_case(ours.add_customer(), ours.add_member())
        decide(ours, {case: "同一"})
        assert ours.row(link, active=1).proven_by == "review"


def test_the_same_person_ends_a_guess_of_the_machine_and_closes_the_neighbours(ours: OurShop) -> None:
    customer, right, wrong, third = (
        ours.add_customer(),
        ours.add_member(),
        ours.add_member(),
        ours.add_member(),
    )
    somebody = ours.add_customer()
    ours.add_link(customer, wrong)
    ours.add_link(somebody, right)
    asked = ours.add_case(customer, right)
    neighbour = ours.add_case(customer, third)
    about_somebody = ours.add_case(somebody, third)
    result = decide(ours, {asked: "同一"})
    assert active(ours) == {(customer, right, "review")}
    assert result.counts["links_ended"] == 2
    assert states(ours) == {asked: "same", neighbour: "closed", about_somebody: "open"}
    assert ours.class_of(somebody) == "ec_only"


def test_a_neighbour_in_another_source_stays_open(sqlite_shop: Shop, tmp_path: Path) -> None:
    with our_shop(
        sqlite_shop,
        tmp_path,
        '[[source]]\nkey = "store"\n[[source]]\nkey = "second"\npattern = "second*.csv"\n',
    ) as ours:
        customer = ours.add_customer()
        asked = ours.add_case(customer, ours.add_member())
        elsewhere = ours.add_case(customer, ours.add_member(source_key="second"))
        assert decide(ours, {asked: "同一"}).refused == {}
        assert states(ours)[elsewhere] == "open"
        assert decide(ours, {elsewhere: "同一"}).refused == {}
        assert len(active(ours)) == 2


def test_a_guess_that_links_the_pair_already_becomes_the_persons_link(small: OurShop) -> None:
    customer, member = small.add_customer(), small.add_member()
    before = small.add_link(customer, member)
    case = small.add_case(customer, member, "held_contradicted")
    decide(small, {case: "同一"})
    assert (small.row(link).id, small.row(link).method, small.row(link).active) == (before, "review", 1)


def test_no_decision_ends_what_a_person_or_a_code_linked(ours: OurShop) -> None:
    refused = {}
    for method in ("link_code", "card", "review", "manual", "issued"):
        customer, claimed = ours.add_customer(), ours.add_member()
        ours.add_link(customer, claimed, method)
        refused[ours.add_case(customer, ours.add_member())] = "同一"
        refused[ours.add_case(ours.add_customer(), claimed)] = "同一"
        refused[ours.add_case(customer, claimed)] = "別人"
    before = active(ours)
    result = decide(ours, refused)
    assert set(result.refused) == set(refused)
    assert active(ours) == before
    assert set(states(ours).values()) == {"open"}
    assert result.report.needs_person == len(refused)


def test_a_person_who_overrules_by_name_may_end_a_claim(small: OurShop) -> None:
    customer, member = small.add_customer(), small.add_member()
    small.add_link(customer, small.add_member(), "link_code")
    small.add_case(customer, member)
    answer = Answer(small.row(review_case).id, 1, "same", "店長")
    small.apply(lambda run: run.transaction(lambda: answer_case(run, answer, may_end={"match", "link_code"})))
    assert active(small) == {(customer, member, "review")}


def test_different_people_are_parted_and_remembered(ours: OurShop) -> None:
    customer, member = ours.add_customer(), ours.add_member()
    ours.add_link(customer, member)
    case = ours.add_case(customer, member, "held_contradicted")
    result = decide(ours, {case: "別人"})
    assert result.counts["links_ended"] == 1
    assert active(ours) == set()
    assert states(ours) == {case: "different"}
    assert ours.class_of(customer) == "ec_only"


def test_different_people_and_the_same_person_in_one_file_are_all_kept(small: OurShop) -> None:
    customer = small.add_customer()
    chosen, *others = [small.add_case(customer, small.add_member()) for _number in range(3)]
    result = decide(small, {chosen: "同一", others[0]: "別人", others[1]: "保留"})
    assert result.refused == {}
    assert states(small) == {chosen: "same", others[0]: "different", others[1]: "closed"}


def test_a_question_put_off_comes_back_after_the_days_the_shop_chose(ours: OurShop) -> None:
    case = ours.add_case(ours.add_customer(), ours.add_member())
    decide(ours, {case: "保留"})
    assert ours.row(review_case).hold_until == date(2026, 5, 10)
    ours.clock.advance(timedelta(days=29))
    assert export(ours).counts.get("cases_exported") is None
    ours.clock.advance(timedelta(days=1))
    assert column(exported(ours), "ID") == [case]
    assert states(ours) == {case: "open"}
    assert take_back(ours, save(ours, fill(exported(ours), {case: "保留"}))).counts == {"decisions_hold": 1}


def test_a_question_put_off_comes_back_when_its_facts_change(ours: OurShop) -> None:
    case = ours.add_case(ours.add_customer(), ours.add_member())
    decide(ours, {case: "保留"})
    ours.raise_version(case)
    assert column(exported(ours), "ID") == [case]


def test_a_question_about_one_side_is_dealt_with_and_links_nobody(small: OurShop) -> None:
    member = small.add_member()
    missing = small.add_case(None, member, "missing_member")
    identity = small.add_case(small.add_customer(), None, "identity_changed")
    assert decide(small, {missing: "対応済み", identity: "別人"}).refused == {}
    assert states(small) == {missing: "closed", identity: "different"}
    assert active(small) == set()


def test_a_pair_cannot_be_dealt_with_without_an_answer(small: OurShop) -> None:
    case = small.add_case(small.add_customer(), small.add_member())
    assert set(decide(small, {case: "対応済み"}).refused) == {case}


def test_nobody_is_linked_who_is_gone(small: OurShop) -> None:
    withdrawn = small.add_case(small.add_customer(state="withdrawn", status=3), small.add_member())
    replaced = small.add_case(small.add_customer(current=None), small.add_member())
    reused = small.add_case(small.add_customer(), small.add_member(current=None))
    assert set(decide(small, {withdrawn: "同一", replaced: "同一", reused: "同一"}).refused) == {
        withdrawn,
        replaced,
        reused,
    }
    assert active(small) == set()


def test_a_member_may_have_as_many_accounts_as_its_source_allows(sqlite_shop: Shop, tmp_path: Path) -> None:
    with our_shop(sqlite_shop, tmp_path, '[[source]]\nkey = "store"\naccounts_per_member = 2\n') as ours:
        member = ours.add_member()
        cases = [ours.add_case(ours.add_customer(), member, "several_accounts") for _number in range(3)]
        assert set(decide(ours, dict.fromkeys(cases, "同一")).refused) == set(cases)
        assert decide(ours, dict.fromkeys(cases[:2], "同一")).refused == {}
        assert sorted(row.slot for row in ours.rows(link, active=1)) == [1, 2]
        assert decide(ours, {cases[2]: "同一"}).refused == {}  # noted, but no third link
        assert sorted(row.slot for row in ours.rows(link, active=1)) == [1, 2]


def test_a_second_account_is_noted_and_the_first_keeps_its_link(ours: OurShop) -> None:
    first, member = ours.add_customer(), ours.add_member()
    standing = ours.add_link(first, member, "match")
    second = ours.add_case(ours.add_customer(), member, "several_accounts")
    assert decide(ours, {second: "同一"}).counts == {"decisions_same": 1}
    assert states(ours) == {second: "same"}
    assert [row.id for row in ours.rows(link, active=1)] == [standing]


def test_one_failed_row_does_not_keep_the_others_from_being_applied(ours: OurShop) -> None:
    taken = ours.add_member()
    late = ours.add_case(ours.add_customer(), taken)
    fine = ours.add_case(ours.add_customer(), ours.add_member())
    cells = fill(exported(ours), {late: "同一", fine: "同一"})
    path = save(ours, cells)
    ours.add_link(ours.add_customer(), taken, "link_code")
    result = take_back(ours, path)
    assert set(result.refused) == {late}
    assert states(ours) == {late: "open", fine: "same"}
    assert newest(ours).exists()
