"""Writes down what became of each test of a promise: one line of JSON each, in the file of the campaign."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.promises import scale

FIGURES: pytest.StashKey[Counter[str]] = pytest.StashKey()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[Any]:
    """Hand on what the test counted and which promises it proves; plain types, for they cross processes."""
    report: pytest.TestReport = yield
    if call.when == "call":
        mark = item.get_closest_marker("promise")
        report.user_properties = [
            ("promises", list(mark.args) if mark else []),
            ("figures", dict(item.stash.get(FIGURES, Counter()))),
        ]
    return report


class Recorder:
    """Appends a line for each test; only the process that gathers the reports has one."""

    def __init__(self, path: Path, state: str) -> None:
        self._path, self._state = path, state

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """One test is over, or could not even begin."""
        if report.when != "call" and report.passed:
            return
        known = dict(report.user_properties)
        line = {
            "at": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}",
            "state": self._state,
            "seed": scale.SEED,
            "test": report.nodeid,
            "promises": known.get("promises", []),
            "outcome": report.outcome if report.when == "call" else f"{report.outcome} in {report.when}",
            "seconds": round(report.duration, 1),
            "figures": known.get("figures", {}),
        }
        with self._path.open("a", encoding="utf-8") as lines:
            lines.write(json.dumps(line) + "\n")


def pytest_configure(config: pytest.Config) -> None:
    """Record where the reports come together, in a campaign."""
    if (
        scale.CAMPAIGN
        and not hasattr(config, "workerinput")
        and not config.pluginmanager.has_plugin("recorder")
    ):
        recorder = Recorder(Path(scale.RESULTS), os.environ.get("ECCUBE_SYNC_STATE", ""))
        config.pluginmanager.register(recorder, "recorder")
