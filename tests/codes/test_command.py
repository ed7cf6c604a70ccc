"""``codes`` at the command line: from printing to linking, and what is said on the way."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest

from eccube_sync.application import Application
from eccube_sync.cli import run
from eccube_sync.i18n import set_language
from eccube_sync.services.claims.words import REASONS
from eccube_sync.services.codes.keys import key_file
from eccube_sync.services.customers.showing import CLAIM_STATES
from eccube_sync.tables import metadata
from eccube_sync.tables.codes import claim, link_code
from eccube_sync.tables.customers import customer
from tests.codes.counter import Counter, read_labels


@pytest.fixture(autouse=True)
def english() -> None:
    set_language("en")


def call(counter: Counter, *arguments: str) -> int:
    application = Application(clock=counter.ours.clock)
    application.__dict__["settings"] = counter.ours.settings
    return run(arguments, application)


def test_from_the_label_printer_to_the_link(counter: Counter, capsys: pytest.CaptureFixture[str]) -> None:
    ours = counter.ours
    customer_id, member_id = ours.add_customer(), ours.add_member(code="C-0001")
    list_file = counter.folder / "labels.csv"
    issue = ("codes", "issue", "--count", "3", "--label", "spring", "--output", str(list_file))
    assert call(counter, *issue) == 0
    assert not list_file.exists()
    assert call(counter, *issue, "--apply") == 0
    labels = read_labels(list_file)
    handed_out = counter.write(("serial", "member_code"), [(labels[0].serial, "C-0001")])
    assert call(counter, "codes", "assign", str(handed_out)) == 0
    assert ours.row(link_code, id=1).state == "issued"
    assert call(counter, "codes", "assign", str(handed_out), "--apply") == 0
    typed = counter.write(("customer_id", "code"), [(counter.eccube_id(customer_id), labels[0].code)])
    assert call(counter, "codes", "import", str(typed), "--apply") == 0
    assert call(counter, "classify", "--apply") == 0
    capsys.readouterr()
    assert call(counter, "codes", "list", "--json") == 0
    counts = json.loads(capsys.readouterr().out)["counts"]
    assert (counts["codes_used"], counts["codes_issued"]) == (1, 2)
    assert call(counter, "codes", "claims", "--state", "accepted", "--json") == 0
    (row,) = json.loads(capsys.readouterr().out)["listings"][0]["rows"]
    assert row[:4] == [counter.eccube_id(customer_id), "link_code", labels[0].serial, "accepted"]
    assert call(counter, "codes", "revoke", "--batch", "1", "--apply") == 0
    assert "Used already: K0000001" in capsys.readouterr().out
    assert [row.state for row in ours.rows(link_code)] == ["used", "revoked", "revoked"]
    assert ours.row(customer).id == customer_id
    assert member_id


def test_no_code_is_ever_said(small: Counter, capfd: pytest.CaptureFixture[str]) -> None:
    path = small.folder / "labels.csv"
    assert call(small, "codes", "issue", "--count", "2", "--output", str(path), "--apply") == 0
    labels = read_labels(path)
    customer_id = small.ours.add_customer()
    wrong = small.write(
        ("customer_id", "code"), [(small.eccube_id(customer_id), labels[0].code), ("x", labels[1].code)]
    )
    assert call(small, "codes", "import", str(wrong), "--apply") == 65
    assert call(small, "codes", "revoke", labels[0].code, "--apply") == 64  # the code instead of the serial
    assert (
        call(small, "codes", "assign", str(small.write(("serial", "member_code"), [(labels[1].code, "A")])))
        == 65
    )
    call(small, "codes", "list")
    call(small, "codes", "claims")
    said = "".join(capfd.readouterr())
    for label in labels:
        assert label.code not in said
        assert label.code.replace("-", "") not in said


def test_a_second_list_does_not_overwrite_the_first(small: Counter) -> None:
    path = small.folder / "labels.csv"
    issue = ("codes", "issue", "--count", "1", "--output", str(path), "--apply")
    assert call(small, *issue) == 0
    assert call(small, *issue) == 64


def test_expired_codes_are_listed_as_such(small: Counter, capsys: pytest.CaptureFixture[str]) -> None:
    assert call(small, "codes", "issue", "--count", "2", "--valid-days", "1", "--apply") == 0
    small.ours.clock.moment = small.ours.clock.moment.replace(day=20)
    assert call(small, "codes", "issue", "--count", "1", "--apply") == 0
    capsys.readouterr()
    call(small, "codes", "list", "--state", "expired", "--json")
    report = json.loads(capsys.readouterr().out)
    assert (report["counts"]["codes_expired"], report["counts"]["codes_issued"]) == (2, 1)
    assert [row[0] for row in report["listings"][1]["rows"]] == ["K0000002", "K0000001"]
    call(small, "codes", "list", "--batch", "2", "--json")
    assert json.loads(capsys.readouterr().out)["counts"]["codes_issued"] == 1


@pytest.mark.parametrize(
    "arguments",
    [("revoke",), ("revoke", "K0000001", "--batch", "1"), ("revoke", "--batch", "9"), ("revoke", "K9999999")],
)
def test_revoking_what_is_not_there_changes_nothing(small: Counter, arguments: tuple[str, ...]) -> None:
    small.issue()
    before = small.ours.snapshot(*metadata.sorted_tables)
    assert call(small, "codes", *arguments, "--apply") == 64
    assert small.ours.snapshot(*metadata.sorted_tables) == before


def test_a_changed_key_is_kept_beside_the_old_ones(small: Counter) -> None:
    path: Path = key_file(small.ours.settings.folders)
    assert call(small, "codes", "rotate-key", "--apply") == 78
    small.issue()
    before = json.loads(path.read_text(encoding="utf-8"))
    assert call(small, "codes", "rotate-key") == 0
    assert json.loads(path.read_text(encoding="utf-8")) == before
    assert call(small, "codes", "rotate-key", "--apply") == 0
    after = json.loads(path.read_text(encoding="utf-8"))
    assert set(before["keys"]) < set(after["keys"])
    assert after["current"] not in before["keys"]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_every_state_and_reason_of_a_claim_can_be_listed(
    small: Counter, capsys: pytest.CaptureFixture[str]
) -> None:
    (label,) = small.issue()
    small.typed((small.ours.add_customer(), label.code))
    known = small.ours.row(claim)._asdict()
    del known["id"]
    for state in CLAIM_STATES:
        for reason in REASONS:
            differs = {"claim_key": f"{state} {reason}", "state": state, "reason": reason}
            small.ours.insert(claim, **(known | differs))
    capsys.readouterr()
    for state in CLAIM_STATES:
        assert call(small, "codes", "claims", "--state", state, "--json") == 0
        rows = json.loads(capsys.readouterr().out)["listings"][0]["rows"]
        assert {row[4] for row in rows} - {""} == set(REASONS.values())
