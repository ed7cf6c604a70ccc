"""Both languages are complete: the catalogue, the messages in the source, and what keeps them together."""

from __future__ import annotations

import ast
import io
import re
import string
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.mofile import read_mo, write_mo
from babel.messages.pofile import read_po

import eccube_sync
from eccube_sync import i18n
from eccube_sync.commands import COMMANDS
from eccube_sync.services.review.file import COLUMNS, NEEDED, READ, WORDS, decision_of, read_columns

PACKAGE = Path(eccube_sync.__file__).parent
MAKEFILE = PACKAGE.parent / "Makefile"
PO = PACKAGE / "locale" / "ja" / "LC_MESSAGES" / "eccube_sync.po"

TRANSLATORS = {"_", "ngettext", "mark"}
JAPANESE = re.compile("[\u3000-\u30ff\u3400-\u9fff\uff01-\uffef]+")
JAPANESE_IN_ENGLISH = {"外字", "共同利用", "委託"}
"""Japanese terms of art that an English sentence explains beside its own word."""


@cache
def catalogue() -> Catalog:
    """The Japanese catalogue as committed."""
    with PO.open("rb") as file:
        return read_po(file, locale="ja", domain="eccube_sync")


def messages() -> list[Message]:
    """Its messages without the header."""
    return [message for message in catalogue() if message.id]


def as_tuple(text: str | tuple[str, ...] | list[str] | None) -> tuple[str, ...]:
    """The forms of a message: one, or one for each number."""
    return (text,) if isinstance(text, str) else tuple(text or ("",))


@cache
def extracted() -> frozenset[tuple[str, ...]]:
    """What ``make messages`` finds in the source."""
    added = re.findall(r"--keyword=(\w+)", MAKEFILE.read_text(encoding="utf-8"))
    keywords = {**DEFAULT_KEYWORDS, **dict.fromkeys(added)}
    found = extract_from_dir(PACKAGE, keywords=keywords)
    return frozenset(as_tuple(message) for _file, _line, message, _comments, _context in found)


@cache
def calls() -> tuple[tuple[str, ast.Call, bool], ...]:
    """Every call of ``_``, ``ngettext`` or ``mark``: its place, the call, whether it stands in an f-string."""
    return tuple(
        (f"{path.relative_to(PACKAGE.parent)}:{call.lineno}", call, inside)
        for path in sorted(PACKAGE.rglob("*.py"))
        for call, inside in _calls(ast.parse(path.read_text(encoding="utf-8")), inside=False)
    )


def _calls(node: ast.AST, *, inside: bool) -> Iterator[tuple[ast.Call, bool]]:
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in TRANSLATORS:
        yield node, inside
    for child in ast.iter_child_nodes(node):
        yield from _calls(child, inside=inside or isinstance(node, ast.JoinedStr))


def translations(found: Catalog) -> dict[tuple[str, ...], tuple[str, ...]]:
    """Message → translation."""
    return {as_tuple(message.id): as_tuple(message.string) for message in found if message.id}


def placeholders(text: str) -> list[tuple[str, str | None, str | None]]:
    """The ``{…}`` of a message with how they are formatted."""
    parts = string.Formatter().parse(text)
    return sorted((name, form or "", how or "") for _text, name, form, how in parts if name is not None)


# --- the catalogue ---------------------------------------------------------------------------------------


def test_every_message_of_the_program_is_in_the_catalogue_and_nothing_else() -> None:
    known = {as_tuple(message.id) for message in messages()}
    assert known == extracted(), "run: make messages"
    assert not catalogue().obsolete


def test_every_message_is_translated() -> None:
    empty = [message.id for message in messages() if not all(as_tuple(message.string))]
    assert empty == []


def test_no_translation_waits_to_be_looked_over() -> None:
    assert [message.id for message in messages() if message.fuzzy] == []


def test_a_translation_takes_the_same_values_in_the_same_form() -> None:
    differing = [
        (original, translation)
        for message in messages()
        for original in as_tuple(message.id)
        for translation in as_tuple(message.string)
        if placeholders(original) != placeholders(translation)
    ]
    assert differing == []


def test_a_translation_keeps_the_commands_and_the_quoted_words_of_a_message() -> None:
    quoted = re.compile(rf"eccube-sync (?:-q )?(?:{'|'.join(COMMANDS)})\b(?: --[a-z-]+)?|--[a-z-]+|`[^`]+`")
    lost = [
        (part, translation)
        for message in messages()
        for original in as_tuple(message.id)
        for translation in as_tuple(message.string)
        for part in quoted.findall(original)
        if part not in translation
    ]
    assert lost == []


def test_the_compiled_catalogue_is_the_one_that_can_be_read() -> None:
    compiled = io.BytesIO()
    write_mo(compiled, catalogue())
    compiled.seek(0)
    with PO.with_suffix(".mo").open("rb") as file:
        assert translations(read_mo(file)) == translations(read_mo(compiled)), "run: make messages"


def test_the_tools_find_no_fault_in_the_catalogue() -> None:
    assert [(message.id, str(errors[0])) for message, errors in catalogue().check()] == []


# --- the messages in the source --------------------------------------------------------------------------


def test_a_message_is_written_in_english() -> None:
    japanese = {
        found
        for message in messages()
        for original in as_tuple(message.id)
        for found in JAPANESE.findall(original)
    }
    assert japanese <= JAPANESE_IN_ENGLISH


def test_a_message_is_one_whole_literal_that_the_tools_find_and_that_is_filled_in_afterwards() -> None:
    """Or a constant made with ``mark`` and looked up; never put together, never inside an f-string."""
    faults = []
    for place, call, in_f_string in calls():
        name = ast.unparse(call.func)
        for argument in call.args[: 2 if name == "ngettext" else 1]:
            literal = isinstance(argument, ast.Constant)
            texts = [part for part in ast.walk(argument) if is_text(part)]
            if (in_f_string and texts) or (not literal and (texts or name != "_")):
                faults.append(f"{place}: {ast.unparse(argument)}")
    assert faults == []


def is_text(node: ast.AST) -> bool:
    """Whether a part of an expression is text written there."""
    return isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Constant) and isinstance(node.value, str))


# --- in use ----------------------------------------------------------------------------------------------


@pytest.fixture
def in_language() -> Iterator[None]:
    """Puts the language back."""
    before = i18n.current_language()
    yield
    i18n.set_language(before)


@pytest.mark.usefixtures("in_language")
def test_a_message_is_japanese_in_japanese_and_english_in_english() -> None:
    i18n.set_language("ja")
    assert i18n._("Carry this out?") == "この内容で適用しますか？"
    assert (
        i18n.ngettext("{n} more problem.", "{n} more problems.", 2).format(n=2) == "問題はほかに2件あります。"
    )
    i18n.set_language("en")
    assert i18n._("Carry this out?") == "Carry this out?"


@pytest.mark.usefixtures("in_language")
@pytest.mark.parametrize(("written", "read"), [("ja", "en"), ("en", "ja"), ("ja", "ja"), ("en", "en")])
def test_a_review_file_written_in_one_language_is_read_in_the_other(written: str, read: str) -> None:
    i18n.set_language(written)
    header = [column.shown() for column in COLUMNS]
    answers = {decision: i18n._(word) for decision, word in WORDS.items()}
    i18n.set_language(read)
    positions = read_columns(header)
    assert positions is not None
    assert {COLUMNS[position].key: position for position in positions.values()} == positions
    assert set(positions) == set(READ) > set(NEEDED)
    assert {decision: decision_of(word) for decision, word in answers.items()} == {one: one for one in WORDS}


@pytest.mark.usefixtures("in_language")
def test_the_answers_of_a_reviewer_are_the_words_of_the_glossary() -> None:
    i18n.set_language("ja")
    words = {decision: i18n._(word) for decision, word in WORDS.items()}
    assert words == {"same": "同一", "different": "別人", "hold": "保留", "done": "対応済み"}
