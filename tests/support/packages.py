"""Debian packages the tests need, installed by apt where they are missing."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence


class PackagesMissingError(RuntimeError):
    """Packages are missing and only root could install them; the sentence names them."""


def install(packages: Sequence[str]) -> None:
    """Install packages with nothing they only recommend."""
    if os.geteuid() != 0:
        raise PackagesMissingError(
            f"The tests need {' and '.join(packages)}; install them with apt, or run the tests as root once."
        )
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for arguments in (["update", "-q"], ["install", "-q", "-y", "--no-install-recommends", *packages]):
        subprocess.run(["apt-get", *arguments], check=True, env=environment, stdout=sys.stderr)
