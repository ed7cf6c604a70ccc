"""``codes import``: what customers typed, from a CSV."""

from __future__ import annotations

from datetime import datetime

import pytest

from eccube_sync.errors import BadInputError, ConfigurationError
from eccube_sync.services.claims.fromfile import plan_claim_import
from eccube_sync.services.codes.keys import ensure_key, key_file, rotate_key
from eccube_sync.tables import metadata
from eccube_sync.tables.codes import claim, link_code
from tests.codes.counter import Counter


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp932"])
def test_claims_are_kept_with_their_code_and_moment(small: Counter, encoding: str) -> None:
    (label,) = small.issue()
    path = small.write(
        ("会員ID", "連携コード", "受付日時"), [(7, f" {label.code.lower()} ", "2026/4/9 21:30")], encoding
    )
    report = small.import_file(path)
    assert report.counts == {"claims_new": 1, "claims_known": 0}
    row = small.ours.row(claim)
    assert (row.eccube_id, row.link_code_id, row.state) == (7, small.ours.row(link_code).id, "pending")
    assert row.received_at == datetime(2026, 4, 9, 12, 30)


def test_without_a_moment_it_is_now(small: Counter) -> None:
    small.issue()
    small.import_file(small.write(("customer_id", "code"), [(7, "K7F3M-9QX2C")]))
    assert small.ours.row(claim).received_at == datetime(2026, 4, 10, 3, 0)


def test_the_same_row_twice_is_once_however_it_is_typed(small: Counter) -> None:
    (label,) = small.issue()
    rows = [(7, label.code), (7, label.code.lower()), ("７", label.code.replace("-", " "))]
    small.import_file(small.write(("customer_id", "code"), rows))
    assert len(small.ours.rows(claim)) == 1
    rotate_key(small.ours.settings.folders)
    report = small.import_file(small.write(("customer_id", "code"), [*rows, (8, label.code)]))
    assert report.counts == {"claims_new": 1, "claims_known": 1}
    assert [row.eccube_id for row in small.ours.rows(claim)] == [7, 8]
    assert len({row.link_code_id for row in small.ours.rows(claim)}) == 1


def test_codes_of_an_older_key_stay_good(counter: Counter) -> None:
    (old,) = counter.issue()
    rotate_key(counter.ours.settings.folders)
    (new,) = counter.issue()
    counter.import_file(counter.write(("customer_id", "code"), [(7, old.code), (8, new.code)]))
    assert [row.link_code_id for row in counter.ours.rows(claim)] == [1, 2]


def test_every_wrong_line_is_named_without_repeating_what_stands_there(small: Counter) -> None:
    (label,) = small.issue()
    rows = [
        (7, label.code, ""),  # 2: right
        ("", label.code, ""),  # 3
        ("yamada@example.com", label.code, ""),  # 4
        (0, label.code, ""),  # 5
        (8, label.code, "26/4/9"),  # 6: which calendar?
        (9, label.code, "2026-04-11"),  # 7: tomorrow
        (10, "1.2E+12", ""),  # 8: Excel
        (11, "", ""),  # 9: typed nothing, claims nothing
    ]
    with pytest.raises(BadInputError) as refused:
        small.import_file(small.write(("customer_id", "code", "received_at"), rows))
    assert [problem.line for problem in refused.value.problems] == [3, 4, 5, 6, 7, 8]
    said = str(refused.value) + repr(refused.value.problems)
    assert "yamada" not in said
    assert label.code not in said
    assert small.ours.rows(claim) == []


def test_a_mistyped_code_is_kept_as_refused_and_its_line_is_named(small: Counter) -> None:
    (label,) = small.issue()
    wrong = "A" if label.code[0] != "A" else "B"
    report = small.import_file(
        small.write(("customer_id", "code"), [(7, label.code), (8, wrong + label.code[1:]), (9, "なし")])
    )
    assert any("lines 3, 4" in note for note in report.notes)
    assert small.verdicts() == [("pending", None), ("refused", "malformed"), ("refused", "malformed")]


def test_a_plan_writes_nothing_and_shows_no_code(small: Counter) -> None:
    (label,) = small.issue()
    path = small.write(("customer_id", "code"), [(7, label.code), (8, "秘密の言葉")])
    before = small.ours.snapshot(*metadata.sorted_tables)
    with small.ours.connect() as connection:
        plan = plan_claim_import(small.ours.service, connection, path)
    assert small.ours.snapshot(*metadata.sorted_tables) == before
    shown = repr(plan) + repr(plan.report())
    assert label.code.replace("-", "") not in shown.replace("-", "")
    assert "秘密" not in shown


def test_claims_are_not_taken_in_while_a_key_is_missing(small: Counter) -> None:
    (label,) = small.issue()
    path = small.write(("customer_id", "code"), [(7, label.code)])
    key_file(small.ours.settings.folders).unlink()
    with pytest.raises(ConfigurationError, match="backup"):
        small.import_file(path)
    ensure_key(small.ours.settings.folders)
    with pytest.raises(ConfigurationError, match="lacks the key"):
        small.import_file(path)
    assert small.ours.rows(claim) == []
