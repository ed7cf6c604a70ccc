"""Plays the plugin's whole story on a running EC-CUBE 4.2 or 4.3, in a real browser.

The shop has to be one made for tests: customers register, plugins come and go. What it needs is in
CONTRIBUTING.md.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from .browser import chromium
from .mailbox import Mailbox
from .program import Program
from .shop import Staff
from .stage import Stage
from .story import play


def main() -> int:
    """Play the story; 0 when all of it is as it should be."""
    options = _options()
    with (
        tempfile.TemporaryDirectory() as downloads,
        Mailbox(options.mail_port) as mailbox,
        chromium(options.url, Path(downloads)) as browser,
    ):
        staff = Staff(browser, options.admin_route, options.admin_login, options.admin_password)
        program = Program(options.program)
        pictures = options.pictures or Path(downloads)
        stage = Stage(
            browser, mailbox, staff, program, options.package, Path(downloads), pictures, options.english
        )
        return play(stage)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.e2e", description=__doc__)
    parser.add_argument("--url", required=True, help="the shop, as http://127.0.0.1:8000")
    parser.add_argument(
        "--program", required=True, type=Path, help="folder with the eccube-sync.toml of the shop"
    )
    parser.add_argument("--package", required=True, type=Path, help="what `make plugin` made")
    parser.add_argument(
        "--mail-port", type=int, default=1025, help="where the shop sends its mail on 127.0.0.1"
    )
    parser.add_argument("--admin-route", default="admin")
    parser.add_argument("--admin-login", default="admin")
    parser.add_argument("--admin-password", default="password")
    parser.add_argument("--english", help="the same shop with ECCUBE_LOCALE=en, as http://127.0.0.1:8001")
    parser.add_argument("--pictures", type=Path, help="folder for pictures of the pages")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
