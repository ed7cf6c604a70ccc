"""``python -m tests.promises.campaign [P1 …]``: put the promises to the test at length, and tell what was found.

Tests that passed on this state of the program are not played again, so a campaign that was broken off goes on.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import time
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
FOLDER = Path(__file__).parent
RESULTS = ROOT / "build" / "campaign.jsonl"
MARK = re.compile(r"mark\.promise\(([^)]*)\)")
Line = dict[str, Any]


def main() -> int:
    """Play the campaigns of the promises asked for, or of all."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("promises", nargs="*", help="numbers of promises, as P1; all when none is named")
    parser.add_argument("--seed", type=int, help="the seed to play again")
    parser.add_argument("--afresh", action="store_true", help="play again what passed already, too")
    parser.add_argument("--table", action="store_true", help="play nothing, only show what is known")
    parser.add_argument(
        "--processes", default="3", help="how many tests at once; some of them wait for servers"
    )
    asked = parser.parse_args()
    state = state_of_the_program()
    known = [] if asked.afresh else [line for line in results() if line["state"] == state]
    seed = asked.seed or (known[0]["seed"] if known else int(time.time()))
    code = 0 if asked.table else play(asked.promises, asked.processes, seed, state, known)
    show(asked.promises, [line for line in results() if line["state"] == state])
    return code


def state_of_the_program() -> str:
    """Which state results belong to: the commit, and whether it was changed since."""
    asked = ["git", "describe", "--always", "--dirty", "--abbrev=12", "--exclude=*"]
    found = subprocess.run(asked, cwd=ROOT, capture_output=True, text=True, check=False)
    return found.stdout.strip() or "no commit"


def results() -> list[Line]:
    """Every line written so far."""
    if not RESULTS.exists():
        return []
    return [json.loads(line) for line in RESULTS.read_text(encoding="utf-8").splitlines()]


def modules(promises: list[str]) -> list[str]:
    """The modules whose marks name one of these promises."""
    found = []
    for path in sorted(FOLDER.glob("test_*.py")):
        named = {
            name
            for mark in MARK.findall(path.read_text(encoding="utf-8"))
            for name in re.findall(r"P\d+", mark)
        }
        if not promises or named & set(promises):
            found.append(str(path.relative_to(ROOT)))
    return found


def play(promises: list[str], processes: str, seed: int, state: str, known: list[Line]) -> int:
    """Run pytest on those modules at the campaign's size; its exit code."""
    chosen = modules(promises)
    if not chosen:
        print(f"No module of {FOLDER.relative_to(ROOT)} is marked with {' or '.join(promises)}.")
        return 64
    print(f"seed {seed}, state {state}; results: {RESULTS.relative_to(ROOT)}")
    RESULTS.parent.mkdir(exist_ok=True)
    passed = {line["test"] for line in known if line["outcome"] == "passed" and line["seed"] == seed}
    command = [sys.executable, "-m", "pytest", *chosen, "--timeout=3600", f"--randomly-seed={seed}"]
    command += ["-p", "tests.promises.recording"]
    command += [
        f"--numprocesses={processes}",
        "--dist=worksteal",
        *(f"--deselect={test}" for test in sorted(passed)),
    ]
    settings = {
        "ECCUBE_SYNC_CAMPAIGN": str(RESULTS),
        "ECCUBE_SYNC_SEED": str(seed),
        "ECCUBE_SYNC_STATE": state,
    }
    code = subprocess.run(command, cwd=ROOT, env=os.environ | settings, check=False).returncode
    return 0 if code == 5 else code  # 5: everything had passed already


def show(promises: list[str], lines: list[Line]) -> None:
    """A table in Markdown, one row a promise; a test counts with the last line written about it."""
    newest = {line["test"]: line for line in lines}
    of_promise: dict[str, list[Line]] = defaultdict(list)
    for line in newest.values():
        for promise in line["promises"] or ["?"]:
            of_promise[promise].append(line)
    print("\n| promise | tests | failed | counted | seconds |\n|---|---|---|---|---|")
    for promise in sorted(of_promise, key=lambda name: int(name[1:] or 0) if name != "?" else 99):
        if promises and promise not in promises:
            continue
        found = of_promise[promise]
        figures: Counter[str] = sum((Counter(line["figures"]) for line in found), Counter())
        told = ", ".join(f"{number:,} {name}" for name, number in sorted(figures.items()))
        failed = sum(line["outcome"] != "passed" for line in found)
        seconds = sum(line["seconds"] for line in found)
        print(f"| {promise} | {len(found)} | {failed} | {told} | {seconds:.0f} |")
    for line in newest.values():
        if line["outcome"] != "passed":
            print(f"{line['outcome']}: {line['test']}")


if __name__ == "__main__":
    sys.exit(main())
