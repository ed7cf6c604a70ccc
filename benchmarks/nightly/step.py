"""One measured command: ``python -m benchmarks.nightly.step REPORT MOMENT ARGUMENTS…``, used by ``measure``."""

from __future__ import annotations

import json
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Engine, event

from eccube_sync.application import Application
from eccube_sync.cli import run
from eccube_sync.clock import FixedClock

WRITES = ("INSERT", "UPDATE", "DELETE", "REPLACE")
ECCUBE = ("dtb_", "plg_")


class Longest:
    """The longest time from a transaction's first write to a table of EC-CUBE to its end, in seconds."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self._since: float | None = None

    def watch(self) -> None:
        """Listen to every engine."""
        event.listen(Engine, "before_cursor_execute", self._statement)
        event.listen(Engine, "commit", self._end)
        event.listen(Engine, "rollback", self._end)

    def _statement(self, _connection: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        words = statement.lstrip()
        if self._since is None and words.startswith(WRITES) and any(name in words[:120] for name in ECCUBE):
            self._since = time.perf_counter()

    def _end(self, _connection: Any) -> None:
        if self._since is not None:
            self.seconds = max(self.seconds, time.perf_counter() - self._since)
            self._since = None


def main() -> None:
    """Run, then write the report."""
    report, moment, *arguments = sys.argv[1:]
    clock = FixedClock(datetime.fromisoformat(moment).replace(tzinfo=ZoneInfo("Asia/Tokyo")).astimezone(UTC))
    longest = Longest()
    longest.watch()
    code = run(arguments, Application(clock=clock))
    Path(report).write_text(json.dumps({"longest_eccube_transaction_ms": longest.seconds * 1000}))
    sys.exit(code)


if __name__ == "__main__":
    main()
