"""Training without labels, thresholds from a wanted precision, and what reviewers' answers change."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eccube_sync.linkage.calibration import Answered, bands, interval, overconfidence, sample
from eccube_sync.linkage.candidates import candidate_pairs
from eccube_sync.linkage.decide import decide
from eccube_sync.linkage.model import Model, without_shared
from eccube_sync.linkage.quality import fill_rates, histogram, lines, worths
from eccube_sync.linkage.score import Flag, ScoredPairs, compare, match_pairs
from eccube_sync.linkage.thresholds import LOWEST, link_threshold, with_threshold
from eccube_sync.linkage.training import Learned, Truth, train
from eccube_sync.linkage.weights import DEFAULT_WEIGHTS
from eccube_sync.matchers import MATCHERS
from tests.linkage.conftest import Lists


@pytest.fixture(scope="module")
def learned(lists: Lists) -> Learned:
    left, right = without_shared(lists.model, lists.customers), without_shared(lists.model, lists.members)
    pairs = candidate_pairs(lists.customers, lists.members, lists.model.common)
    return train(lists.model, compare(left, right, *pairs), len(lists.customers), len(lists.members))


def test_nobody_tells_how_many_pairs_are_one_person_and_yet_they_are_counted(
    lists: Lists, learned: Learned
) -> None:
    assert learned.pairs[Truth.MATCH] == pytest.approx(lists.true_links(), rel=0.02)


def test_what_is_learned_is_what_happened_to_the_records(learned: Learned) -> None:
    weights = learned.model.weights
    # The lists of these tests: 5 % of the birth dates on both sides are a year off, nobody married.
    assert weights["birth_date"]["same"].match == pytest.approx(0.95, abs=0.02)
    assert weights["family_name"]["different"].match < DEFAULT_WEIGHTS["family_name"]["different"].match
    # Relatives share the house; their given names differ.
    assert weights["address"]["same_house"].relative > 0.8
    assert weights["given_name"]["different"].relative > 0.9


def test_a_learned_model_links_as_many_people_and_as_rightly(lists: Lists, learned: Learned) -> None:
    pairs = match_pairs(learned.model, lists.customers, lists.members)
    model = with_threshold(learned.model, pairs)
    links = [d for d in decide(model, pairs, lists.customers, lists.members) if d.action == "link"]
    right = sum(lists.same_person(d.customer_id, d.member_id) for d in links)
    assert right / len(links) >= 0.999
    assert right / lists.true_links() >= 0.9


def test_a_learned_model_can_be_stored_and_read(learned: Learned) -> None:
    assert Model.from_json(learned.model.to_json()).weights == learned.model.weights


def test_without_pairs_the_shipped_weights_stay(lists: Lists) -> None:
    nothing = train(lists.model, np.zeros((0, len(MATCHERS)), np.uint8), 10, 10).model.weights
    for field in ("birth_date", "mobile", "email", "address"):
        for level, weight in nothing[field].items():
            assert weight.match == pytest.approx(DEFAULT_WEIGHTS[field][level].match, abs=0.01)


def pairs_of(probabilities: list[float], flags: int = 0) -> ScoredPairs:
    ids = np.arange(len(probabilities))
    bits = np.zeros(len(ids), np.float32)
    return ScoredPairs(ids, ids, bits, np.array(probabilities), np.full(len(ids), flags, np.uint8))


@given(st.lists(st.floats(0.5, 1.0), min_size=1, max_size=300), st.sampled_from([0.9, 0.99, 0.999]))
def test_the_links_above_the_threshold_keep_the_wanted_precision(found: list[float], wanted: float) -> None:
    threshold = link_threshold(pairs_of(found), wanted)
    linked = [one for one in found if one >= threshold]
    assert LOWEST <= threshold <= 0.99
    if linked and threshold < 0.99:
        assert sum(1 - one for one in linked) <= (1 - wanted) * len(linked) + 1e-9


def test_the_line_moves_with_the_data_and_flagged_pairs_do_not_move_it() -> None:
    sure, doubtful = [0.999_999] * 100_000, [0.95] * 400
    assert link_threshold(pairs_of(sure + doubtful), 0.999) == pytest.approx(0.95)
    assert link_threshold(pairs_of(sure + doubtful * 40), 0.999) > 0.95
    flagged = pairs_of(sure + doubtful * 40, Flag.NAME_ONLY)
    assert link_threshold(flagged, 0.999) == 0.99


def test_wrong_links_that_people_found_make_the_line_stricter() -> None:
    found = pairs_of([0.999_99] * 50_000 + [0.99] * 3000)
    trusting = link_threshold(found, 0.999)
    checked = [Answered(0.999, same=number % 10 != 0) for number in range(100)]
    assert overconfidence(checked) > 5
    assert link_threshold(found, 0.999, overconfidence(checked)) > trusting


def test_right_links_change_nothing() -> None:
    assert overconfidence([Answered(0.99, same=True)] * 200) == 1.0
    assert overconfidence([]) == 1.0


@given(st.integers(0, 50), st.integers(1, 50))
def test_an_interval_holds_the_share_that_was_seen(count: int, more: int) -> None:
    low, high = interval(count, count + more)
    assert 0 <= low <= count / (count + more) <= high <= 1


def test_answers_are_told_by_how_probable_the_pairs_were_called() -> None:
    answers = [Answered(0.95, same=True), Answered(0.95, same=False), Answered(1.0, same=True)]
    found = bands(answers)
    assert [(one.low, one.answered, one.same) for one in found] == [(0.9, 2, 1), (0.999, 1, 1)]


def test_a_sample_asks_about_the_least_probable_links_and_about_others() -> None:
    found = pairs_of([0.91 + 0.0001 * number for number in range(800)])
    linked = [(number, number) for number in range(0, 800, 2)]
    rows = sample(found, linked, 100, seed=4).tolist()
    assert len(set(rows)) == 100
    assert set(rows) <= {number for number, _ in linked}
    assert set(range(0, 100, 2)) <= set(rows)
    assert max(rows) > 400
    assert rows == sample(found, linked, 100, seed=4).tolist()


def test_a_field_counts_as_known_where_it_says_something(lists: Lists) -> None:
    rates = fill_rates(lists.members)
    assert rates["birth_date"] == pytest.approx(0.8, abs=0.03)
    assert rates["family_name"] > 0.99


def test_the_figures_of_a_model_hang_together(lists: Lists) -> None:
    found = match_pairs(lists.model, lists.customers, lists.members)
    low, high = lines(found, [0.99, 0.9])[::-1], lines(found, [0.9])
    assert low[0].threshold == 0.99
    assert low[0].links <= high[0].links
    assert low[0].expected_precision >= high[0].expected_precision
    assert sum(count for _, count in histogram(found)) == len(found)
    same = {one.field: one for one in worths(lists.model) if one.level == "same"}
    assert same["mobile"].against_stranger > same["family_name"].against_stranger > 0


def test_a_line_the_shop_drew_itself_stands(lists: Lists) -> None:
    fixed = replace(lists.model, settings=replace(lists.model.settings, link_at=0.975))
    assert with_threshold(fixed, pairs_of([0.999_999] * 10)).link_at == 0.975
