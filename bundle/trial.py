"""``make trial``: install the bundle as a plain user with Python and nothing else, upgrade, and roll back.

Run it as root: it becomes an account that owns nothing, with a home of its own, a PATH without compiler or make,
and, where the machine allows it, no network.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from pathlib import Path

import eccube_sync
from bundle.__main__ import DIST, requirements

PLAIN_USER = 65534
TOOLS = ("sh", "cat", "dirname", "mkdir", "rm", "ln", "echo", "ls", "env")
NEXT = "99.0.0"


def main() -> None:
    """Go through it all; the first step that fails ends it."""
    with tempfile.TemporaryDirectory(prefix="trial-") as temporary:
        home = Path(temporary)
        tools = _tools(home)
        bundle = _unpacked(home)
        _next_version(bundle, home / "next")
        for path in (home, *home.rglob("*")):
            os.lchown(path, PLAIN_USER, PLAIN_USER)
        for step in STEPS:
            print(f"\n$ {step}")  # noqa: T201
            _as_plain_user(step, home, tools)


STEPS = (
    "! command -v make; ! command -v gcc; ! command -v pip",
    "sh bundle/install.sh ~/eccube-sync",
    "~/eccube-sync/program/bin/eccube-sync --language en demo --directory ~/demo-shop",
    "~/eccube-sync/program/bin/eccube-sync --config ~/demo-shop/eccube-sync.toml runs list",
    "sh next/install.sh ~/eccube-sync",
    f"case $(~/eccube-sync/program/bin/eccube-sync --version) in *{NEXT}*) ;; *) exit 1 ;; esac",
    "~/eccube-sync/program/bin/eccube-sync --config ~/demo-shop/eccube-sync.toml -q migrate",
    f"ln -sfn versions/{eccube_sync.__version__} ~/eccube-sync/program",
    "~/eccube-sync/program/bin/eccube-sync --version",
    "~/eccube-sync/program/bin/eccube-sync --config ~/demo-shop/eccube-sync.toml runs list --limit 1",
    'for file in bundle/wheels/tzdata-*; do echo x >> "$file"; done; ! sh bundle/install.sh ~/again',
)
"""What an admin does, and at last a bundle with a changed file, which must be refused."""


def _tools(home: Path) -> Path:
    """The few programs every system has, and Python: no compiler, no make, no pip."""
    folder = home / "tools"
    folder.mkdir()
    for name in TOOLS:
        found = shutil.which(name)
        if found:
            (folder / name).symlink_to(found)
    python = shutil.which("python3", path="/usr/bin:/usr/local/bin") or sys.executable
    (folder / "python3").symlink_to(python)
    return folder


def _unpacked(home: Path) -> Path:
    (archive,) = DIST.glob(f"eccube-sync-{eccube_sync.__version__}-linux-*.tar.gz")
    with tarfile.open(archive) as packed:
        packed.extractall(home, filter="data")
    bundle = home / "bundle"
    (home / archive.name.removesuffix(".tar.gz")).rename(bundle)
    return bundle


def _next_version(bundle: Path, target: Path) -> None:
    """The same bundle under a later number, as the next release will be."""
    shutil.copytree(bundle, target, symlinks=True)
    (ours,) = (target / "wheels").glob("eccube_sync-*.whl")
    renamed = target / "wheels" / ours.name.replace(eccube_sync.__version__, NEXT)
    old, new = f"eccube_sync-{eccube_sync.__version__}", f"eccube_sync-{NEXT}"
    with zipfile.ZipFile(ours) as before, zipfile.ZipFile(renamed, "w", zipfile.ZIP_DEFLATED) as after:
        for entry in before.infolist():
            content = before.read(entry)
            if entry.filename.endswith(("METADATA", "eccube_sync/__init__.py", "RECORD")):
                content = content.replace(eccube_sync.__version__.encode(), NEXT.encode())
            after.writestr(entry.filename.replace(old, new), content)
    ours.unlink()
    (target / "VERSION").write_text(NEXT + "\n", encoding="ascii")
    (target / "requirements.txt").write_text(
        requirements((target / "wheels").glob("*.whl")), encoding="ascii"
    )


def _as_plain_user(step: str, home: Path, tools: Path) -> None:
    command = [
        *(_without_network() if "install.sh" in step else []),
        _program("setpriv"), f"--reuid={PLAIN_USER}", f"--regid={PLAIN_USER}", "--clear-groups",
        str(tools / "sh"), "-ec", step,
    ]  # fmt: skip
    environment = {"HOME": str(home), "PATH": str(tools), "LANG": "C.UTF-8"}
    subprocess.run(command, cwd=home, env=environment, check=True)  # noqa: S603


def _without_network() -> list[str]:
    unshare = [_program("unshare"), "--net"]
    allowed = subprocess.run([*unshare, _program("true")], check=False, capture_output=True)  # noqa: S603
    return unshare if allowed.returncode == 0 else []


def _program(name: str) -> str:
    found = shutil.which(name)
    assert found, f"{name} is not installed"
    return found


if __name__ == "__main__":
    main()
