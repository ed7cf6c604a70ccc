"""``python -m tests.rules``: which branches of the rules that decide about people no test of theirs takes.

The rules and their tests are those of ``make mutation``: [mutmut] in setup.cfg.
"""

from __future__ import annotations

import subprocess
import sys
from configparser import ConfigParser
from pathlib import Path

ROOT = Path(__file__).parents[1]


def main() -> int:
    """Run the tests and list what they leave out; 0 only when nothing is."""
    config = ConfigParser()
    config.read(ROOT / "setup.cfg", encoding="utf-8")
    rules, tests = (
        config["mutmut"][key].split() for key in ("only_mutate", "pytest_add_cli_args_test_selection")
    )
    (ROOT / "build").mkdir(exist_ok=True)
    run = ["run", "--branch", f"--include={','.join(rules)}", "-m", "pytest", "-q", *tests]
    report = ["report", "--show-missing", "--skip-covered", "--fail-under=100"]
    return coverage(*run) or coverage(*report)


def coverage(command: str, *arguments: str) -> int:
    """Call coverage.py; its exit code."""
    call = [sys.executable, "-m", "coverage", command, "--data-file=build/coverage", *arguments]
    return subprocess.run(call, cwd=ROOT, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
