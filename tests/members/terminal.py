"""The program as the admin of a shop runs it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from eccube_sync.application import Application
from eccube_sync.cli import run
from tests.members.exports import write_export
from tests.support.rows import OurShop


@dataclass
class Terminal:
    """Runs commands in a shop; ``folder`` takes the store's exports."""

    ours: OurShop
    folder: Path
    capture: pytest.CaptureFixture[str]
    output: str = ""
    errors: str = ""

    def run(self, *arguments: str) -> int:
        """Run a command; the exit code. What it printed is in ``output`` and ``errors``."""
        application = Application(clock=self.ours.clock)
        vars(application)["settings"] = self.ours.settings
        self.capture.readouterr()
        code = run(arguments, application)
        self.output, self.errors = self.capture.readouterr()
        return code

    def json(self, *arguments: str) -> dict[str, Any]:
        """Run a command with ``--json``; what it printed."""
        assert self.run(*arguments, "--json") == 0, self.errors
        found: dict[str, Any] = json.loads(self.output)
        return found

    def listing(self, report: dict[str, Any], title: str) -> list[Sequence[Any]]:
        """The rows of one table of a JSON report."""
        (rows,) = [one["rows"] for one in report["listings"] if one["title"] == title]
        return list(rows)

    def import_rows(self, rows: Sequence[dict[str, str]], *options: str, name: str = "", **how: Any) -> int:
        """Write an export and import it."""
        path = write_export(self.folder / (name or "members.csv"), rows, **how)
        return self.run("members", "import", str(path), "--apply", *options)
