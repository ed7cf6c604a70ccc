"""PHP and its tools, for the plugin's tests: Debian's packages, installed by apt where they are missing."""

from __future__ import annotations

import argparse
import shutil
import subprocess
from pathlib import Path

from tests.support import packages

#: Each package with a file it brings, by which its absence shows.
PACKAGES = {
    "php-cli": "/usr/bin/php",
    "php-curl": "/usr/share/doc/php-curl",
    "php-intl": "/usr/share/doc/php-intl",
    "php-mbstring": "/usr/share/doc/php-mbstring",
    "phpunit": "/usr/bin/phpunit",
    "php-codesniffer": "/usr/bin/phpcs",
    "phpmd": "/usr/bin/phpmd",
    "php-parser": "/usr/share/php/PhpParser/autoload.php",
    "php-symfony-twig-bridge": "/usr/share/php/Symfony/Bridge/Twig/autoload.php",
    "php-tcpdf": "/usr/share/php/tcpdf/autoload.php",
}


def install() -> None:
    """Install what is missing, which only root can do."""
    missing = [package for package, brings in PACKAGES.items() if not Path(brings).exists()]
    if missing:
        packages.install(missing)


def run(program: str, *arguments: str | Path, stdin: str | None = None, timeout: float = 120) -> str:
    """What one of the programs prints.

    Raises AssertionError with all it printed when it ends with another code than 0.
    """
    command = [shutil.which(program) or program, *map(str, arguments)]
    done = subprocess.run(command, input=stdin, capture_output=True, text=True, check=False, timeout=timeout)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def main() -> None:
    """``python -m tests.support.php --install``: fetch the programs, start nothing."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--install", action="store_true", required=True, help="install what is missing by apt"
    )
    parser.parse_args()
    install()


if __name__ == "__main__":
    main()
