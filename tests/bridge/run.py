"""The bridge with a clock that stands where the test put it: ``python -m tests.bridge.run CONFIGURATION MOMENT``.

With ``--debug`` every library in the process may log all it can.
"""

from __future__ import annotations

import logging
import sys
from datetime import datetime

from eccube_sync.application import Application
from eccube_sync.cli import run
from eccube_sync.clock import FixedClock

if __name__ == "__main__":
    if "--debug" in sys.argv:
        logging.basicConfig(level=logging.DEBUG)
    clock = FixedClock(datetime.fromisoformat(sys.argv[2]))
    sys.exit(run(["--config", sys.argv[1], "bridge"], Application(clock=clock)))
