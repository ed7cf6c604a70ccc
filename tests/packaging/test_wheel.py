"""What is built and installed holds everything the checkout has."""

from __future__ import annotations

import sys
import tarfile
import zipfile
from pathlib import Path

import eccube_sync
from tests.packaging.conftest import run

DATA = ("sql", "mail_templates", "pages", "locale")
LIST_DATA = """
from importlib import resources
def walk(folder, name):
    for item in folder.iterdir() if folder.is_dir() else ():
        path = f"{name}/{item.name}"
        if item.is_dir() and item.name != "__pycache__":
            walk(item, path)
        elif item.is_file():
            print(path)
for name in %r:
    walk(resources.files("eccube_sync").joinpath(name), name)
"""


def wanted(source: Path) -> set[str]:
    """Every file of the package, as a path inside an archive."""
    package = source / "eccube_sync"
    folders = (package, source / "sql", source / "mail_templates")
    found = set()
    for folder in folders:
        for path in folder.rglob("*"):
            if path.is_file() and "__pycache__" not in path.parts and not path.name.startswith("."):
                inside = path.relative_to(package if folder == package else source)
                found.add(f"eccube_sync/{inside.as_posix()}")
    return found


def test_the_wheel_holds_every_file_of_the_package_and_nothing_else(source: Path, wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = {name for name in archive.namelist() if ".dist-info/" not in name}
    assert names == wanted(source)


def test_the_source_archive_holds_them_too_and_builds_the_same_wheel(
    source: Path, wheel: Path, tmp_path: Path
) -> None:
    run(
        sys.executable, "-m", "build", "--no-isolation", "--sdist", "--outdir", tmp_path, source, cwd=tmp_path
    )
    (archive,) = tmp_path.glob("*.tar.gz")
    with tarfile.open(archive) as opened:
        opened.extractall(tmp_path, filter="data")
    unpacked = tmp_path / archive.name.removesuffix(".tar.gz")
    run(
        sys.executable,
        "-m",
        "build",
        "--no-isolation",
        "--wheel",
        "--outdir",
        tmp_path,
        unpacked,
        cwd=tmp_path,
    )
    (built,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(built) as again, zipfile.ZipFile(wheel) as first:
        assert sorted(again.namelist()) == sorted(first.namelist())


def test_an_installed_wheel_finds_its_data(source: Path, installed: Path, tmp_path: Path) -> None:
    found = run(installed / "python", "-c", LIST_DATA % (DATA,), cwd=tmp_path).split()
    assert {f"eccube_sync/{name}" for name in found} == {
        name for name in wanted(source) if name.split("/")[1] in DATA
    }


def test_an_installed_wheel_runs_from_an_empty_directory(installed: Path, tmp_path: Path) -> None:
    assert eccube_sync.__version__ in run(installed / "eccube-sync", "--version", cwd=tmp_path)
    assert list(tmp_path.iterdir()) == []
