"""The mails to the shop's own people: ten lines at most, in the shop's language, as they were approved."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from eccube_sync.i18n import LANGUAGES, current_language, set_language
from eccube_sync.mailshop import LINES, examples, owner_examples
from eccube_sync.mailtemplates import Templates

GOLDEN = Path(__file__).parent / "golden"
MAILS = ("owner", "exporter", "month")


@pytest.fixture(params=LANGUAGES)
def language(request: pytest.FixtureRequest) -> Iterator[str]:
    """Each language in turn."""
    before = current_language()
    set_language(request.param)
    yield request.param
    set_language(before)


@pytest.mark.parametrize("kind", MAILS)
def test_a_mail_reads_exactly_as_it_was_approved(kind: str, language: str) -> None:
    written = []
    for shape in examples()[kind]:
        rendered = Templates().render(kind, shape)
        assert len([line for line in rendered.text.splitlines() if line.strip()]) <= LINES
        written.append(f"{rendered.subject}\n\n{rendered.text}")
    text = ("\n" + "=" * 80 + "\n").join(written)
    golden = GOLDEN / f"{kind}.{language}.txt"
    if os.environ.get("UPDATE_GOLDEN"):
        golden.write_text(text, encoding="utf-8")
    assert golden.read_text(encoding="utf-8") == text


@pytest.mark.parametrize("kind", MAILS)
def test_the_templates_ask_only_for_values_their_mail_has(kind: str) -> None:
    assert set(examples()) == set(MAILS)
    assert Templates().check(kind, examples()[kind]) == []


def test_the_owners_subject_says_whether_to_act() -> None:
    quiet, busy, stopped, *_more = owner_examples()
    subjects = [one.subject for one in (quiet, busy, stopped, replace(quiet, dates_to_approve=1))]
    assert [subject[: subject.index("]") + 1] for subject in subjects] == [
        "[All is well]", "[7 to settle]", "[Act now]", "[1 to settle]",
    ]  # fmt: skip


def test_however_much_there_is_to_say_the_counts_are_said_and_the_rest_is_attached() -> None:
    crowded = replace(owner_examples()[1], messages=tuple(f"Message {n}" for n in range(40)))
    assert len(crowded.waiting) + len(crowded.happened) + 1 == LINES
    assert not crowded.complete
    assert set(crowded.waiting[2:]) == set(crowded.everything_waiting[40:])
    assert "39 more messages" in crowded.waiting[1]
    assert owner_examples()[1].complete
