"""Importing a store's export, as the admin and cron do it."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from sqlalchemy import select

from eccube_sync.clock import to_database
from eccube_sync.tables.members import (
    member,
    member_code,
    member_import,
    member_version,
    source,
    staged_member,
    store,
)
from eccube_sync.tables.runs import journal
from eccube_sync.tables.runs import run as run_table
from tests.members.exports import crowd, person, write_export
from tests.members.terminal import Terminal

OURS = (source, member_import, member, member_version, member_code, store, staged_member, journal, run_table)


def current(terminal: Terminal) -> dict[str, dict[str, object]]:
    """Store key → the current version of every current member."""
    statement = (
        select(member.c.store_key, member_version)
        .join(member_version, member_version.c.id == member.c.version_id)
        .where(member.c.current == 1)
    )
    with terminal.ours.connect() as connection:
        return {row["store_key"]: dict(row) for row in connection.execute(statement).mappings()}


def test_a_first_import_makes_a_member_a_version_and_codes_of_every_row(terminal: Terminal) -> None:
    assert terminal.import_rows(crowd(3, number="77")) == 0, terminal.errors
    assert terminal.ours.rows(staged_member) == []
    members = current(terminal)
    assert set(members) == {"1", "2", "3"}
    first = members["1"]
    assert first["family_name"] == "山田"
    assert first["given_name"] == "花1子"
    assert first["emails"] == "hanako@example.com"
    assert first["end_date"].isoformat() == "2027-03-31"  # type: ignore[attr-defined]
    assert first["previous_version_id"] is None
    codes = terminal.ours.rows(member_code, member_id=first["member_id"])
    assert {(code.kind, code.code, code.to_import_id) for code in codes} == {
        ("code", "2900000000001", None),
        ("number", "77", None),
    }
    imported = terminal.ours.row(member_import)
    assert (imported.row_count, imported.partial, imported.state) == (3, False, "accepted")
    assert (imported.format_key, imported.encoding) == ("smaregi", "cp932")
    assert json.loads(imported.fill_rates)["emails"] == 1.0
    newest = datetime(2026, 4, 8, 6, 30, tzinfo=UTC)  # 15:30 in Tokyo
    assert imported.taken_at == to_database(newest)
    assert terminal.ours.row(source).taken_at == to_database(newest)
    run = terminal.ours.row(run_table, command="members import")
    assert (run.state, json.loads(run.counts)["new"]) == ("done", 3)
    change = terminal.ours.row(journal, run_id=run.id)
    assert (change.subject, change.subject_id, change.new_value) == ("import", imported.id, "accepted")


def test_a_plan_writes_nothing_at_all(small: Terminal) -> None:
    path = write_export(small.folder / "members.csv", crowd(3))
    before = small.ours.snapshot(*OURS)
    assert small.run("members", "import", str(path)) == 0, small.errors
    assert "nothing was written" in small.output
    assert small.ours.snapshot(*OURS) == before


def test_the_same_file_again_changes_nothing(terminal: Terminal) -> None:
    terminal.import_rows(crowd(3))
    before = terminal.ours.snapshot(*OURS)
    assert terminal.import_rows(crowd(3)) == 0
    assert "imported before" in terminal.output
    assert terminal.ours.snapshot(*OURS) == before


def test_the_same_file_is_read_again_when_other_columns_are_configured(terminal: Terminal) -> None:
    """The order of a first day: import, look at the policies, and only then name the column with the end date."""
    configured = terminal.ours.service
    (source_before,) = configured.settings.sources
    unconfigured = source_before.model_copy(update={"columns": {}})
    settings = configured.settings.model_copy(update={"sources": (unconfigured,)})
    terminal.ours.service = replace(configured, settings=settings)
    terminal.import_rows(crowd(60), name="yesterday.csv")
    terminal.import_rows(crowd(59, visited="2026/04/09 10:00:00"), name="today.csv")
    assert {row["end_date"] for row in current(terminal).values()} == {None}

    terminal.ours.service = configured
    today = str(terminal.folder / "today.csv")
    assert terminal.run("members", "import", today, "--apply") == 0, terminal.errors
    members = current(terminal)
    assert {members[str(number)]["end_date"] for number in range(1, 60)} == {date(2027, 3, 31)}
    assert terminal.ours.row(member, store_key="60").missing_imports == 1, "absence was counted before"

    before = terminal.ours.snapshot(*OURS)
    for name in ("today.csv", "yesterday.csv"):
        assert terminal.run("members", "import", str(terminal.folder / name), "--apply") == 0, terminal.errors
        assert "imported before" in terminal.output
    assert terminal.ours.snapshot(*OURS) == before


def test_an_unchanged_row_in_another_file_gets_no_version(small: Terminal) -> None:
    small.import_rows(crowd(60))
    assert small.import_rows([*crowd(60), person(61, visited="2026/04/09 10:00:00")]) == 0, small.errors
    assert len(small.ours.rows(member_version)) == 61


def test_changed_rows_make_versions_and_leave_the_old_ones(terminal: Terminal) -> None:
    terminal.import_rows(crowd(60))
    rows = [*crowd(59), person(60, family="佐藤", family_kana="サトウ", visited="2026/04/09 10:00:00")]
    assert terminal.import_rows(rows) == 0, terminal.errors
    now = current(terminal)["60"]
    versions = terminal.ours.rows(member_version, member_id=now["member_id"])
    assert [version.family_name for version in versions] == ["山田", "佐藤"]
    assert versions[1].previous_version_id == versions[0].id
    changed = terminal.ours.row(member, store_key="60")
    assert changed.version_id == versions[1].id
    assert changed.fingerprint == versions[1].fingerprint != versions[0].fingerprint
    unchanged = terminal.ours.row(member, store_key="59")
    assert changed.changed_run_id > unchanged.changed_run_id


def test_points_alone_leave_the_fingerprint(small: Terminal) -> None:
    small.import_rows(crowd(3))
    before = small.ours.row(member, store_key="1").fingerprint
    assert small.import_rows([person(1, points="500"), *crowd(3)[1:]]) == 0
    assert small.ours.row(member, store_key="1").fingerprint == before
    assert current(small)["1"]["points"] == 500


def test_an_old_barcode_still_finds_its_member(terminal: Terminal) -> None:
    terminal.import_rows(crowd(3))
    assert terminal.import_rows([person(1, code="2900000009999"), *crowd(3)[1:]]) == 0, terminal.errors
    wanted = terminal.ours.row(member, store_key="1").id
    old = terminal.ours.row(member_code, code="2900000000001")
    new = terminal.ours.row(member_code, code="2900000009999")
    assert old.member_id == new.member_id == wanted
    assert old.to_import_id == new.from_import_id
    assert new.to_import_id is None


def test_a_barcode_handed_to_another_member_ends_for_the_first(terminal: Terminal) -> None:
    terminal.import_rows(crowd(3))
    code = person(1)["code"]
    rows = [person(1, code="2900000009999"), person(2, code=code), person(3)]
    assert terminal.import_rows(rows) == 0, terminal.errors
    held = [one for one in terminal.ours.rows(member_code, code=code) if one.to_import_id is None]
    assert [one.member_id for one in held] == [terminal.ours.row(member, store_key="2").id]


def test_a_barcode_handed_on_while_its_member_is_silent_ends_too(terminal: Terminal) -> None:
    terminal.import_rows(crowd(3))
    code = person(1)["code"]
    assert terminal.import_rows([person(2, code=code)], "--partial") == 0, terminal.errors
    held = [one for one in terminal.ours.rows(member_code, code=code) if one.to_import_id is None]
    assert [one.member_id for one in held] == [terminal.ours.row(member, store_key="2").id]


def test_a_code_given_to_another_person_makes_a_new_member(terminal: Terminal) -> None:
    terminal.import_rows(crowd(3, number="77"))
    other = {
        "family": "鈴木", "given": "一郎", "family_kana": "スズキ", "given_kana": "イチロウ",
        "birth": "1960/01/02", "phone": "", "email": "", "points": "",
    }  # fmt: skip
    assert terminal.import_rows([person(1, **other), *crowd(3)[1:]], "--i-expect", "3") == 0, terminal.errors
    before, after = terminal.ours.rows(member, store_key="1")
    assert (before.current, after.current) == (None, 1)
    now = current(terminal)["1"]
    assert (now["member_id"], now["family_name"], now["previous_version_id"]) == (after.id, "鈴木", None)
    # Nothing of the person before is left with the new one.
    assert (now["phone"], now["emails"], now["points"], now["number"]) == ("", "", None, None)
    codes = terminal.ours.rows(member_code, member_id=before.id)
    assert codes
    assert all(code.to_import_id is not None for code in codes)
    assert terminal.ours.row(member_code, member_id=after.id).to_import_id is None
    run = terminal.ours.rows(run_table, command="members import")[-1]
    assert json.loads(run.counts)["reused_codes"] == 1


def test_another_family_name_alone_is_the_same_person(small: Terminal) -> None:
    small.import_rows(crowd(3))
    married = person(1, family="佐藤", family_kana="サトウ", phone="090-9999-8888")
    assert small.import_rows([married, *crowd(3)[1:]]) == 0
    assert len(small.ours.rows(member)) == 3


def test_an_empty_cell_clears_nothing(small: Terminal) -> None:
    small.import_rows(crowd(60))
    empty = person(60, phone="", email="", birth="", end="", points="", postal="", address="", rank="")
    assert small.import_rows([*crowd(59), empty | {"family_kana": "", "given_kana": ""}]) == 0, small.errors
    now = current(small)["60"]
    kept = ("phone", "emails", "birth_date", "end_date", "points", "postal_code", "address", "rank_name")
    first = small.ours.rows(member_version, member_id=now["member_id"])[0]
    assert all(now[name] == getattr(first, name) for name in (*kept, "family_kana", "given_kana"))
    assert now["fingerprint"] == first.fingerprint


def test_the_kana_of_another_name_is_not_kept(small: Terminal) -> None:
    small.import_rows(crowd(60))
    married = person(60, family="佐藤", family_kana="", given_kana="", postal="", address="東京都千代田区1-1")
    assert small.import_rows([*crowd(59), married]) == 0, small.errors
    now = current(small)["60"]
    assert (now["family_kana"], now["given_kana"], now["postal_code"]) == ("", "", "")


def test_no_points_left_is_information(small: Terminal) -> None:
    small.import_rows(crowd(3))
    assert small.import_rows([person(1, points="0"), *crowd(3)[1:]]) == 0
    assert current(small)["1"]["points"] == 0


def test_absence_from_a_full_file_is_counted_and_changes_nothing_else(terminal: Terminal) -> None:
    terminal.import_rows(crowd(100))
    before = terminal.ours.row(source).taken_at
    assert terminal.import_rows(crowd(99, visited="2026/04/09 10:00:00")) == 0, terminal.errors
    gone = terminal.ours.row(member, store_key="100")
    assert (gone.current, gone.missing_imports, gone.confirmed_at) == (1, 1, before)
    assert terminal.import_rows(crowd(100, visited="2026/04/09 11:00:00")) == 0
    back = terminal.ours.row(member, store_key="100")
    assert (back.missing_imports, back.confirmed_at) == (0, None)


def test_a_partial_file_says_nothing_about_the_others(terminal: Terminal) -> None:
    terminal.import_rows(crowd(10))
    taken = terminal.ours.row(source).taken_at
    rows = [person(1, points="7", visited="2026/04/09 10:00:00"), person(11)]
    assert terminal.import_rows(rows, "--partial") == 0, terminal.errors
    by_key = {row.store_key: row for row in terminal.ours.rows(member)}
    fresh = to_database(datetime(2026, 4, 9, 1, 0, tzinfo=UTC))
    assert len(by_key) == 11
    assert (by_key["1"].confirmed_at, by_key["11"].confirmed_at) == (fresh, fresh)
    assert (by_key["2"].confirmed_at, by_key["2"].missing_imports) == (None, 0)
    assert terminal.ours.row(source).taken_at == taken


def test_a_member_back_in_a_partial_file_is_as_fresh_as_that_file(terminal: Terminal) -> None:
    terminal.import_rows(crowd(100))
    terminal.import_rows(crowd(99, visited="2026/04/09 10:00:00"))
    assert terminal.import_rows([person(100, visited="2026/04/09 12:00:00")], "--partial") == 0
    back = terminal.ours.row(member, store_key="100")
    assert back.missing_imports == 0
    assert back.confirmed_at == to_database(datetime(2026, 4, 9, 3, 0, tzinfo=UTC))


def test_a_file_older_than_what_is_known_is_refused(small: Terminal) -> None:
    small.import_rows(crowd(3))
    before = small.ours.snapshot(*OURS)
    assert small.import_rows(crowd(3, visited="2026/04/07 15:30:00")) == 65
    assert "2026-04-07 15:30" in small.errors
    assert "Nothing was changed" in small.errors
    assert small.ours.snapshot(*OURS) == before


def test_a_visit_in_the_future_does_not_make_a_file_look_new(small: Terminal) -> None:
    rows = [*crowd(3), person(4, visited="2027/01/01 10:00:00")]
    assert small.import_rows(rows) == 0, small.errors
    assert "future" in small.output
    newest = datetime(2026, 4, 8, 6, 30, tzinfo=UTC)
    assert small.ours.row(source).taken_at == to_database(newest)


def test_a_file_that_does_not_tell_its_age_is_refused(small: Terminal) -> None:
    assert small.import_rows(crowd(3), without=["visited", "joined"]) == 65
    assert "taken_at" in small.errors
    assert small.ours.rows(member) == []


def test_a_shrunken_file_is_refused_and_nothing_is_written(terminal: Terminal) -> None:
    terminal.import_rows(crowd(100))
    before = terminal.ours.snapshot(*OURS)
    assert terminal.import_rows(crowd(50)) == 70
    assert "--i-expect 50" in terminal.errors
    assert terminal.ours.snapshot(*OURS) == before
    assert terminal.import_rows(crowd(50), "--i-expect", "50") == 0, terminal.errors
    assert len(terminal.ours.rows(member, missing_imports=1)) == 50


def test_a_column_that_went_empty_is_refused_by_its_field(small: Terminal) -> None:
    small.import_rows(crowd(20))
    assert small.import_rows(crowd(20, phone="")) == 70
    assert "phone" in small.errors
    # An unused column may come and go.
    assert small.import_rows(crowd(20, points="1"), without=["memo"]) == 0, small.errors


def test_damage_is_refused_with_its_place_and_nothing_is_written(small: Terminal) -> None:
    before = small.ours.snapshot(*OURS)
    rows = [*crowd(3), person(4, code="2.90E+12"), person(5, birth="1985/02/30")]
    assert small.import_rows(rows) == 65
    assert "line 5" in small.errors
    assert "会員コード" in small.errors
    assert "line 6" in small.errors
    assert small.ours.snapshot(*OURS) == before


def test_a_text_no_table_holds_is_refused_before_anything_is_written(small: Terminal) -> None:
    before = small.ours.snapshot(*OURS)
    assert small.import_rows([person(1), person(2, address="大阪" * 200)]) == 65
    assert "line 3" in small.errors
    assert "住所" in small.errors
    assert "大阪" not in small.errors
    assert small.ours.snapshot(*OURS) == before


def test_errors_name_nobody(small: Terminal) -> None:
    rows = [person(1, birth="昭和花子"), person(2, status="山田"), person(3, points="090-1234-5678")]
    assert small.import_rows(rows) == 65
    for secret in ("昭和花子", "山田", "5678", "hanako"):
        assert secret not in small.errors


def test_a_file_that_changes_between_plan_and_import_is_refused(small: Terminal) -> None:
    from eccube_sync.errors import BadInputError
    from eccube_sync.services.members.importing import apply_import, plan_import

    path = write_export(small.folder / "members.csv", crowd(3))
    with small.ours.connect() as connection:
        plan = plan_import(small.ours.service, connection, path)
    write_export(path, crowd(4))
    refused = False
    try:
        small.ours.apply(lambda run: apply_import(run, plan))
    except BadInputError:
        refused = True
    assert refused
    assert small.ours.rows(member) == []


def test_a_plan_made_before_another_import_is_refused(small: Terminal) -> None:
    from eccube_sync.errors import LockedError
    from eccube_sync.services.members.importing import apply_import, plan_import

    path = write_export(small.folder / "late.csv", crowd(4))
    with small.ours.connect() as connection:
        plan = plan_import(small.ours.service, connection, path)
    small.import_rows(crowd(3))
    refused = False
    try:
        small.ours.apply(lambda run: apply_import(run, plan))
    except LockedError:
        refused = True
    assert refused
    assert len(small.ours.rows(member)) == 3


def test_linked_customers_are_looked_at_again_when_their_member_changes(terminal: Terminal) -> None:
    from eccube_sync.tables.customers import customer_class

    ours = terminal.ours
    terminal.import_rows(crowd(3))
    linked, other = ours.add_customer(), ours.add_customer()
    ours.add_link(linked, ours.row(member, store_key="1").id, source_id=ours.row(source).id)
    for one in (linked, other):
        ours.insert(
            customer_class,
            customer_id=one,
            membership_class="store",
            reason="current",
            since=ours.clock.now().date(),
            run_id=ours.run_id,
        )
    terminal.import_rows([person(1, end="2026/04/30"), *crowd(3)[1:]], "--i-expect", "3")
    today = ours.clock.now().date()
    assert ours.row(customer_class, customer_id=linked).due_on == today
    assert ours.row(customer_class, customer_id=other).due_on is None


def test_a_program_gets_one_json_document(small: Terminal, tmp_path: Path) -> None:
    path = write_export(tmp_path / "members.csv", crowd(3))
    assert small.json("members", "import", str(path))["counts"]["new"] == 3
    assert small.ours.rows(member) == []
    assert small.json("members", "import", str(path), "--apply")["counts"]["new"] == 3
    assert len(small.ours.rows(member)) == 3
    small.ours.clock.advance(timedelta(days=1))
    assert small.json("members", "import", str(path), "--apply")["counts"] == {}


def test_a_member_of_an_undone_import_is_the_same_member_when_the_file_comes_again(
    terminal: Terminal,
) -> None:
    ours = terminal.ours
    terminal.import_rows(crowd(3, points="7", phone="06-9999-8888"))
    ids = [row.id for row in ours.rows(member)]
    run_id = ours.rows(run_table, command="members import")[-1].id
    assert terminal.run("runs", "undo", str(run_id), "--apply") == 0, terminal.errors
    assert current(terminal) == {}
    assert terminal.import_rows(crowd(3, phone="")) == 0, terminal.errors
    assert [(row.id, row.current) for row in ours.rows(member)] == [(one, 1) for one in ids]
    # What the undone file said is gone, and its barcodes lead to one member each.
    assert {row["phone"] for row in current(terminal).values()} == {""}
    codes = [one for one in ours.rows(member_code) if one.to_import_id is None]
    assert sorted(one.member_id for one in codes) == ids


def test_an_undone_handover_of_a_code_comes_again_as_the_same_two_members(small: Terminal) -> None:
    ours = small.ours
    other = {"family": "鈴木", "given": "一郎", "family_kana": "スズキ", "given_kana": "イチロウ"}
    handed_on = [person(1, **other, birth="1960/01/02"), *crowd(3)[1:]]
    small.import_rows(crowd(3))
    assert small.import_rows(handed_on) == 0, small.errors
    standing = [(row.id, row.store_key, row.current) for row in ours.rows(member)]
    run_id = ours.rows(run_table, command="members import")[-1].id
    assert small.run("runs", "undo", str(run_id), "--apply") == 0, small.errors
    assert current(small)["1"]["family_name"] == "山田"
    assert small.import_rows(handed_on) == 0, small.errors
    assert [(row.id, row.store_key, row.current) for row in ours.rows(member)] == standing
    assert current(small)["1"]["family_name"] == "鈴木"
    told = [
        [row.new_value for row in ours.rows(journal, subject_id=one, subject="member", field="current")]
        for one, store_key, _current in standing
        if store_key == "1"
    ]
    assert told == [[None, "1", None], [None, "1"]]
