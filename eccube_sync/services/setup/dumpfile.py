"""Reading a dump: what it holds, and that it is whole, before a single row of it is trusted."""

from __future__ import annotations

import gzip
import json
import re
import zlib
from base64 import b64decode
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from eccube_sync.errors import BadInputError
from eccube_sync.i18n import _
from eccube_sync.services.setup.dumping import FORMAT

Row = list[Any]
_NAME = re.compile(r"[a-z0-9_]{1,64}")


@dataclass(frozen=True, slots=True)
class Dump:
    """A dump that was read to its end: the version of its tables, who wrote it, and rows by table."""

    path: Path
    version: str
    program: str
    rows: dict[str, int]


def inspect_dump(path: Path) -> Dump:
    """Read a dump to its end. Raises ``BadInputError`` when it is cut off, damaged, or no dump."""
    rows: dict[str, int] = {}
    head = foot = None
    try:
        for line in _lines(path):
            if isinstance(line, list):
                rows[next(reversed(rows))] += 1
            elif head is None:
                head = line
            elif "name" in line:
                rows[_checked(line["name"])] = 0
            else:
                foot = line
        whole = head is not None and head["format"] == FORMAT
        if not whole or foot != {"tables": len(rows), "rows": sum(rows.values())}:
            raise ValueError
        assert head is not None
        return Dump(path, _checked(head["version"]), str(head["program"]), rows)
    except (OSError, EOFError, ValueError, KeyError, TypeError, StopIteration, zlib.error):
        raise BadInputError(
            _("{file} is not a whole dump of our tables; nothing was changed. Take an older one.").format(
                file=path
            )
        ) from None


def chunks_in(path: Path, size: int) -> Iterator[tuple[str, list[str], list[Row]]]:
    """The rows of a dump in its order: table, columns, and up to ``size`` rows."""
    name, columns, rows = "", [""], []
    for line in _lines(path):
        if isinstance(line, list):
            rows.append([_value(cell) for cell in line])
        if rows and (len(rows) == size or not isinstance(line, list)):
            yield name, columns, rows
            rows = []
        if isinstance(line, dict) and "name" in line:
            name, columns = _checked(line["name"]), [_checked(one) for one in line["columns"]]


def _lines(path: Path) -> Iterator[Any]:
    with gzip.open(path, "rt", encoding="utf-8") as file:
        for line in file:
            yield json.loads(line)


def _value(cell: Any) -> Any:
    return b64decode(cell["base64"]) if isinstance(cell, dict) else cell


def _checked(name: Any) -> str:
    """A name that becomes part of a statement."""
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise ValueError(name)
    return name
