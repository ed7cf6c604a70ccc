"""The whole answer of every guard, as the admin reads it at nine in the morning and as the program goes on from it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest

from eccube_sync.errors import GuardRefusedError
from eccube_sync.membership.forecast import DowngradePlan
from eccube_sync.membership.guards import (
    all_downgrades,
    clock,
    mails_per_run,
    stale_store_data,
    surprise_downgrades,
)
from eccube_sync.membership.import_guards import (
    FileCounts,
    codes_change_hands,
    expiry_moved_backwards,
    filled_column_empties,
    import_shrinks,
    members_vanish,
)
from eccube_sync.membership.verdicts import GuardNumbers, GuardVerdict, limit_of, raise_if_refused

Judge = Callable[[], GuardVerdict]
"""Asked within the test, so that it is the test that fails."""

NUMBERS = GuardNumbers()
TODAY = date(2026, 4, 1)
NOW = datetime(2026, 3, 31, 18, 0, tzinfo=UTC)
PLAN = DowngradePlan(1000, {TODAY: 200}, {TODAY: 40}, {TODAY: 60})


def stale(hours: float | None) -> GuardVerdict:
    return stale_store_data(
        PLAN,
        NUMBERS,
        source="honten",
        resting=150,
        data_as_of=None if hours is None else NOW - timedelta(hours=hours),
        now=NOW,
        export_every_hours=24,
    )


REFUSALS: list[tuple[Judge, GuardVerdict]] = [
    (
        lambda: surprise_downgrades(PLAN, NUMBERS),
        GuardVerdict(
            "surprise_downgrades",
            "downgrades",
            True,
            {"surprises": 140, "downgrades": 200, "active": 1000, "limit": 5},
            "140 of 200 downgrades were not foreseen by the last store files; at most 5 may be, as 1000 customers "
            "have the store class. Nothing was changed. Look at the plan and at the newest store file. If it is "
            "right, run again with --i-expect 200.",
            200,
        ),
    ),
    (
        lambda: all_downgrades(PLAN, NUMBERS),
        GuardVerdict(
            "all_downgrades",
            "downgrades",
            True,
            {"downgrades": 200, "not_approved": 140, "active": 1000, "limit": 100},
            "200 of 1000 customers would lose the store class, 140 of them not approved beforehand; at most 100 "
            "may. Nothing was changed. Look at the plan. If it is right, run again with --i-expect 200.",
            200,
        ),
    ),
    (
        lambda: stale(2000),
        GuardVerdict(
            "stale_store_data",
            "downgrades",
            True,
            {"hours": 2000, "limit": 36, "resting": 150, "downgrades": 200},
            "The newest store data of honten is 2000 hours old (limit 36), so 150 of 200 downgrades cannot be "
            "trusted. No class was taken away. Export a new file from the POS. If it is right, run again with "
            "--i-expect 200.",
            200,
        ),
    ),
    (
        lambda: stale(None),
        GuardVerdict(
            "stale_store_data",
            "downgrades",
            True,
            {"hours": 0, "limit": 36, "resting": 150, "downgrades": 200},
            "honten has given no store data yet, so 150 of 200 downgrades cannot be trusted. No class was taken "
            "away. Export a file from the POS. If it is right, run again with --i-expect 200.",
            200,
        ),
    ),
    (
        lambda: mails_per_run({"expired": 13, "linked": 7}, {"expired": 10, "linked": 7}, NUMBERS),
        GuardVerdict(
            "mails_per_run",
            "mails",
            True,
            {"mails": 20, "unexplained": 3, "limit": 500},
            "3 of 20 mails have no event that explains them. None was queued. If it is right, run again with "
            "--i-expect 20.",
            20,
        ),
    ),
    (
        lambda: mails_per_run({"expired": 501}, {"expired": 501}, NUMBERS),
        GuardVerdict(
            "mails_per_run",
            "mails",
            True,
            {"mails": 501, "unexplained": 0, "limit": 500},
            "501 mails in one run, at most 500 may be. None was queued. Look at the plan. If it is right, run again "
            "with --i-expect 501.",
            501,
        ),
    ),
    (
        lambda: clock(NOW, NOW, NOW + timedelta(seconds=1), NUMBERS),
        GuardVerdict(
            "clock",
            "run",
            True,
            {"skew": 0, "back": 1, "limit": 120},
            "The clock is 1 seconds before the last run. Nothing was started. Set the machine's clock.",
        ),
    ),
    (
        lambda: clock(NOW + timedelta(seconds=121), NOW, NOW, NUMBERS),
        GuardVerdict(
            "clock",
            "run",
            True,
            {"skew": 121, "back": 0, "limit": 120},
            "The clock differs from the database's by 121 seconds (limit 120). Nothing was started. Set the "
            "machine's clock.",
        ),
    ),
    (
        lambda: import_shrinks(FileCounts(0), FileCounts(100), NUMBERS),
        GuardVerdict(
            "import_shrinks",
            "import",
            True,
            {"rows": 0, "before": 100, "percent": 98},
            "The file has no member rows. Nothing was changed. Export it again from the POS.",
        ),
    ),
    (
        lambda: import_shrinks(FileCounts(50), FileCounts(100), NUMBERS),
        GuardVerdict(
            "import_shrinks",
            "import",
            True,
            {"rows": 50, "before": 100, "percent": 98},
            "The file has 50 rows, the last good one had 100; at least 98 percent are expected. Nothing was "
            "changed. Check that the export was complete; import a part of the members with --partial. If it is "
            "right, run again with --i-expect 50.",
            50,
        ),
    ),
    (
        lambda: filled_column_empties(
            FileCounts(30, {"end_date": 20}), FileCounts(30, {"end_date": 30, "phone": 30}), NUMBERS
        ),
        GuardVerdict(
            "filled_column_empties",
            "import",
            True,
            {"columns": 2, "drop": 100, "limit": 5},
            "Much less is filled than in the last good file in: end_date, phone (up to 100 percentage points less, "
            "limit 5). Nothing was changed. Check the template and the columns of the export. If it is right, run "
            "again with --i-expect 30.",
            30,
        ),
    ),
    (
        lambda: filled_column_empties(FileCounts(30, {"phone": 20}), FileCounts(30, {"phone": 30}), NUMBERS),
        GuardVerdict(
            "filled_column_empties",
            "import",
            True,
            {"columns": 1, "drop": 33.3, "limit": 5},
            "Much less is filled than in the last good file in: phone (up to 33.3 percentage points less, limit 5). "
            "Nothing was changed. Check the template and the columns of the export. If it is right, run again with "
            "--i-expect 30.",
            30,
        ),
    ),
    (
        lambda: expiry_moved_backwards(30, FileCounts(100), NUMBERS),
        GuardVerdict(
            "expiry_moved_backwards",
            "import",
            True,
            {"backwards": 30, "members": 100, "percent": 1},
            "30 of 100 members have an earlier end date than before; more than 1 percent is refused. Nothing was "
            "changed. Check the dates of the file. If it is right, run again with --i-expect 100.",
            100,
        ),
    ),
    (
        lambda: members_vanish(190, 191, FileCounts(200), NUMBERS),
        GuardVerdict(
            "members_vanish",
            "import",
            True,
            {"missing": 190, "known": 191, "limit": 30},
            "190 of 191 members of the last good file are not in this one; at most 30 may be missing. Nothing was "
            "changed. Check that this is the export of this store, and all of it. If it is right, run again with "
            "--i-expect 200.",
            200,
        ),
    ),
    (
        lambda: codes_change_hands(6, FileCounts(100), NUMBERS),
        GuardVerdict(
            "codes_change_hands",
            "import",
            True,
            {"reused": 6, "members": 100, "limit": 5},
            "6 of 100 member codes name another person than before; at most 5 may. Nothing was changed. Check "
            "whether the rows or columns of the file were mixed up. If it is right, run again with --i-expect 100.",
            100,
        ),
    ),
]


@pytest.mark.parametrize(("judge", "expected"), REFUSALS)
def test_a_refusal_says_what_is_wrong_by_how_much_and_what_to_do(
    judge: Judge, expected: GuardVerdict
) -> None:
    assert judge() == expected


PASSES: list[tuple[Judge, GuardVerdict]] = [
    (
        lambda: surprise_downgrades(DowngradePlan(1000, {TODAY: 2}), NUMBERS),
        GuardVerdict(
            "surprise_downgrades",
            "downgrades",
            False,
            {"surprises": 2, "downgrades": 2, "active": 1000, "limit": 5},
            count=2,
        ),
    ),
    (
        lambda: import_shrinks(FileCounts(7), None, NUMBERS),
        GuardVerdict("import_shrinks", "import", False, {"rows": 7, "before": 0, "percent": 98}, count=7),
    ),
    (
        lambda: filled_column_empties(FileCounts(7), None, NUMBERS),
        GuardVerdict(
            "filled_column_empties", "import", False, {"columns": 0, "drop": 0, "limit": 5}, count=7
        ),
    ),
    (
        lambda: filled_column_empties(FileCounts(7, {"phone": 7}), FileCounts(0, {"phone": 0}), NUMBERS),
        GuardVerdict(
            "filled_column_empties", "import", False, {"columns": 0, "drop": -100, "limit": 5}, count=7
        ),
    ),
    (
        lambda: expiry_moved_backwards(1, FileCounts(100), NUMBERS),
        GuardVerdict(
            "expiry_moved_backwards",
            "import",
            False,
            {"backwards": 1, "members": 100, "percent": 1},
            count=100,
        ),
    ),
    (
        lambda: clock(NOW, NOW, None, NUMBERS),
        GuardVerdict("clock", "run", False, {"skew": 0, "back": 0, "limit": 120}),
    ),
]


@pytest.mark.parametrize(("judge", "expected"), PASSES)
def test_what_passes_gives_its_figures_and_no_words(judge: Judge, expected: GuardVerdict) -> None:
    assert judge() == expected


OVERRULED: list[tuple[Judge, str, str, int]] = [
    (lambda: surprise_downgrades(PLAN, NUMBERS, 200), "surprise_downgrades", "downgrades", 200),
    (lambda: all_downgrades(PLAN, NUMBERS, 200), "all_downgrades", "downgrades", 200),
    (lambda: mails_per_run({"expired": 501}, {"expired": 501}, NUMBERS, 501), "mails_per_run", "mails", 501),
    (lambda: import_shrinks(FileCounts(50), FileCounts(100), NUMBERS, 50), "import_shrinks", "import", 50),
    (
        lambda: filled_column_empties(FileCounts(9, {"phone": 0}), FileCounts(9, {"phone": 9}), NUMBERS, 9),
        "filled_column_empties",
        "import",
        9,
    ),
    (
        lambda: expiry_moved_backwards(30, FileCounts(100), NUMBERS, 100),
        "expiry_moved_backwards",
        "import",
        100,
    ),
    (lambda: members_vanish(190, 191, FileCounts(200), NUMBERS, 200), "members_vanish", "import", 200),
    (lambda: codes_change_hands(30, FileCounts(100), NUMBERS, 100), "codes_change_hands", "import", 100),
]


@pytest.mark.parametrize(("judge", "guard", "stops", "count"), OVERRULED)
def test_the_exact_number_overrules_and_is_kept_with_the_figures(
    judge: Judge, guard: str, stops: str, count: int
) -> None:
    said = judge()
    assert (said.guard, said.stops, said.count, said.overruled) == (guard, stops, count, True)
    assert (said.refused, said.message) == (False, "")
    assert said.figures


def test_a_number_that_is_not_the_plans_is_answered_with_both() -> None:
    said = all_downgrades(PLAN, NUMBERS, 199).message
    assert said.endswith(" Look at the plan. You expected 199, but it is 200.")


def test_only_mails_without_an_event_count_as_unexplained() -> None:
    said = mails_per_run({"expired": 30, "linked": 20}, {"expired": 10, "linked": 20}, NUMBERS)
    assert said.figures["unexplained"] == 20


@pytest.mark.parametrize(
    ("share", "whole", "limit"), [(0.29, 100, 29), (0.1, 59, 5), (0.005, 1999, 9), (0.0000001, 1, 0)]
)
def test_a_share_is_rounded_down_and_not_by_an_error_of_arithmetic(
    share: float, whole: int, limit: int
) -> None:
    assert limit_of(0, share, whole) == limit


def test_all_refusals_are_told_one_a_line() -> None:
    refused = [judge() for judge, _expected in REFUSALS[:2]]
    with pytest.raises(GuardRefusedError) as error:
        raise_if_refused([*refused, PASSES[0][0]()])
    assert str(error.value).split("\n") == [each.message for each in refused]
