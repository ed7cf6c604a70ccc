"""The review page: one file a reviewer opens in a browser, with no network and no server.

Data stand in it as JSON in a block that is not executed. The page's own script and style are allowed by their
hashes and nothing else is, so that no name can become markup or run.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import jinja2
from markupsafe import Markup

from eccube_sync import resources
from eccube_sync.i18n import _, current_language, mark
from eccube_sync.services.review.file import (
    COLUMNS,
    COMPARED,
    FILLED,
    KEYS,
    PAIR_DECISIONS,
    SINGLE_DECISIONS,
    WORDS,
)
from eccube_sync.services.review.rows import ReviewRow

_WORDS: Mapping[str, str] = {
    "title": mark("Review: the same person?"),
    "needs_script": mark("This page needs JavaScript, which your browser does not run."),
    "show": mark("Show"),
    "all": mark("All questions"),
    "undecided": mark("Not answered yet"),
    "reviewer": mark("Your name"),
    "save": mark("Save the answers"),
    "nothing": mark("No question fits this choice."),
    "customer": mark("Web shop"),
    "member": mark("Store"),
    "taken": mark("Another candidate of this customer is called the same person already. Only one can be."),
    "note": mark("Reason or memo"),
    "previous": mark("Back"),
    "next": mark("Forward"),
    "skip": mark("Next without an answer"),
    "undo": mark("Take the last answer back"),
    "families": mark(
        "Beware of families: the same surname, address and phone with another given name or birth date may be two "
        "people. Coloured cells differ."
    ),
    "private": mark(
        "This page holds personal data. Do not send it on, and delete your copy when you are done. Write no personal "
        "data into the memo."
    ),
    "kept": mark("Your answers are kept in this browser until you save them."),
    "not_kept": mark(
        "This browser does not keep your answers. Save them before you close or reload the page."
    ),
    "all_decided": mark("Every question is answered. Save the answers now."),
    "nothing_to_save": mark("There is no answer to save yet."),
    "saved": mark("{count} answers are in {file}. Give that file to the admin, or read it in: review import"),
}
"""What the page says, beside questions, columns and decisions."""

_SIGNS = {ord(sign): f"\\u{ord(sign):04x}" for sign in "<>&\u2028\u2029"}
"""Signs that could end the block JSON stands in, or a line of it."""


def review_page(rows: Sequence[ReviewRow], export_key: str) -> str:
    """The whole page, in the user's language."""
    style, script = (resources.text("pages", f"review.{kind}") for kind in ("css", "js"))
    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, keep_trailing_newline=True
    )
    return environment.from_string(resources.text("pages", "review.html")).render(
        language=current_language(),
        words=_words(),
        decisions=[(decision, _(word)) for decision, word in WORDS.items()],
        policy=_policy(style, script),
        style=Markup(style),  # noqa: S704 - our own file
        script=Markup(script),  # noqa: S704 - our own file
        data=Markup(as_block(_data(rows, export_key))),  # noqa: S704 - every sign of markup is escaped
    )


def _words() -> dict[str, Any]:
    return {key: _(text) for key, text in _WORDS.items()}


def _policy(style: str, script: str) -> str:
    return "; ".join(
        (
            "default-src 'none'",
            f"script-src '{_hash(script)}'",
            f"style-src '{_hash(style)}'",
            "base-uri 'none'",
            "form-action 'none'",
            "require-trusted-types-for 'script'",
            "trusted-types 'none'",
        )
    )


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def as_block(value: Any) -> str:
    """JSON that can stand between script tags: nothing in it is read as markup."""
    return json.dumps(value, ensure_ascii=False).translate(_SIGNS)


def _data(rows: Sequence[ReviewRow], export_key: str) -> dict[str, Any]:
    return {
        "export": export_key,
        "words": _words() | {"decisions": {key: _(word) for key, word in WORDS.items()}},
        "pair_decisions": PAIR_DECISIONS,
        "single_decisions": SINGLE_DECISIONS,
        "header": [column.shown() for column in (*FILLED, *KEYS)],
        "cases": list(_cases(rows)),
    }


def _cases(rows: Sequence[ReviewRow]) -> Iterator[dict[str, Any]]:
    group = 0
    for row in rows:
        group += row.first_of_group
        yield {
            "id": row.public_id,
            "group": group,
            "pair": row.pair,
            "fields": list(_fields(row)),
            **{key: row.cells.get(key, "") for key in ("token", "question", "reasons", "probability")},
        }


def _fields(row: ReviewRow) -> Iterator[tuple[str, str, str, bool]]:
    """Title, the customer's value, the member's value, and whether they differ; lines that say nothing are left out."""
    for key, (title, _width) in COMPARED.items():
        customer, member = (row.cells.get(f"{side}_{key}", "") for side in ("customer", "member"))
        if customer or member:
            yield _(title), customer, member, key in row.differing
    for column in COLUMNS:
        value = row.cells.get(column.key, "")
        if value and column.side and column.key.removeprefix(f"{column.side}_") not in COMPARED:
            yield _(column.title), *((value, "") if column.side == "customer" else ("", value)), False
