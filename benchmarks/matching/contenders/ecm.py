"""The ECM classifier of recordlinkage, on the same normalised columns and the same candidate pairs."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pandas as pd
import recordlinkage

from benchmarks.matching.outcome import Outcome, Pairs, mutually_best, unscored
from eccube_sync.linkage.candidates import candidate_pairs
from eccube_sync.linkage.model import fit_model
from eccube_sync.linkage.people import People
from eccube_sync.linkage.prepare import prepare_chunks
from eccube_sync.matchers import NO_DATE, Prepared

_LINK_AT = 0.99
_COLUMNS = ("family", "given", "family_kana", "given_kana", "birth", "mobile", "landline", "email", "house")


def link(customers: Iterator[People], members: Iterator[People]) -> Callable[[], Outcome]:
    """Equality of nine columns, weighed by expectation and conditional maximisation; the best pairs are linked."""
    left, right = prepare_chunks(customers), prepare_chunks(members)
    rows = candidate_pairs(left, right, fit_model(1, left, right).common)
    pairs = pd.MultiIndex.from_arrays(rows, names=("customer", "member"))
    compare = recordlinkage.Compare()
    left_table, right_table = _table(left), _table(right)
    for name in _COLUMNS:
        if left_table[name].notna().any() and right_table[name].notna().any():
            compare.exact(name, name, label=name, missing_value=0)
    vectors = compare.compute(pairs, left_table, right_table)
    classifier = recordlinkage.ECMClassifier(binarize=None)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        classifier.fit(vectors)
        probability = classifier.prob(vectors)
    scored = Pairs(*rows, _log_odds(probability.to_numpy()))
    linkable = mutually_best(scored)
    linked = linkable.take(np.flatnonzero(linkable.scores >= np.log2(_LINK_AT / (1 - _LINK_AT))))
    return lambda: Outcome(unscored(*rows), linked, linkable, scored)


def _log_odds(probability: Any) -> Any:
    clipped = np.clip(probability, 1e-15, 1 - 1e-15)
    return np.log2(clipped / (1 - clipped))


def _table(people: Prepared) -> pd.DataFrame:
    """Normalised people as a table; unknown values are missing."""
    table = pd.DataFrame(
        {
            "family": people.written.family.hashed(),
            "given": people.written.given.hashed(),
            "family_kana": people.read.family.hashed(),
            "given_kana": people.read.given.hashed(),
            "birth": np.where(people.birth == NO_DATE, 0, people.birth),
            "mobile": people.mobiles[:, 0],
            "landline": people.landlines[:, 0],
            "email": people.emails.hashed()[:, 0],
            "house": np.where(people.postal != 0, people.house, 0),
        }
    )
    return table.mask(table == 0)
