"""The program in a process of its own, at a moment: ``python -m tests.promises.program CONFIGURATION MOMENT …``."""

from __future__ import annotations

import sys
from datetime import datetime

from eccube_sync.application import Application
from eccube_sync.cli import run
from eccube_sync.clock import FixedClock

if __name__ == "__main__":
    configuration, moment, *arguments = sys.argv[1:]
    clock = FixedClock(datetime.fromisoformat(moment))
    sys.exit(run(["--config", configuration, *arguments], Application(clock=clock)))
