"""Explanations: every score in bits and in words, without anybody's data."""

from __future__ import annotations

import numpy as np
import pytest

from eccube_sync.linkage.explain import HOUSEHOLD, WORDS, Reason, explain_pair, sentence
from eccube_sync.linkage.score import score_pairs
from eccube_sync.matchers import MATCHERS
from tests.linkage.conftest import Lists


def test_every_level_has_words() -> None:
    levels = {f"{field}.{level.name}" for field, matcher in MATCHERS.items() for level in matcher.levels[1:]}
    assert set(WORDS) == levels | {HOUSEHOLD}


def test_the_bits_of_the_reasons_add_up_to_the_score(lists: Lists) -> None:
    random = np.random.default_rng(4)
    i, j = random.integers(0, 4000, 200), random.integers(0, 4000, 200)
    scores = score_pairs(lists.model, lists.customers, lists.members, i, j)
    for row, (left, right) in enumerate(zip(i.tolist(), j.tolist(), strict=True)):
        reasons = explain_pair(lists.model, lists.customers, lists.members, left, right)
        assert sum(reason.bits for reason in reasons) == pytest.approx(float(scores.bits[row]), abs=0.6)


def test_what_speaks_for_the_pair_comes_before_what_speaks_against() -> None:
    reasons = [Reason("mobile.same", 22.0), Reason("address.different", -2.0), Reason("email.same", 21.0)]
    assert sentence(reasons) == "Same mobile number, same e-mail address; different address."


def test_nothing_to_compare_is_said_too() -> None:
    assert sentence([]) == "Nothing that could be compared."
