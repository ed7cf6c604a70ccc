"""Exports as they come from a POS, and the members they must lead to (``golden/*.csv`` and ``.json``)."""

from __future__ import annotations

import dataclasses
import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from eccube_sync.exportfile import Export, open_export
from eccube_sync.pos import FORMATS, MemberRecord

FILES = sorted((Path(__file__).parent / "golden").glob("*.csv"))


def _is_said(name: str, value: object) -> bool:
    return value is not None and value != "" and value != () and not (name == "unlimited" and value is False)


def _plain(record: MemberRecord) -> dict[str, Any]:
    facts = dataclasses.asdict(dataclasses.replace(record, row_digest="", row_newest=None))
    said = {name: value for name, value in facts.items() if _is_said(name, value)}
    return {name: value.isoformat() if isinstance(value, date) else value for name, value in said.items()}


def _told(export: Export) -> dict[str, Any]:
    members = [_plain(record) for record in export.rows()]
    return {
        "format": export.format_key,
        "encoding": export.encoding,
        "newest_moment": export.newest_moment and export.newest_moment.isoformat(),
        "column_map": export.column_map,
        "unmapped_headers": list(export.unmapped_headers),
        "warnings": [warning.message for warning in export.warnings],
        "members": members,
    }


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_an_export_is_read_as_expected(path: Path) -> None:
    told = json.loads(json.dumps(_told(open_export(path))))
    assert told == json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))


def test_every_format_has_an_example() -> None:
    assert {open_export(path).format_key for path in FILES} == set(FORMATS)


def test_a_pin_is_in_no_record() -> None:
    path = next(path for path in FILES if path.stem == "smaregi_all_columns")
    assert b"9876" in path.read_bytes()
    assert all("9876" not in repr(record) for record in open_export(path).rows())
