"""``make bundle``: every wheel for Linux on x86-64, a file with their hashes, and the script that installs them."""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

import eccube_sync

HERE = Path(__file__).parent
DIST = HERE.parent / "dist"
PYTHONS = ("3.11", "3.12", "3.13")
PLATFORMS = ("manylinux2014_x86_64", "manylinux_2_17_x86_64", "manylinux_2_28_x86_64")


def main() -> None:
    """Write ``dist/eccube-sync-<version>-linux-x86_64.tar.gz``."""
    name = f"eccube-sync-{eccube_sync.__version__}-linux-x86_64"
    DIST.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / name
        wheels = folder / "wheels"
        wheels.mkdir(parents=True)
        _pip("wheel", "--no-deps", "--wheel-dir", wheels, HERE.parent)
        (ours,) = wheels.glob("eccube_sync-*.whl")
        _download(ours, wheels)
        _pip("download", "--no-deps", "--dest", folder, "pip")
        (folder / "requirements.txt").write_text(requirements(wheels.glob("*.whl")), encoding="ascii")
        (folder / "VERSION").write_text(eccube_sync.__version__ + "\n", encoding="ascii")
        shutil.copy(HERE / "install.sh", folder)
        with tarfile.open(DIST / f"{name}.tar.gz", "w:gz") as archive:
            archive.add(folder, name)
    print(DIST / f"{name}.tar.gz")  # noqa: T201


def _download(ours: Path, wheels: Path) -> None:
    """The wheels of everything we need, the same versions for every Python."""
    pinned = wheels.parent / "pinned.txt"
    pinned.write_text("", encoding="ascii")
    for python in PYTHONS:
        platforms = [part for one in PLATFORMS for part in ("--platform", one)]
        _pip(
            "download", "--only-binary", ":all:", "--python-version", python, "--implementation", "cp",
            *platforms, "--dest", wheels, "--constraint", pinned, ours,
        )  # fmt: skip
        pinned.write_text(
            "".join(f"{name}=={version}\n" for name, version in _versions(wheels)), encoding="ascii"
        )
    pinned.unlink()


def _versions(wheels: Path) -> list[tuple[str, str]]:
    named = {_name_and_version(path) for path in wheels.glob("*.whl")}
    return sorted(one for one in named if one[0] != "eccube-sync")


def requirements(wheels: Iterable[Path]) -> str:
    """What pip's ``--require-hashes`` reads: each package at one version, with the hash of each of its wheels."""
    hashes: dict[tuple[str, str], list[str]] = defaultdict(list)
    for path in sorted(wheels):
        hashes[_name_and_version(path)].append(hashlib.sha256(path.read_bytes()).hexdigest())
    return "".join(
        f"{name}=={version}" + "".join(f" \\\n    --hash=sha256:{one}" for one in found) + "\n"
        for (name, version), found in sorted(hashes.items())
    )


def _name_and_version(wheel: Path) -> tuple[str, str]:
    name, version = wheel.name.split("-")[:2]
    return re.sub(r"[-_.]+", "-", name).lower(), version


def _pip(*arguments: str | Path) -> None:
    command = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", *map(str, arguments)]
    subprocess.run(command, check=True)  # noqa: S603


if __name__ == "__main__":
    main()
