"""Splink done well: the same normalised columns, a joint household level, term frequencies, its EM, vetoes.

What its documentation recommends is followed: u from random pairs, m by two EM sessions that block on different
fields, the prior from deterministic rules. Surname, house and landline are one comparison, so that a household is
no coincidence of three. Pairs that contradict each other, or share nothing but the name, are not linked by
themselves, as in the product.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Set
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import splink.comparison_level_library as levels
import splink.comparison_library as comparisons
from splink import DuckDBAPI, Linker, SettingsCreator, block_on

from benchmarks.matching.outcome import Outcome, Pairs, mutually_best, unscored
from eccube_sync.linkage.frequencies import find_shared, hashed_numbers, homes
from eccube_sync.linkage.people import People
from eccube_sync.linkage.prepare import prepare_chunks
from eccube_sync.matchers import NO_DATE, Integers, Prepared

_LINK_AT = 0.99
_LOWEST_WEIGHT = -5.0
_SEED = 1
_RANDOM_PAIRS = 1e7
_EM_PAIRS = 2e6
_CERTAIN = (("letters", "birth"), ("given_kana", "mobile_1"), ("given", "email_1"))
_EM_SESSIONS = (("email_1",), ("birth", "given"), ("mobile_1",), ("letters",))

_SAME_FAMILY = "(family_l = family_r OR family_kana_l = family_kana_r)"
_SAME_HOUSE = "(house_l = house_r)"
_SAME_LANDLINE = "(landline_1_l IN (landline_1_r, landline_2_r) OR landline_2_l = landline_1_r)"
_SAME_BLOCK = "(postal_l = postal_r AND block_l = block_r)"
_SAME_MOBILE = "mobile_1_l IN (mobile_1_r, mobile_2_r) OR mobile_2_l = mobile_1_r"
_SAME_EMAIL = "email_1_l IN (email_1_r, email_2_r, email_3_r) OR email_2_l = email_1_r"
_SAME_MAILBOX = "mailbox_1_l IN (mailbox_1_r, mailbox_2_r)"


def _parts_alike(one: str, other: str) -> str:
    """SQL: how many of year, month and day two columns with days since 1970 have in common."""
    dates = [f"(DATE '1970-01-01' + {column}::INTEGER)" for column in (one, other)]
    return " + ".join(
        f"({part}({dates[0]}) = {part}({dates[1]}))::INTEGER" for part in ("year", "month", "day")
    )


_MAY_LINK = f"""
    NOT COALESCE(l.given <> r.given AND (l.given_kana <> r.given_kana) IS NOT FALSE AND l.letters <> r.letters
        AND damerau_levenshtein(COALESCE(l.given_kana, l.given), COALESCE(r.given_kana, r.given)) > 1, FALSE)
    AND COALESCE({_parts_alike("l.birth", "r.birth")} >= 2, TRUE)
    AND (COALESCE(l.birth = r.birth, FALSE) OR COALESCE(l.postal = r.postal, FALSE)
        OR COALESCE(l.house = r.house, FALSE)
        OR list_has_any([l.mobile_1, l.mobile_2, l.landline_1, l.landline_2],
            [r.mobile_1, r.mobile_2, r.landline_1, r.landline_2])
        OR list_has_any([l.email_1, l.email_2, l.mailbox_1], [r.email_1, r.email_2, r.mailbox_1]))
"""


def link(customers: Iterator[People], members: Iterator[People]) -> Callable[[], Outcome]:
    """Normalise with the product's own code, train, predict, take the mutually best pairs."""
    logging.getLogger("splink").setLevel(logging.ERROR)
    left, right = prepare_chunks(customers), prepare_chunks(members)
    shared = find_shared(left, right)
    database = DuckDBAPI()
    frames = [_table(side, shared) for side in (left, right)]
    del left, right
    known = {name for name in frames[0] if all(frame[name].notna().any() for frame in frames)}
    tables = [
        database.register(frame, dataset_display_name=name)
        for frame, name in zip(frames, ("a_customers", "b_members"), strict=True)
    ]
    linker = Linker(tables, _settings(), log_level=None)
    _train(linker, known)
    predicted = linker.inference.predict(threshold_match_weight=_LOWEST_WEIGHT)
    columns = _read(database.duckdb_con, predicted.physical_name, *(table.physical_name for table in tables))
    scored = Pairs(columns["unique_id_l"], columns["unique_id_r"], columns["match_weight"])
    linkable = mutually_best(scored.take(np.flatnonzero(columns["may_link"])))
    linked = linkable.take(linkable.scores >= np.log2(_LINK_AT / (1 - _LINK_AT)))

    def outcome() -> Outcome:
        blocked = linker.inference.compute_blocked_pairs_for_predict()
        keys = database.duckdb_con.sql(f"SELECT join_key_l, join_key_r FROM {blocked.physical_name}")
        return Outcome(_candidates(keys.fetchnumpy()), linked, linkable, scored)

    return outcome


def _table(people: Prepared, shared: dict[str, Integers]) -> pd.DataFrame:
    """Normalised people as a table; shared values and unknown ones are NULL."""
    everybody = slice(None)
    columns: dict[str, Any] = {
        "unique_id": people.ids,
        "family": people.written.family.strings(everybody),
        "given": people.written.given.strings(everybody),
        "family_kana": people.read.family.strings(everybody),
        "given_kana": people.read.given.strings(everybody),
        "letters": _sorted_letters(people.written.full(everybody)),
        "letters_kana": _sorted_letters(people.read.full(everybody)),
        "birth": _null(people.birth.astype(np.int64), people.birth == NO_DATE),
        "postal": _null(people.postal, people.postal == 0),
        "block": _null(people.block, people.block == 0),
    }
    house = homes(people)
    columns["house"] = _null(house, (house == 0) | np.isin(house, shared["homes"]))
    for name, values, count in (
        ("mobile", people.mobiles, 2),
        ("landline", people.landlines, 2),
        ("email", people.emails.hashed(), 3),
        ("mailbox", people.mailboxes.hashed(), 2),
    ):
        for slot in range(count):
            column = values[:, slot] if slot < values.shape[1] else np.zeros(len(people), np.int64)
            columns[f"{name}_{slot + 1}"] = _null(column, (column == 0) | _is_shared(name, column, shared))
    table = pd.DataFrame(columns)
    texts = ["family", "given", "family_kana", "given_kana", "letters", "letters_kana"]
    table[texts] = table[texts].mask(table[texts] == "", None)
    return table


def _sorted_letters(names: Any) -> list[str]:
    """The letters of the whole name in order, so that swapped and joined names are equal."""
    return ["".join(sorted(name)) for name in names]


def _is_shared(name: str, column: Integers, shared: dict[str, Integers]) -> Any:
    kind = {"mobile": "mobiles", "landline": "landlines", "email": "emails", "mailbox": "mailboxes"}[name]
    return np.isin(hashed_numbers(column) if name in {"mobile", "landline"} else column, shared[kind])


def _null(column: Integers, unknown: Any) -> Any:
    return pd.arrays.IntegerArray(column.copy(), np.asarray(unknown))


def _settings() -> SettingsCreator:
    return SettingsCreator(
        link_type="link_only",
        comparisons=[_household(), _given_name(), _birth_date(), _mobile(), _email()],
        blocking_rules_to_generate_predictions=_blocking_rules(),
        retain_matching_columns=False,
    )


def _blocking_rules() -> list[Any]:
    return [
        *_any_slot("mobile", 2),
        *_any_slot("landline", 2),
        "l.email_1 = r.email_1",
        "l.email_1 = r.email_2",
        "l.mailbox_1 = r.mailbox_1",
        "l.mailbox_1 = r.mailbox_2",
        *(
            block_on(*columns)
            for columns in (
                ("letters",),
                ("letters_kana",),
                ("birth", "given"),
                ("birth", "given_kana"),
                ("birth", "family"),
                ("birth", "family_kana"),
                ("birth", "postal"),
                ("postal", "given"),
                ("postal", "given_kana"),
                ("house", "given_kana"),
            )
        ),
    ]


def _any_slot(name: str, slots: int) -> list[str]:
    return [
        f"l.{name}_{a} = r.{name}_{b}" for a in range(1, slots + 1) for b in range(1, slots + 1) if a + b < 4
    ]


def _household() -> Any:
    """Surname, house and landline in one comparison: a household has them in common, and they count once."""
    unknown = (
        "((family_l IS NULL OR family_r IS NULL) AND (family_kana_l IS NULL OR family_kana_r IS NULL)"
        " AND (house_l IS NULL OR house_r IS NULL) AND (landline_1_l IS NULL OR landline_1_r IS NULL))"
    )
    home = f"({_SAME_HOUSE} OR {_SAME_LANDLINE})"
    return comparisons.CustomComparison(
        output_column_name="household",
        comparison_levels=[
            levels.CustomLevel(unknown).configure(is_null_level=True),
            levels.CustomLevel(f"{_SAME_FAMILY} AND {_SAME_HOUSE} AND {_SAME_LANDLINE}"),
            levels.CustomLevel(f"{_SAME_FAMILY} AND {home}"),
            levels.CustomLevel(home),
            levels.CustomLevel(f"{_SAME_FAMILY} AND {_SAME_BLOCK}"),
            levels.CustomLevel(f"{_SAME_FAMILY} AND postal_l = postal_r"),
            levels.ExactMatchLevel("family", term_frequency_adjustments=True),
            levels.ExactMatchLevel("family_kana", term_frequency_adjustments=True),
            levels.CustomLevel("postal_l = postal_r"),
            levels.ElseLevel(),
        ],
    )


def _given_name() -> Any:
    swapped = "(letters_l = letters_r OR letters_kana_l = letters_kana_r)"
    unknown = "(given_l IS NULL OR given_r IS NULL) AND (given_kana_l IS NULL OR given_kana_r IS NULL)"
    return comparisons.CustomComparison(
        output_column_name="given_name",
        comparison_levels=[
            levels.CustomLevel(f"({unknown}) AND COALESCE(NOT {swapped}, TRUE)").configure(
                is_null_level=True
            ),
            levels.ExactMatchLevel("given", term_frequency_adjustments=True),
            levels.ExactMatchLevel("given_kana", term_frequency_adjustments=True),
            levels.CustomLevel(swapped),
            levels.CustomLevel(
                "(damerau_levenshtein(given_l, given_r) <= 1 AND greatest(length(given_l), length(given_r)) > 1)"
                " OR (damerau_levenshtein(given_kana_l, given_kana_r) <= 1"
                " AND greatest(length(given_kana_l), length(given_kana_r)) > 2)"
            ),
            levels.ElseLevel(),
        ],
    )


def _birth_date() -> Any:
    return comparisons.CustomComparison(
        output_column_name="birth_date",
        comparison_levels=[
            levels.NullLevel("birth"),
            levels.ExactMatchLevel("birth"),
            levels.CustomLevel(f"{_parts_alike('birth_l', 'birth_r')} = 2"),
            levels.ElseLevel(),
        ],
    )


def _mobile() -> Any:
    return comparisons.CustomComparison(
        output_column_name="mobile",
        comparison_levels=[
            levels.NullLevel("mobile_1"),
            levels.CustomLevel(_SAME_MOBILE),
            levels.CustomLevel("damerau_levenshtein(mobile_1_l::VARCHAR, mobile_1_r::VARCHAR) <= 1"),
            levels.ElseLevel(),
        ],
    )


def _email() -> Any:
    return comparisons.CustomComparison(
        output_column_name="email",
        comparison_levels=[
            levels.NullLevel("email_1"),
            levels.CustomLevel(_SAME_EMAIL),
            levels.CustomLevel(_SAME_MAILBOX),
            levels.ElseLevel(),
        ],
    )


def _train(linker: Any, known: Set[str]) -> None:
    """Prior, u and m. ``known``: the columns that say something on both sides."""
    linker.training.estimate_probability_two_random_records_match(
        [block_on(*columns) for columns in _CERTAIN if known.issuperset(columns)], recall=0.75
    )
    linker.training.estimate_u_using_random_sampling(max_pairs=_RANDOM_PAIRS, seed=_SEED)
    for columns in _EM_SESSIONS:
        if known.issuperset(columns):
            linker.training.estimate_parameters_using_expectation_maximisation(
                block_on(*columns), max_pairs=_EM_PAIRS, record_sample_proportion=1.0
            )


def _read(connection: duckdb.DuckDBPyConnection, predicted: str, left: str, right: str) -> dict[str, Any]:
    """The scored pairs; ``may_link`` is false where given names or birth dates clearly differ, or only names agree."""
    return connection.sql(
        f"""
        SELECT p.unique_id_l, p.unique_id_r, p.match_weight, {_MAY_LINK} AS may_link
        FROM {predicted} p JOIN {left} l ON l.unique_id = p.unique_id_l JOIN {right} r ON r.unique_id = p.unique_id_r
        """
    ).fetchnumpy()


def _candidates(keys: dict[str, Any]) -> Pairs:
    left, right = (
        np.array([int(str(key).rpartition("-__-")[2]) for key in keys[name]], np.int64)
        for name in ("join_key_l", "join_key_r")
    )
    return unscored(left, right)
