"""What the comments in ``eccube_sync/tables/`` say about tables and columns."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from dataclasses import dataclass, field
from pathlib import Path

import eccube_sync.tables

_SECTION = re.compile(r"\s*\(DESIGN [^)]*\)")
FOLDER = Path(eccube_sync.tables.__file__).parent


@dataclass(slots=True)
class TableNotes:
    """The comment above a table (else what its module says), and those at its columns."""

    about: str
    columns: dict[str, str] = field(default_factory=dict)


def table_notes() -> dict[str, TableNotes]:
    """Table name → its notes, for every table defined in a module of its own."""
    found: dict[str, TableNotes] = {}
    for path in sorted(FOLDER.glob("*.py")):
        source = path.read_text(encoding="utf-8")
        comments = _comments(source)
        tree = ast.parse(source)
        for node in tree.body:
            if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call) and _is_table(node.value):
                notes = _notes(node, node.value, comments)
                notes.about = notes.about or ast.get_docstring(tree) or ""
                found[_text(node.value)] = notes
    return found


def _comments(source: str) -> dict[int, tuple[str, bool]]:
    """Line → comment, and whether it stands alone on its line."""
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    return {
        token.start[0]: (
            _SECTION.sub("", token.string.lstrip("# ")),
            not token.line[: token.start[1]].strip(),
        )
        for token in tokens
        if token.type == tokenize.COMMENT
    }


def _is_table(call: ast.Call) -> bool:
    return isinstance(call.func, ast.Name) and call.func.id == "Table"


def _text(call: ast.Call) -> str:
    first = call.args[0] if call.args else None
    return first.value if isinstance(first, ast.Constant) and isinstance(first.value, str) else ""


def _notes(node: ast.Assign, call: ast.Call, comments: dict[int, tuple[str, bool]]) -> TableNotes:
    notes = TableNotes(_above(node.lineno, comments))
    for argument in call.args:
        if isinstance(argument, ast.Call) and (name := _text(argument)):
            beside, alone = comments.get(argument.end_lineno or argument.lineno, ("", True))
            parts = [_above(argument.lineno, comments), "" if alone else beside]
            notes.columns[name] = "; ".join(filter(None, parts)).replace("|", "\\|")
    return notes


def _above(line: int, comments: dict[int, tuple[str, bool]]) -> str:
    """The comment lines that stand alone directly above a line."""
    lines: list[str] = []
    while (comment := comments.get(line - 1)) and comment[1]:
        lines.insert(0, comment[0])
        line -= 1
    return " ".join(lines)
