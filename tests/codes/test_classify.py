"""Codes and matching in one classification: the code goes first, and classes follow."""

from __future__ import annotations

from pathlib import Path

from eccube_sync.services.classes.expiring import apply_expiry, plan_expiry
from eccube_sync.services.matching.classifying import apply_classify
from eccube_sync.services.matching.classifyplan import plan_classify
from eccube_sync.tables.links import link
from tests.codes.counter import Counter
from tests.support.rows import our_shop
from tests.support.shop import Shop

NEW = {
    "name01": "高橋",
    "name02": "三郎",
    "kana01": "タカハシ",
    "kana02": "サブロウ",
    "phone_number": "09023451298",
}


def classify(counter: Counter) -> dict[str, int]:
    with counter.ours.connect() as connection:
        plan = plan_classify(counter.ours.service, connection)
    report = counter.ours.apply(lambda run: apply_classify(run, plan), "classify")
    return {name: number for name, number in report.counts.items() if number}


def test_a_customer_seen_for_the_first_time_is_linked_by_code_in_the_same_run(counter: Counter) -> None:
    eccube_id = counter.ours.eccube.add_customer(**NEW)
    member_id, code = counter.member_with_code(family_kana="たかはし", given_kana="さぶろう", birth_date=None)
    counter.import_file(counter.write(("customer_id", "code"), [(eccube_id, code)]))
    counts = classify(counter)
    assert (counts["customers_new"], counts["links_by_code"], counts["became_store"]) == (1, 1, 1)
    made = counter.ours.row(link)
    assert (made.member_id, made.method, made.proven_by) == (member_id, "link_code", "link_code")
    assert counter.ours.class_of(made.customer_id) == "store"
    assert classify(counter) == {}


def test_a_code_typed_later_is_decided_though_nothing_about_the_customer_changed(small: Counter) -> None:
    small.ours.eccube.add_customer(**NEW)
    classify(small)
    (customer_id,) = [1]
    assert small.ours.class_of(customer_id) == "ec_only"
    _member_id, code = small.member_with_code(
        phone="090-2345-1298", family_kana="", given_kana="", birth_date=None
    )
    small.typed((customer_id, code))
    assert classify(small)["links_by_code"] == 1
    assert small.ours.class_of(customer_id) == "store"


def test_a_member_may_have_as_many_accounts_as_the_shop_allows(sqlite_shop: Shop, tmp_path: Path) -> None:
    configuration = '[[source]]\nkey = "store"\naccounts_per_member = 2\n'
    with our_shop(sqlite_shop, tmp_path, configuration) as ours:
        counter = Counter(ours, tmp_path)
        customers = [ours.add_customer() for _number in range(3)]
        member_id = ours.add_member()
        counter.typed(*((one, counter.code_for(member_id)) for one in customers))
        counter.night()
        assert [reason for _state, reason in counter.verdicts()] == ["linked", "linked", "claimed_by_another"]
        assert [(row.customer_id, row.slot) for row in ours.rows(link, active=1)] == [
            (customers[0], 1),
            (customers[1], 2),
        ]


def test_with_several_accounts_only_the_least_probable_guess_gives_way(
    sqlite_shop: Shop, tmp_path: Path
) -> None:
    configuration = '[[source]]\nkey = "store"\naccounts_per_member = 2\n'
    with our_shop(sqlite_shop, tmp_path, configuration) as ours:
        counter = Counter(ours, tmp_path)
        sure, unsure, claimant = (ours.add_customer() for _number in range(3))
        member_id, code = counter.member_with_code()
        ours.add_link(sure, member_id, slot=1, probability=0.999)
        ours.add_link(unsure, member_id, slot=2, probability=0.991)
        counter.typed((claimant, code))
        counter.night()
        assert {(row.customer_id, row.slot, row.method) for row in ours.rows(link, active=1)} == {
            (sure, 1, "match"),
            (claimant, 2, "link_code"),
        }


def test_whoever_loses_a_wrong_guess_to_a_code_is_due_for_another_class_the_same_day(
    counter: Counter,
) -> None:
    ours = counter.ours
    # The rightful customer shares one fact with the store's record, the guessed one nearly all of them.
    rightful = ours.eccube.add_customer(**NEW)
    ours.eccube.add_customer()
    member_id, code = counter.member_with_code(mobile="09023451298")
    classify(counter)
    guessed = ours.row(link, active=1)
    assert (guessed.member_id, guessed.method) == (member_id, "match")
    assert ours.class_of(guessed.customer_id) == "store"
    counter.import_file(counter.write(("customer_id", "code"), [(rightful, code)]))
    counts = classify(counter)
    assert (counts["links_by_code"], counts["links_ended"], counts["became_store"]) == (1, 1, 1)
    assert ours.row(link, active=1).method == "link_code"
    with ours.connect() as connection:
        expiry = plan_expiry(ours.service, connection)
    ours.apply(lambda run: apply_expiry(run, expiry), "expire")
    assert ours.class_of(guessed.customer_id) == "ec_only"
    assert classify(counter) == {}
