"""Archives built from a copy of the checkout, and an environment with nothing but the wheel."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parents[2]
NOT_PACKAGED = {"benchmarks", "build", "demo-shop", "dist", "docs", "plugin", "tests"}


def run(*command: str | Path, cwd: Path) -> str:
    """Run a command as a user's shell would, away from this checkout; fail with what it said."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    done = subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{command}: exit {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture(scope="session")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of what the archives are made from, links kept: building leaves traces, stale ones leak."""
    copy = tmp_path_factory.mktemp("source")
    for path in CHECKOUT.iterdir():
        if path.name.startswith(".") or path.name in NOT_PACKAGED or path.suffix == ".egg-info":
            continue
        if path.is_dir():
            shutil.copytree(path, copy / path.name, symlinks=True)
        else:
            shutil.copy2(path, copy / path.name)
    return copy


@pytest.fixture(scope="session")
def wheel(source: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built straight from the checkout."""
    folder = tmp_path_factory.mktemp("wheel")
    run(sys.executable, "-m", "build", "--no-isolation", "--wheel", "--outdir", folder, source, cwd=folder)
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="session")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The programs of an environment into which only the wheel and what it requires were installed."""
    folder = tmp_path_factory.mktemp("environment")
    run(sys.executable, "-m", "venv", "--without-pip", folder, cwd=folder)
    programs = folder / "bin"
    pip = (sys.executable, "-m", "pip", "--python", programs / "python", "--disable-pip-version-check")
    run(*pip, "install", "--quiet", "--no-compile", wheel, cwd=folder)
    return programs
