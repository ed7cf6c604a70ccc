"""Whatever the program counts, journals or decides has words: no key of ours is ever shown to a person."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path

import pytest

import eccube_sync
from eccube_sync import report
from eccube_sync.filedamage import DAMAGE_KINDS, REPAIRS, Verdict
from eccube_sync.linkage.assign import Action, Kind
from eccube_sync.mailbounces import Blame
from eccube_sync.membership import classes
from eccube_sync.notices import NOTICES
from eccube_sync.projections import Outcome
from eccube_sync.report import LABELS, Listing, Report, Word
from eccube_sync.services import nightly
from eccube_sync.services.claims import redeeming
from eccube_sync.services.claims import words as claimwords
from eccube_sync.services.codes import listing as codelist
from eccube_sync.services.customers import showing
from eccube_sync.services.links import linking
from eccube_sync.services.matching import classifying
from eccube_sync.services.members import importplan
from eccube_sync.services.notices import sending
from eccube_sync.services.notices import words as noticewords
from eccube_sync.services.projection import adoptvalues
from eccube_sync.services.reports import journalwords
from eccube_sync.services.review import answering
from eccube_sync.services.review.file import QUESTIONS

SERVICES = Path(eccube_sync.__file__).parent / "services"

PUT_TOGETHER: Mapping[str, Iterable[str]] = {
    "bounces_": Blame,
    "claims_": showing.CLAIM_STATES,
    "codes_": codelist.STATES,
    "decisions_": answering.ANSWERED,
    "notices_": noticewords.STATES,
}
"""Counts whose name is made of a prefix and a key of ours."""

BY_NAME = (
    *linking.COUNTED.values(),
    *redeeming.COUNTED.values(),
    *classifying.REPORTED,
    *importplan.COUNTED,
    *sending.COUNTED,
)
"""Counts that are named in a table."""


@cache
def trees() -> dict[str, ast.Module]:
    """Every service's source."""
    return {
        str(path.relative_to(SERVICES)): ast.parse(path.read_text(encoding="utf-8"))
        for path in sorted(SERVICES.rglob("*.py"))
    }


def nodes() -> Iterator[ast.AST]:
    for tree in trees().values():
        yield from ast.walk(tree)


def calls(name: str) -> Iterator[ast.Call]:
    """Every call of a function or a method of this name."""
    for node in nodes():
        called = node.func if isinstance(node, ast.Call) else None
        if isinstance(node, ast.Call) and name in (getattr(called, "id", ""), getattr(called, "attr", "")):
            yield node


@cache
def constants() -> dict[str, str]:
    """The constants that stand for a text, by name."""
    return {
        target.id: node.value.value
        for tree in trees().values()
        for node in tree.body
        if isinstance(node, ast.Assign)
        if isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
        for target in node.targets
        if isinstance(target, ast.Name)
    }


def texts(node: ast.AST | None) -> set[str]:
    """The literals an expression may be."""
    if isinstance(node, ast.IfExp):
        return texts(node.body) | texts(node.orelse)
    if isinstance(node, ast.Name):
        return {constants()[node.id]} if node.id in constants() else set()
    return {node.value} if isinstance(node, ast.Constant) and isinstance(node.value, str) else set()


# --- counts ------------------------------------------------------------------------------------------------


def is_counts(node: ast.AST) -> bool:
    return "counts" in (getattr(node, "attr", ""), getattr(node, "id", ""))


def targets(node: ast.Assign | ast.AugAssign) -> list[ast.expr]:
    return node.targets if isinstance(node, ast.Assign) else [node.target]


def counted_in(node: ast.AST | None) -> set[str]:
    """The names an expression that makes counts gives them: keys of a dict, or those it goes through."""
    if isinstance(node, ast.Dict):
        return set().union(*map(texts, node.keys))
    if isinstance(node, ast.DictComp):
        through = node.generators[0].iter
        return set().union(*map(texts, through.elts)) if isinstance(through, ast.Tuple) else set()
    return counted_in(node.left) | counted_in(node.right) if isinstance(node, ast.BinOp) else set()


def counted() -> set[str]:
    """Every name that is written out where something is counted or reported."""
    found: set[str] = set()
    for node in nodes():
        if isinstance(node, ast.Subscript) and is_counts(node.value):
            found |= texts(node.slice)
        elif isinstance(node, ast.Assign | ast.AugAssign) and any(map(is_counts, targets(node))):
            found |= counted_in(node.value)
        elif isinstance(node, ast.FunctionDef) and node.name.strip("_") == "counts":
            found |= counted_in(node.body[-1].value) if isinstance(node.body[-1], ast.Return) else set()
    for call in calls("Report"):
        for argument in (*call.args[1:2], *(one.value for one in call.keywords if one.arg == "counts")):
            found |= counted_in(argument)
    return found


def test_every_count_has_words() -> None:
    found = counted()
    assert {"wrong_links_found", "serials_not_usable", "customers_seen", "to_project", "rows"} <= found
    put_together = {prefix + key for prefix, keys in PUT_TOGETHER.items() for key in keys}
    assert (found | put_together | set(BY_NAME)) - LABELS.keys() == set()


def test_no_count_is_named_in_a_way_the_test_above_does_not_see() -> None:
    prefixes = {
        str(part.value)
        for node in nodes()
        if isinstance(node, ast.JoinedStr)
        and len(node.values) == 2
        and isinstance(node.values[1], ast.FormattedValue)
        for part in node.values[:1]
        if isinstance(part, ast.Constant) and any(name.startswith(str(part.value)) for name in LABELS)
    }
    assert prefixes == PUT_TOGETHER.keys()


# --- the journal -------------------------------------------------------------------------------------------


def journalled(position: int) -> set[tuple[str, str]]:
    """Subject and the literal at this position of every line that is journalled."""
    return {
        (subject, text)
        for call in calls("record")
        if len(call.args) == 6
        for subject in texts(call.args[0])
        for text in texts(call.args[position])
    }


def test_every_subject_and_field_of_the_journal_has_words() -> None:
    assert {subject for subject, _text in journalled(0)} == journalwords.SUBJECTS.keys()
    assert {
        field for subject, field in journalled(2) if subject != "projection"
    } <= journalwords.FIELDS.keys()


@pytest.mark.parametrize(
    ("subject", "reasons"),
    [
        ("case", {kind.value for kind in Kind} & QUESTIONS.keys()),
        ("case", QUESTIONS.keys()),
        ("case", showing.ENDINGS.keys()),
        ("case", {f"decided_{decision}" for decision in answering.ANSWERED}),
        ("claim", claimwords.REASONS.keys()),
        ("customer", classes.REASONS.keys() | {adoptvalues.ADOPTED}),
        ("link", showing.METHODS.keys() | showing.ENDINGS.keys()),
        ("notice", noticewords.REASONS.keys() | noticewords.STATES.keys() | NOTICES.keys()),
        ("projection", {Outcome.WRITTEN.value, Outcome.ALREADY.value, adoptvalues.ADOPTED}),
    ],
)
def test_every_reason_that_comes_from_a_table_has_words(subject: str, reasons: set[str]) -> None:
    assert reasons - journalwords.REASONS[subject].keys() == set()


def test_every_reason_that_is_written_out_has_words() -> None:
    written = journalled(5)
    assert len(written) > 20
    assert {
        (subject, reason) for subject, reason in written if reason not in journalwords.REASONS[subject]
    } == set()


def test_every_state_that_is_written_out_has_words() -> None:
    stated = {
        (subject, value)
        for call in calls("record")
        if len(call.args) == 6 and texts(call.args[2]) == {"state"}
        for subject in texts(call.args[0])
        for value in texts(call.args[3]) | texts(call.args[4])
    }
    assert len(stated) > 10
    assert {
        (subject, value) for subject, value in stated if value not in journalwords.STATES[subject]
    } == set()


@pytest.mark.parametrize(
    ("function", "position"),
    [("end_link", 2), ("close_case", 2), ("end_override", 2)],
)
def test_every_ending_has_words(function: str, position: int) -> None:
    reasons = {reason for call in calls(function) for reason in texts(call.args[position])}
    assert reasons
    assert reasons - showing.ENDINGS.keys() == set()


# --- decisions, damage, programs -----------------------------------------------------------------------------


def test_every_decision_about_a_pair_has_words() -> None:
    assert {action.value for action in Action} - {"none"} == showing.DECISIONS.keys()
    # Nothing is done about the other four, so they are never shown.
    assert {kind.value for kind in Kind} - showing.KINDS.keys() == {
        "other_card",
        "taken",
        "relative",
        "apart",
    }
    assert QUESTIONS.keys() <= showing.KINDS.keys()


def test_every_repair_has_words() -> None:
    mended = {name for name, kind in DAMAGE_KINDS.items() if kind.verdict is Verdict.REPAIRED}
    assert mended == REPAIRS.keys()


def test_a_person_reads_words_and_a_program_their_code() -> None:
    listing = Listing("", ("", ""), [(Word("matching", "match"), 7)])
    assert listing.rows[0][0] == "matching"
    assert Report("", listings=[listing]).as_json()["listings"][0]["rows"] == [["match", 7]]


def test_a_count_without_words_would_be_shown_as_it_is() -> None:
    """So that ``runs show`` does not fail on what another version counted."""
    assert report.label("counted_by_another_version") == "counted_by_another_version"


def test_every_stage_of_a_night_has_words() -> None:
    assert showing.STAGE_WORDS.keys() == {*nightly.STAGES, "notify"}
