"""``codes issue``: the printer's list first, then the codes; nothing half, nothing shown."""

from __future__ import annotations

import os
import stat
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from eccube_sync.db import reading
from eccube_sync.errors import ConfigurationError, UsageError
from eccube_sync.linkcode import read_code
from eccube_sync.services.codes import coding
from eccube_sync.services.codes.coding import IssuePlan, apply_issue, plan_issue, unfinished_issues
from eccube_sync.services.codes.keys import key_file, rotate_key
from eccube_sync.services.running import Run
from eccube_sync.tables import metadata
from eccube_sync.tables.codes import code_batch, link_code
from eccube_sync.tables.runs import journal, run
from tests.codes.counter import Counter, read_labels
from tests.support.rows import our_shop
from tests.support.shop import Shop


class PowerCutError(BaseException):
    """The machine stops."""


def plan_of(counter: Counter, count: int = 3, **options: Any) -> IssuePlan:
    with counter.ours.connect() as connection:
        return plan_issue(counter.ours.service, connection, count, **options)


def test_the_list_holds_every_code_once_and_the_table_only_hashes(counter: Counter) -> None:
    labels = counter.issue(700, label="spring")
    assert [label.serial for label in labels] == [f"K{number:07d}" for number in range(1, 701)]
    assert len({label.code for label in labels}) == 700
    assert {label.expires_on for label in labels} == {"2026-05-10"}
    rows = counter.ours.rows(link_code)
    assert [row.serial for row in rows] == [label.serial for label in labels]
    assert {row.state for row in rows} == {"issued"}
    assert len({row.secret_hash for row in rows}) == 700
    batch = counter.ours.row(code_batch)
    assert (batch.label, batch.code_count, batch.expires_on) == ("spring", 700, date(2026, 5, 10))


def test_no_secret_is_anywhere_but_in_the_list(
    small: Counter, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    plan = plan_of(small)
    report = small.ours.apply(lambda run: apply_issue(run, plan), "codes issue")
    everything = repr(plan) + repr(report.as_json()) + caplog.text + "".join(capfd.readouterr())
    everything += repr(small.ours.snapshot(*metadata.sorted_tables))
    for label in read_labels(plan.path):
        assert label.code not in everything
        assert read_code(label.code) not in everything


def test_the_list_is_closed_to_others_and_never_takes_the_place_of_another(small: Counter) -> None:
    os.umask(0)
    path = small.folder / "labels.csv"
    labels = small.issue(2, output=path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with pytest.raises(UsageError, match="exists already"):
        small.issue(2, output=path)
    assert read_labels(path) == labels
    small.issue()
    assert len(list(small.ours.settings.folders.codes.glob("*.csv"))) == 1
    small.issue()
    assert len(list(small.ours.settings.folders.codes.glob("*.csv"))) == 2


def test_a_list_is_not_written_where_a_browser_can_reach_it(small: Counter) -> None:
    public = small.folder / "public_html"
    public.mkdir()
    with pytest.raises(UsageError, match="browser"):
        plan_of(small, output=public / "labels.csv")


def test_a_plan_writes_nothing_at_all(small: Counter) -> None:
    before = small.ours.snapshot(*metadata.sorted_tables)
    plan = plan_of(small)
    assert not plan.path.exists()
    assert not key_file(small.ours.settings.folders).exists()
    assert small.ours.snapshot(*metadata.sorted_tables) == before


def test_a_power_cut_before_the_codes_are_saved_leaves_a_dead_list_and_the_next_run_says_so(
    counter: Counter, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(*_arguments: object) -> None:
        raise PowerCutError

    plan = plan_of(counter, 2)
    with monkeypatch.context() as patch:
        patch.setattr(coding, "_save", stop)
        with pytest.raises(PowerCutError):
            counter.ours.apply(lambda run: apply_issue(run, plan), "codes issue")
    dead = read_labels(plan.path)
    assert len(dead) == 2
    assert counter.ours.rows(link_code) == counter.ours.rows(code_batch) == []
    assert counter.ours.rows(run)[-1].state == "failed"
    (note,) = plan_of(counter).notes
    assert plan.path.name in note
    assert "K0000001-K0000002" in note
    # The same serial never stands on two labels, and the dead codes open nothing.
    (alive,) = counter.issue()
    assert alive.serial == "K0000003"
    customer_id = counter.ours.add_customer()
    counter.typed((customer_id, dead[0].code))
    counter.night()
    assert counter.verdicts() == [("refused", "unknown_code")]
    with counter.ours.connect() as connection, reading(connection):
        assert unfinished_issues(connection) == []


def test_a_power_cut_before_the_list_is_whole_leaves_no_list_and_no_codes(
    small: Counter, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(_descriptor: int) -> None:
        raise PowerCutError

    def cut_short(current: Run) -> None:
        monkeypatch.setattr(os, "fsync", stop)
        apply_issue(current, plan)

    plan = plan_of(small)
    with pytest.raises(PowerCutError):
        small.ours.apply(cut_short, "codes issue")
    assert not plan.path.exists()
    assert small.ours.rows(link_code) == []


def test_the_list_is_on_disk_before_any_code_is_valid(
    small: Counter, monkeypatch: pytest.MonkeyPatch
) -> None:
    order: list[str] = []
    write, save = coding.write_csv, coding._save
    monkeypatch.setattr(coding, "write_csv", lambda *a, **k: (write(*a, **k), order.append("list")))
    monkeypatch.setattr(coding, "_save", lambda *a: (order.append("codes"), save(*a)))
    small.issue()
    assert order == ["list", "codes"]


def test_the_journal_names_batch_and_serials_only(small: Counter) -> None:
    small.issue(3)
    rows = small.ours.rows(journal)
    assert {(row.subject, row.field, row.old_value) for row in rows} == {
        ("code_reservation", "file", "K0000001-K0000003"),
        ("code_batch", "codes", None),
        ("export", "rows", None),
    }


def test_a_drawn_code_that_exists_already_is_drawn_again(
    small: Counter, monkeypatch: pytest.MonkeyPatch
) -> None:
    (first,) = small.issue()
    rotate_key(small.ours.settings.folders)
    known = read_code(first.code)
    other = "K7F3M9QX2C"
    drawn = iter([known, known, other])
    monkeypatch.setattr(coding, "new_code", lambda: next(drawn))
    (second,) = small.issue()
    assert read_code(second.code.replace("-", "")) != known
    assert second.code.replace("-", "") == other


def test_days_and_encoding_are_those_the_shop_wants(sqlite_shop: Shop, tmp_path: Path) -> None:
    configuration = '[codes]\nprefix = "shop"\nvalid_days = 10\nencoding = "cp932"\n'
    with our_shop(sqlite_shop, tmp_path, configuration) as ours:
        counter = Counter(ours, tmp_path)
        assert counter.issue()[0].expires_on == "2026-04-20"
        (label,) = counter.issue(valid_days=90)
        assert label.expires_on == (date(2026, 4, 10) + timedelta(days=90)).isoformat()
        assert label.serial == "SHOPK0000002"
        path = next(iter(ours.settings.folders.codes.glob("*.csv")))
        assert not path.read_bytes().startswith(b"\xef\xbb\xbf")


@pytest.mark.parametrize("count", [0, 100_001])
def test_an_impossible_number_of_codes_is_refused(small: Counter, count: int) -> None:
    with pytest.raises(UsageError, match="between 1 and"):
        plan_of(small, count)


def test_serials_end_before_they_outgrow_their_label(small: Counter) -> None:
    small.ours.insert(
        journal,
        run_id=small.ours.run_id,
        subject="code_reservation",
        subject_id=9_999_998,
        field="file",
        reason="codes_issue",
        created_at=small.ours.clock.now().replace(tzinfo=None),
    )
    assert plan_of(small, 1).count == 1
    with pytest.raises(UsageError, match="Only 1 serials"):
        plan_of(small, 2)


def test_codes_are_not_issued_beside_others_whose_key_is_lost(small: Counter) -> None:
    small.issue()
    key_file(small.ours.settings.folders).unlink()
    plan = plan_of(small)
    with pytest.raises(ConfigurationError, match="backup"):
        small.ours.apply(lambda run: apply_issue(run, plan), "codes issue")
    assert not key_file(small.ours.settings.folders).exists()
