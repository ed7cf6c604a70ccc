"""The documents say what the program does: pages made from the code are current, commands and links are real."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import click
import pytest

from docs import generate
from eccube_sync.cli import _group
from eccube_sync.config import Settings, tables
from eccube_sync.errors import ExitCode
from eccube_sync.i18n import set_language
from eccube_sync.report import LABELS, label

ROOT = generate.ROOT
DOCS = generate.DOCS
PAGES = sorted([*ROOT.glob("*.md"), *DOCS.rglob("*.md")])
READMES = (ROOT / "README.md", ROOT / "README.ja.md")
CRONTAB = ROOT / "crontab.example"
WRITTEN = [*PAGES, CRONTAB]

_FENCE = re.compile(r"^ *```\w*\n(.*?)^ *```$", re.DOTALL | re.MULTILINE)
_SPAN = re.compile(r"(?<!`)`(eccube-sync [^`\n]+)`")
_COUNT = re.compile(r"^  (\S.*?)  +[\d,]+\n", re.MULTILINE)
_LINK = re.compile(r"\]\(([^)\s]+)\)")


def name_of(path: Path) -> str:
    """A page as a test's id."""
    return str(path.relative_to(ROOT))


@cache
def made() -> dict[Path, str]:
    """The pages as the program would write them now."""
    return generate.pages()


def shape(text: str) -> str:
    """``text`` without what differs from run to run: counts, numbers, random names, and the widths that follow."""
    text = _COUNT.sub("", text)
    text = re.sub(r"review-\S+?\.xlsx", "review-0.xlsx", text)
    text = re.sub(r"[━─]+", "─", re.sub(r"\d+", "0", text))
    return re.sub(r"[ \t]+", " ", re.sub(r"(0[,.])+0", "0", text))


# --- made from the code ------------------------------------------------------------------------------


def test_references_are_what_the_program_says_of_itself() -> None:
    for path, text in made().items():
        if path.parent == DOCS / "reference":
            assert path.read_text(encoding="utf-8") == text, f"{name_of(path)} is old; run: make docs"


def test_output_shown_in_pages_is_what_the_demo_shop_prints() -> None:
    for path, text in made().items():
        if path.suffix == ".md" and path.parent != DOCS / "reference":
            stored = path.read_text(encoding="utf-8")
            assert shape(stored) == shape(text), f"{name_of(path)} is old; run: make docs"


@pytest.mark.parametrize("path", READMES, ids=name_of)
def test_counts_shown_in_the_readmes_have_the_words_the_program_has_for_them(path: Path) -> None:
    set_language("ja" if path.name.endswith(".ja.md") else "en")
    try:
        known = {label(name) for name in LABELS}
    finally:
        set_language("en")
    shown = set(_COUNT.findall(path.read_text(encoding="utf-8")))
    assert shown and shown <= known


@pytest.mark.parametrize("ending", [".md", ".ja.md"])
def test_every_command_and_option_is_documented(ending: str) -> None:
    page = (DOCS / "reference" / f"commands{ending}").read_text(encoding="utf-8")
    for words, command in _commands(_group(), ("eccube-sync",)):
        section = re.search(rf"^###? {' '.join(words)}\n(.*?)(?=^##|\Z)", page, re.DOTALL | re.MULTILINE)
        assert section, f"{' '.join(words)} is not in commands{ending}"
        for option in _options(command):
            assert option in section[1], f"{' '.join(words)} {option} is not in commands{ending}"


@pytest.mark.parametrize("ending", [".md", ".ja.md"])
def test_every_configuration_key_is_documented_under_its_table(ending: str) -> None:
    page = (DOCS / "reference" / f"configuration{ending}").read_text(encoding="utf-8")
    sections = dict(
        re.findall(r"^## `?\[*([^\]`\n]+)\]*`?\n(.*?)(?=^## |\Z)", page, re.DOTALL | re.MULTILINE)
    )
    for table in tables(Settings):
        title = table.key.replace("[]", "")
        section = sections[title] if title else next(iter(sections.values()))
        for setting in table.settings:
            name = setting.key.removeprefix(f"{table.key}.")
            assert f"| `{name}` |" in section, f"{setting.key} is not in configuration{ending}"


def test_every_exit_code_is_explained() -> None:
    page = (DOCS / "reference" / "exit-codes.md").read_text(encoding="utf-8")
    assert [int(code) for code in re.findall(r"^\| (\d+) \|", page, re.MULTILINE)] == sorted(ExitCode)


# --- commands people copy ----------------------------------------------------------------------------


def _commands(
    command: click.Command, words: tuple[str, ...]
) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    yield words, command
    if isinstance(command, click.Group):
        for name, below in command.commands.items():
            yield from _commands(below, (*words, name))


def _options(command: click.Command) -> set[str]:
    return {
        option
        for parameter in command.params
        if isinstance(parameter, click.Option)
        for option in (*parameter.opts, *parameter.secondary_opts)
    }


def _shown_commands(path: Path) -> Iterator[str]:
    text = path.read_text(encoding="utf-8")
    for block in _FENCE.findall(text):
        for line in block.splitlines():
            if line.strip().startswith(("eccube-sync ", "$ eccube-sync ")):
                yield line.strip().removeprefix("$ ")
    yield from _SPAN.findall(text)


def _fault_of(shown: str) -> str | None:
    """What is wrong with a command line, up to a ";" or "…"; None when it exists."""
    words = shlex.split(re.split("[;…]", shown)[0], comments=True)[1:]
    command: click.Command = _group()
    while words:
        word = words.pop(0)
        if word.startswith("-"):
            option = next((one for one in _known(command) if word in (*one.opts, *one.secondary_opts)), None)
            if option is None:
                return f"no option {word}"
            if not option.is_flag and not option.count:
                del words[:1]
        elif isinstance(command, click.Group):
            if word not in command.commands:
                return f"no command {word}"
            command = command.commands[word]
    return None


def _known(command: click.Command) -> Iterator[click.Option]:
    yield click.Option(["--help", "-h"], is_flag=True)
    yield from (one for one in command.params if isinstance(one, click.Option))


@pytest.mark.parametrize("path", PAGES, ids=name_of)
def test_every_command_shown_exists_with_its_options(path: Path) -> None:
    if path.parent == DOCS / "reference" and path.name.startswith("commands"):
        return  # the program's own words, compared above
    faults = {shown: fault for shown in _shown_commands(path) if (fault := _fault_of(shown))}
    assert not faults


def test_a_misspelt_command_or_option_would_be_found() -> None:
    assert _fault_of("eccube-sync clasify") == "no command clasify"
    assert _fault_of("eccube-sync expire --aply") == "no option --aply"
    assert _fault_of("eccube-sync runs undo NUMBER --correction") is None


def test_the_crontab_runs_the_night_the_mails_and_the_inbox_by_commands_that_exist() -> None:
    lines = [line for line in CRONTAB.read_text(encoding="utf-8").splitlines() if line and line[0] != "#"]
    settings = [line for line in lines if re.match(r"[A-Z_]+=", line)]
    jobs = [line.split(maxsplit=5) for line in lines if line not in settings]
    assert {line.partition("=")[0] for line in settings} == {"MAILTO", "ECCUBE_SYNC_CONFIG", "PATH"}
    assert [job[5] for job in jobs] == [f"eccube-sync -q {name}" for name in ("nightly", "notify", "inbox")]
    for *times, command in jobs:
        limits = (59, 23, 31, 12, 7)
        assert all(_in_cron(time, limit) for time, limit in zip(times, limits, strict=True)), times
        assert _fault_of(command) is None


def _in_cron(time: str, limit: int) -> bool:
    found = re.fullmatch(r"(\*|\d+)(?:/(\d+))?", time)
    return bool(found) and all(int(part) <= limit for part in found.groups() if part and part != "*")


def test_every_line_of_the_crontab_says_in_two_languages_what_it_does() -> None:
    blocks = CRONTAB.read_text(encoding="utf-8").strip().split("\n\n")
    for block in blocks[1:]:
        for comment, line in re.findall(r"((?:^#.*\n)+)^([^#\n].*)$", block, re.MULTILINE):
            assert re.search("[ぁ-ん]", comment) and re.search("[A-Za-z]{4}", comment), line


# --- the pages among themselves ----------------------------------------------------------------------


@pytest.mark.parametrize("path", PAGES, ids=name_of)
def test_links_lead_to_files_and_headings_that_exist(path: Path) -> None:
    text = _FENCE.sub("", path.read_text(encoding="utf-8"))
    for target in _LINK.findall(text):
        if target.startswith(("http://", "https://", "mailto:")):
            continue
        place, _sharp, heading = target.partition("#")
        file = (path.parent / place).resolve() if place else path
        assert file.exists(), f"{target} does not exist"
        assert not heading or heading in _headings(file), f"{target} has no such heading"


def _headings(path: Path) -> set[str]:
    """The headings of a page as the names hosting sites give them."""
    text = _FENCE.sub("", path.read_text(encoding="utf-8"))
    titles = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def test_every_page_can_be_reached_from_the_readmes() -> None:
    reached: set[Path] = set()
    waiting = list(READMES)
    while waiting:
        path = waiting.pop()
        if path in reached or path.suffix != ".md":
            continue
        reached.add(path)
        for target in _LINK.findall(path.read_text(encoding="utf-8")):
            file = (path.parent / target.partition("#")[0]).resolve()
            if file.is_file():
                waiting.append(file)
    unreached = set(PAGES) - reached - {ROOT / "CHANGELOG.md"}
    assert not unreached


@pytest.mark.parametrize("path", [path for path in PAGES if path.name.endswith(".ja.md")], ids=name_of)
def test_a_page_in_both_languages_has_the_same_sections_and_output_in_both(path: Path) -> None:
    other = path.with_name(path.name.replace(".ja.md", ".md"))
    assert _outline(path) == _outline(other)


def _outline(path: Path) -> list[str]:
    text = _FENCE.sub("", path.read_text(encoding="utf-8"))
    return re.findall(r"^#+(?= )|<!-- output: .+? -->", text, re.MULTILINE)


@pytest.mark.parametrize("path", WRITTEN, ids=name_of)
def test_no_page_names_a_place_on_the_machine_it_was_written_on(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert not re.search(
        r"(?<![\w.])/(?:work|root|tmp)/|\bpypi\b|index-url|\bproxy\b|artifactory", text, re.IGNORECASE
    )
