"""The program with a clock that stands where the story put it: ``python -m tests.e2e.at MOMENT ARGUMENT …``."""

from __future__ import annotations

import sys
from datetime import datetime

from eccube_sync.application import Application
from eccube_sync.cli import run
from eccube_sync.clock import FixedClock

if __name__ == "__main__":
    clock = FixedClock(datetime.fromisoformat(sys.argv[1]))
    sys.exit(run(sys.argv[2:], Application(clock=clock)))
