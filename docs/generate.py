"""Write what follows from the code into the documents: ``python -m docs.generate`` (``make docs``).

Whole pages (commands, configuration, tables), and program output between two comments in any page::

    <!-- output: customers show 1 -->
    ...
    <!-- /output -->

The output is that of the demo shop, played anew; texts are gathered in one process for each language, because
help texts are translated when the commands are loaded.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import click

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
LANGUAGES = ("en", "ja")
DAY = datetime(2026, 4, 3, 2, 0, tzinfo=UTC)
"""When these pages look at the demo shop; its own two days are the two before."""

SHOWN = (
    "runs list",
    "customers show 1",
    "expire preview",
    "notices list --limit 3",
    "codes claims --limit 3",
    "overrides set 1 --class store --until 2027-03-31 --reason 'paid by bank transfer'",
    "notices preview expired",
    "notices preview exporter",
    "customers find 5678",
    "customers unlink 1 --reason 'father and son'",
    "inbox",
    "purge",
    "guards approve 2027-04-01 1200",
)
"""Commands whose output pages may show, besides the steps of the demo."""

_MARKED = re.compile(r"(<!-- output: (?P<name>[^>]+?) -->\n).*?(<!-- /output -->)", re.DOTALL)
_NOTE = "<!-- Made by `make docs`; do not edit. -->\n\n"
# Another one in every demo: the page would change without a change.
_EXPORT_KEY = re.compile(r"(review-\d{8}-\d{4}-)[0-9A-Z]{8}")


# --- gathering, in one process a language ------------------------------------------------------------


def collect(language: str) -> dict[str, Any]:
    """Everything the pages of one language need from the program."""
    from eccube_sync.i18n import set_language

    set_language(language)
    return {"help": dict(_help()), "settings": list(_settings()), "output": _output(language)}


def _help() -> Iterator[tuple[str, str]]:
    from eccube_sync.cli import _group

    yield from _help_of(_group(), None, "eccube-sync")


def _help_of(command: click.Command, parent: click.Context | None, name: str) -> Iterator[tuple[str, str]]:
    context = click.Context(command, parent=parent, info_name=name, **command.context_settings)
    yield context.command_path, command.get_help(context)
    if isinstance(command, click.Group):
        for below, one in sorted(command.commands.items()):
            yield from _help_of(one, context, below)


def _settings() -> Iterator[dict[str, Any]]:
    from eccube_sync.config import Settings, tables
    from eccube_sync.i18n import _

    for table in tables(Settings):
        yield {
            "key": table.key,
            "repeated": table.repeated,
            "about": _(table.description) if table.description else "",
            "settings": [
                {
                    "name": setting.key.removeprefix(f"{table.key}."),
                    "type": _kind(setting),
                    "default": _default(setting),
                    "about": _(setting.description) if setting.description else "",
                }
                for setting in table.settings
            ],
        }


def _kind(setting: Any) -> str:
    from eccube_sync.i18n import _

    words = " \\| ".join(f"`{one}`" for one in setting.choices) or _(setting.type)
    return _("list of: {words}").format(words=words) if setting.is_list else words


def _default(setting: Any) -> str:
    if setting.required:
        return "**!**"
    if setting.default in (None, "", (), {}):
        return ""
    value = setting.default
    if isinstance(value, tuple):
        return f"`{json.dumps(list(value), ensure_ascii=False)}`"
    if isinstance(value, Path):
        return f"`{value}`"
    return f"`{json.dumps(value, ensure_ascii=False)}`"


def _output(language: str) -> dict[str, str]:
    """Name → what the program printed on the demo shop."""
    from eccube_sync.clock import FixedClock

    clock = FixedClock(DAY)
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        here = Path.cwd()
        run = Terminal(language, clock, here)
        found = dict(_steps(run("demo --directory demo-shop")))
        found["mail to the owner"] = _mail(min((here / "demo-shop" / "mails").glob("*.eml")))
        with contextlib.chdir("demo-shop"):
            for command in SHOWN:
                found[command] = f"$ eccube-sync {command}\n{run(command)}"
    return found


class Terminal:
    """Runs a command as a person would and keeps what it printed, with paths as seen from the folder."""

    def __init__(self, language: str, clock: Any, folder: Path) -> None:
        self._language, self._clock, self._folder = language, clock, folder

    def __call__(self, command: str) -> str:
        import shlex

        from eccube_sync.cli import main

        printed = io.StringIO()
        with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
            try:
                main(["--language", self._language, *shlex.split(command)], clock=self._clock)
            except SystemExit as stop:
                if stop.code in {64, 65, 71}:
                    raise RuntimeError(f"{command}: exit {stop.code}\n{printed.getvalue()}") from None
        text = printed.getvalue()
        for place in (f"{self._folder}/demo-shop/", f"{self._folder}/"):
            text = text.replace(place, "")
        return "\n".join(line.rstrip() for line in text.strip().splitlines())


def _steps(text: str) -> Iterator[tuple[str, str]]:
    """The demo, cut where a step begins; each is named by its command, the end is ``demo``."""
    for step in text.split("■ ")[1:]:
        _words, command, rest = step.split("\n", 2)
        shown = command.strip().removeprefix("$ ")
        body, *closing = re.split(r"\n\n(?=\S)", rest.strip(), maxsplit=1)
        name = " ".join(re.findall(r"[a-z-]+", shown.split(";")[0].removeprefix("eccube-sync "))[:2])
        yield f"demo {name}", f"$ {shown}\n{body}"
        if closing:
            yield "demo end", closing[0]


def _mail(path: Path) -> str:
    message = message_from_bytes(path.read_bytes(), policy=policy.default)
    body = message.get_body(("plain",))
    text = body.get_content() if body else ""
    return f"Subject: {message['Subject']}\n\n{text}".replace("\r\n", "\n").rstrip()


# --- pages --------------------------------------------------------------------------------------------

WORDS = {
    "en": {
        "commands": "# Commands",
        "commands_about": "Every command's own `--help`. Codes a command ends with: [exit codes](exit-codes.md).",
        "configuration": "# Configuration",
        "configuration_about": (
            "One TOML file for each shop. `eccube-sync init` writes it with every key and a comment; `eccube-sync "
            "check` checks it whole. Paths start from the file's folder. **!** marks a key that must be filled in. "
            "`NAME` stands for a name you choose."
        ),
        "top": "Top of the file",
        "columns": "| Key | Value | Default | Meaning |",
    },
    "ja": {
        "commands": "# コマンド",
        "commands_about": (
            "各コマンドの `--help` をそのまま載せています。終了コードは[終了コード](exit-codes.md)をご覧ください。"
        ),
        "configuration": "# 設定",
        "configuration_about": (
            "ショップごとに1つのTOMLファイルです。`eccube-sync init` が、すべてのキーを説明付きで書き出します。"
            "`eccube-sync check` で全体を点検できます。パスは、設定ファイルのあるフォルダが基準です。"
            "**!** は必ず書くキーです。`NAME` の部分には自由に名前を付けます。"
        ),
        "top": "ファイルの先頭",
        "columns": "| キー | 値 | 既定値 | 意味 |",
    },
}


def pages() -> dict[Path, str]:
    """Every page that follows from the code, whole or in parts, with the text it should have."""
    with ThreadPoolExecutor() as processes:
        collected = dict(zip(LANGUAGES, processes.map(_collected, LANGUAGES), strict=True))
    found = {DOCS / "reference" / "tables.md": _tables_page()}
    for language, parts in collected.items():
        ending = ".md" if language == "en" else f".{language}.md"
        words = WORDS[language]
        found[DOCS / "reference" / f"commands{ending}"] = _commands_page(words, parts["help"])
        found[DOCS / "reference" / f"configuration{ending}"] = _configuration_page(words, parts["settings"])
    for path in sorted([*DOCS.rglob("*.md"), *ROOT.glob("*.md")]):
        text = path.read_text(encoding="utf-8")
        if "<!-- output: " in text:
            language = "ja" if path.name.endswith(".ja.md") else "en"
            found[path] = filled(text, collected[language]["output"])
    for language, parts in collected.items():
        found[DOCS / "pictures" / f"plan.{language}.svg"] = _picture(parts["output"]["demo classify"])
    return found


def _collected(language: str) -> dict[str, Any]:
    command = [sys.executable, "-m", "docs.generate", "--collect", language]
    environment = {**os.environ, "COLUMNS": "100", "PYTHONUTF8": "1"}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)  # noqa: S603 - our own interpreter
    if done.returncode:
        raise RuntimeError(f"collecting {language} failed:\n{done.stderr}")
    parts: dict[str, Any] = json.loads(done.stdout)
    return parts


def filled(text: str, output: dict[str, str]) -> str:
    """``text`` with the named output between its markers; ``KeyError`` for a name there is not."""

    def block(found: re.Match[str]) -> str:
        printed = _EXPORT_KEY.sub(r"\1ZPMNJPAR", output[found["name"]])
        return f"{found[1]}```text\n{printed}\n```\n{found[3]}"

    return _MARKED.sub(block, text)


def _commands_page(words: dict[str, str], helps: dict[str, str]) -> str:
    parts = [f"{words['commands']}\n\n{_NOTE}{words['commands_about']}\n"]
    for path, text in helps.items():
        level = "##" if path.count(" ") < 2 else "###"
        body = "\n".join(line.rstrip() for line in text.splitlines())
        parts.append(f"{level} {path}\n\n```text\n{body}\n```\n")
    return "\n".join(parts)


def _configuration_page(words: dict[str, str], tables: list[dict[str, Any]]) -> str:
    parts = [f"{words['configuration']}\n\n{_NOTE}{words['configuration_about']}\n"]
    for table in tables:
        plain = table["key"].replace("[]", "")
        heading = (f"`[[{plain}]]`" if table["repeated"] else f"`[{plain}]`") if plain else words["top"]
        rows = [
            f"| `{one['name']}` | {one['type']} | {one['default']} | {one['about']} |"
            for one in table["settings"]
        ]
        about = f"{table['about']}\n\n" if table["about"] else ""
        body = "\n".join([words["columns"], "|---|---|---|---|", *rows])
        parts.append(f"## {heading}\n\n{about}{body}\n")
    return "\n".join(parts)


def _tables_page() -> str:
    from docs.tablenotes import table_notes
    from eccube_sync.tables.metadata import metadata

    parts = [
        f"# Our own tables\n\n{_NOTE}What the program knows lies here, in a schema of its own beside EC-CUBE's "
        "([why](../explanation/our-own-tables.md)). Moments are UTC. The whole DDL is in "
        "[`sql/schema/`](../../sql/schema/).\n"
    ]
    notes = table_notes()
    for table in sorted(metadata.sorted_tables, key=lambda one: one.name):
        note = notes.get(table.name)
        rows = [
            f"| `{column.name}` | {_column_kind(column)} | {note.columns.get(column.name, '') if note else ''} |"
            for column in table.columns
        ]
        about = f"{note.about}\n\n" if note and note.about else ""
        body = "\n".join(["| Column | Kind | Note |", "|---|---|---|", *rows])
        parts.append(f"## {table.name}\n\n{about}{body}\n")
    return "\n".join(parts)


def _column_kind(column: Any) -> str:
    words = column.type.__class__.__name__.lower()
    for key in column.foreign_keys:
        words = f"→ {key.column.table.name}"
    if column.primary_key:
        words += ", key"
    return words + (", may be empty" if column.nullable else "")


def _picture(output: str) -> str:
    from rich.console import Console
    from rich.text import Text

    console = Console(record=True, width=74, file=io.StringIO(), force_terminal=True)
    console.print(Text(output))
    title = output.partition("\n")[0].removeprefix("$ ")
    return console.export_svg(title=title, unique_id="plan")


def main() -> None:
    """Write every page, or print what was collected for one language."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--collect", choices=LANGUAGES, help="print the texts of one language as JSON")
    language = parser.parse_args().collect
    if language:
        sys.stdout.write(json.dumps(collect(language), ensure_ascii=False))
        return
    for path, text in pages().items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
