"""Every kind of damage has a file in ``damage/`` and beside it the verdict and the sentence it must get."""

from __future__ import annotations

import tomllib
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest

from eccube_sync.csvfile import Limits
from eccube_sync.errors import BadInputError
from eccube_sync.exportfile import Inspection, inspect_export, open_export
from eccube_sync.filedamage import DAMAGE_KINDS, Verdict

FOLDER = Path(__file__).parent / "damage"
EXPECTED = sorted(FOLDER.glob("*.expected.toml"))


def _expected(path: Path) -> dict[str, Any]:
    return tomllib.loads(path.read_text(encoding="utf-8"))


def _arguments(expected: dict[str, Any]) -> dict[str, Any]:
    options = expected.get("options", {})
    now = datetime.fromisoformat(options["now"]) if "now" in options else None
    return {
        "encoding": options.get("encoding"),
        "columns": expected.get("columns"),
        "now": now,
        "limits": Limits(**expected.get("limits", {})),
    }


def _file(path: Path) -> Path:
    return path.with_name(path.name.replace(".expected.toml", ".csv"))


def _first_finding(inspection: Inspection, verdict: Verdict) -> tuple[str, int | None, str | None]:
    if verdict is Verdict.REFUSED:
        found = inspection.refusals[0]
        return found.message, found.line, found.column
    assert not inspection.refusals
    assert inspection.export is not None
    if verdict is Verdict.REPAIRED:
        (damage,) = inspection.export.damage
        return damage.message, damage.first_line, damage.column
    (warning,) = inspection.export.warnings
    return warning.message, warning.line, warning.column


@pytest.mark.parametrize("path", EXPECTED, ids=lambda path: path.name.removesuffix(".expected.toml"))
def test_a_damaged_file_gets_its_verdict_and_its_sentence(path: Path) -> None:
    expected = _expected(path)
    verdict = DAMAGE_KINDS[expected["kind"]].verdict
    assert verdict == expected["verdict"]
    inspection = inspect_export(_file(path), **_arguments(expected))
    wanted = (expected["message"], expected.get("line"), expected.get("column"))
    assert _first_finding(inspection, verdict) == wanted
    if verdict is not Verdict.REFUSED:
        assert inspection.export is not None
        assert inspection.export.row_count == expected["rows"]


@pytest.mark.parametrize("path", EXPECTED, ids=lambda path: path.name.removesuffix(".expected.toml"))
def test_importing_agrees_with_inspecting(path: Path) -> None:
    expected = _expected(path)
    if expected["verdict"] == "refused":
        with pytest.raises(BadInputError) as caught:
            list(open_export(_file(path), **_arguments(expected)).rows())
        assert expected["message"] in str(caught.value)
        return
    first, *_rest = open_export(_file(path), **_arguments(expected)).rows()
    assert (expected["kind"] in {repair.kind for repair in first.repairs}) == (
        expected["verdict"] == "repaired"
    )
    for field, value in expected.get("values", {}).items():
        found = getattr(first, field)
        assert (found.isoformat() if isinstance(found, date) else found or "") == value


def test_no_kind_of_damage_is_without_a_file() -> None:
    assert {_expected(path)["kind"] for path in EXPECTED} == set(DAMAGE_KINDS)


def test_no_file_is_without_an_expectation() -> None:
    assert set(FOLDER.glob("*.csv")) == set(map(_file, EXPECTED))


@pytest.mark.parametrize("path", EXPECTED, ids=lambda path: path.name.removesuffix(".expected.toml"))
def test_a_sentence_never_repeats_a_name_a_phone_or_a_mail(path: Path) -> None:
    inspection = inspect_export(_file(path), **_arguments(_expected(path)))
    warnings = inspection.export.warnings if inspection.export else ()
    said = " ".join(found.message for found in (*inspection.refusals, *warnings))
    for personal in ("見本", "太郎", "例示", "花子", "0000-000", "@"):
        assert personal not in said
