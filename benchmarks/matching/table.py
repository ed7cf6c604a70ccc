"""Results as lines on the terminal and as tables in Markdown."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from statistics import fmean
from typing import Any

Line = Mapping[str, Any]


def print_line(line: Line) -> None:
    """One result, as soon as it is known."""
    cost, quality = line["cost"], line["quality"]
    print(
        f"{line['data']:<10} {line['seed']:>4} {line['members']:>9,} {line['contender']:<20}"
        f" recall {quality['recall']:.4f} precision {quality['precision']:.5f} ({quality['wrong']} wrong)"
        f" at 1/1000 {quality['best_recall']:.4f} F1 {quality['best_f1']:.4f}"
        f" candidates {quality['candidate_recall']:.4f}"
        f" asks {_percent(quality['asked'])} + {_percent(quality['asked_by_name'])} by name"
        f" review 97 % {_percent(quality['review_97'])} 98 % {_percent(quality['review_98'])}"
        f" CPU {cost['cpu_seconds']:.1f} s wall {cost['wall_seconds']:.1f} s {cost['peak_mib']:.0f} MiB",
        flush=True,
    )


def _percent(value: float | None) -> str:
    return "–" if value is None else f"{value:.2%}"


COLUMNS: Mapping[str, Callable[[Line], float | None]] = {
    "recall": lambda line: line["quality"]["recall"],
    "precision": lambda line: line["quality"]["precision"],
    "best_recall": lambda line: line["quality"]["best_recall"],
    "best_f1": lambda line: line["quality"]["best_f1"],
    "candidate_recall": lambda line: line["quality"]["candidate_recall"],
    "review_97": lambda line: line["quality"]["review_97"],
    "review_98": lambda line: line["quality"]["review_98"],
    "cpu_seconds": lambda line: line["cost"]["cpu_seconds"],
    "wall_seconds": lambda line: line["cost"]["wall_seconds"],
    "peak_mib": lambda line: line["cost"]["peak_mib"],
}
"""Every figure of the table by its name, in its order."""

_WRITTEN: Mapping[str, Callable[[float | None], str]] = {
    "precision": lambda value: f"{value:.5f}",
    "review_97": _percent,
    "review_98": _percent,
    "cpu_seconds": lambda value: f"{value:,.1f}",
    "wall_seconds": lambda value: f"{value:,.1f}",
    "peak_mib": lambda value: f"{value:,.0f}",
}


def markdown(lines: Sequence[Line], headings: Mapping[str, str], first: Sequence[str]) -> str:
    """A table: one row a data set, size and contender, the mean over the seeds. ``first``: three headings."""
    rows = [[*first, *(headings[name] for name in COLUMNS)]]
    rows.append(["---"] * 3 + ["--:"] * len(COLUMNS))
    groups: dict[tuple[str, int, str], list[Line]] = defaultdict(list)
    for line in lines:
        groups[line["data"], line["members"], line["contender"]].append(line)
    for (data, members, contender), group in groups.items():
        figures = (_WRITTEN.get(name, "{:.4f}".format)(_mean(name, group)) for name in COLUMNS)
        rows.append([data, f"{members:,}", contender, *figures])
    return _rows(rows)


def cost_curve(lines: Sequence[Line], first: str) -> str:
    """A table: CPU seconds for 100,000 rows of both sides together, by contender and number of members."""
    costs: dict[str, dict[int, list[float]]] = defaultdict(lambda: defaultdict(list))
    for line in lines:
        rows = line["customers"] + line["members"]
        costs[line["contender"]][line["members"]].append(line["cost"]["cpu_seconds"] / rows * 100_000)
    sizes = sorted({size for of_contender in costs.values() for size in of_contender})
    table = [[first, *(f"{size:,}" for size in sizes)], ["---", *["--:"] * len(sizes)]]
    for contender, by_size in costs.items():
        table.append(
            [contender, *(f"{fmean(by_size[size]):.1f}" if size in by_size else "–" for size in sizes)]
        )
    return _rows(table)


def _mean(name: str, lines: Sequence[Line]) -> float | None:
    values = [COLUMNS[name](line) for line in lines]
    known = [value for value in values if value is not None]
    return fmean(known) if len(known) == len(values) else None


def _rows(cells: Sequence[Sequence[str]]) -> str:
    return "\n".join(f"| {' | '.join(row)} |" for row in cells)
