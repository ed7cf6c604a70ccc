"""This project's engine after ``matcher train``: weights learned from the two lists, without labels."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from benchmarks.matching.contenders.eccube_sync import outcome
from benchmarks.matching.outcome import Outcome
from eccube_sync.linkage.candidates import candidate_pairs
from eccube_sync.linkage.decide import decide
from eccube_sync.linkage.model import fit_model, without_shared
from eccube_sync.linkage.people import People
from eccube_sync.linkage.prepare import prepare_chunks
from eccube_sync.linkage.score import compare, match_pairs
from eccube_sync.linkage.thresholds import with_threshold
from eccube_sync.linkage.training import train


def link(customers: Iterator[People], members: Iterator[People]) -> Callable[[], Outcome]:
    """Normalise, fit, join, compare, learn, score, decide: training is counted."""
    left, right = prepare_chunks(customers), prepare_chunks(members)
    start = fit_model(1, left, right)
    candidates = candidate_pairs(left, right, start.common)
    levels = compare(without_shared(start, left), without_shared(start, right), *candidates)
    learned = train(start, levels, len(left), len(right)).model
    pairs = match_pairs(learned, left, right, candidates)
    model = with_threshold(learned, pairs)
    decisions = decide(model, pairs, left, right)
    return lambda: outcome(model, left, right, candidates, decisions)
