"""Write the measured tables into ``docs/explanation/matching-benchmarks.md`` and its Japanese sister."""

from __future__ import annotations

import json
import os
import platform
import re
from importlib.metadata import version
from pathlib import Path

from benchmarks.matching.table import COLUMNS, cost_curve, markdown

_FOLDER = Path(__file__).parents[2] / "docs" / "explanation"
_TABLE = re.compile(r"(<!-- measured: matching -->\n).*?(<!-- /measured -->)", re.DOTALL)
_PACKAGES = (
    "numpy",
    "rapidfuzz",
    "splink",
    "duckdb",
    "recordlinkage",
    "pandas",
    "japanese-personal-name-dataset",
    "Faker",
)
_ENGLISH = (
    "recall",
    "precision",
    "recall at 1 wrong in 1000",
    "best F1",
    "candidate recall",
    "questions for 97 %",
    "questions for 98 %",
    "CPU s",
    "wall s",
    "peak MiB",
)
_JAPANESE = (
    "再現率",
    "適合率",
    "誤り1/1000での再現率",
    "最良F1",
    "候補の再現率",
    "97%までの質問",
    "98%までの質問",
    "CPU秒",
    "経過秒",
    "最大MiB",
)
_PAGES = {
    "matching-benchmarks.md": (
        ("data", "members", "contender"),
        _ENGLISH,
        "CPU seconds for 100,000 rows (accounts and cards together), by number of members:",
        "Machine and versions",
    ),
    "matching-benchmarks.ja.md": (
        ("データ", "会員数", "方法"),
        _JAPANESE,
        "10万行（アカウントとカードの合計）あたりのCPU秒、会員数別:",
        "マシンと版",
    ),
}


def write_documents(results: Path) -> None:
    """Replace what stands between the marks of both pages."""
    lines = [json.loads(line) for line in results.read_text(encoding="utf-8").splitlines()]
    shops = [line for line in lines if line["seed"]]
    for name, (first, headings, curve, machine) in _PAGES.items():
        page = _FOLDER / name
        table = markdown(lines, dict(zip(COLUMNS, headings, strict=True)), first)
        text = f"{table}\n\n{curve}\n\n{cost_curve(shops, first[-1])}\n\n{machine}: {_machine()}"
        page.write_text(
            _TABLE.sub(
                lambda marks, new=text: f"{marks[1]}\n{new}\n\n{marks[2]}", page.read_text(encoding="utf-8")
            ),
            encoding="utf-8",
        )


def _machine() -> str:
    cores = len(os.sched_getaffinity(0))
    versions = ", ".join(f"{name} {version(name)}" for name in _PACKAGES)
    return f"{cores} × {platform.machine()}, Linux, Python {platform.python_version()}, {versions}."
