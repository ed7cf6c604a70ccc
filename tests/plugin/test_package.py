"""What is uploaded to the shop: everything the plugin needs, nothing else, and a text for every key."""

from __future__ import annotations

import json
import re
import subprocess
import tarfile
from pathlib import Path

import pytest

import eccube_sync

ROOT = Path(__file__).parents[2]
PLUGIN = ROOT / "plugin" / "EccubeSync42"
LOCALE = PLUGIN / "Resource" / "locale"


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> tarfile.TarFile:
    folder = tmp_path_factory.mktemp("package")
    subprocess.run(["make", "-s", "plugin", f"DIST={folder}"], cwd=ROOT, check=True)
    return tarfile.open(folder / f"EccubeSync42-{eccube_sync.__version__}.tar.gz")


def test_the_package_holds_the_plugin_without_a_folder_around_it(package: tarfile.TarFile) -> None:
    names = {member.name for member in package.getmembers() if member.isfile()}
    assert {"composer.json", "PluginManager.php", "LICENSE", "Resource/template/card.twig"} <= names
    assert not {name for name in names if name.startswith(("/", "./", ".")) or "Test" in name}
    assert {Path(name).suffix for name in names} <= {".json", ".php", ".twig", ".yaml", ""}


def test_the_package_belongs_to_nobody_on_this_machine(package: tarfile.TarFile) -> None:
    assert {(member.uid, member.gid, member.uname) for member in package.getmembers()} == {(0, 0, "")}


def test_the_plugin_has_the_version_of_the_program() -> None:
    assert json.loads((PLUGIN / "composer.json").read_text())["version"] == eccube_sync.__version__


@pytest.mark.parametrize("domain", ["messages", "validators"])
def test_every_text_is_there_in_japanese_and_english(domain: str) -> None:
    japanese, english = _texts(domain, "ja"), _texts(domain, "en")
    assert japanese.keys() == english.keys()
    assert all(japanese.values())
    for key, text in japanese.items():
        assert re.findall(r"%\w+%", text) == re.findall(r"%\w+%", english[key]), key


def test_every_key_the_plugin_uses_has_a_text_and_every_text_is_used() -> None:
    keys = {*_texts("messages", "ja"), *_texts("validators", "ja")}
    used = {
        found
        for path in PLUGIN.rglob("*")
        if path.suffix in {".php", ".twig"}
        for found in re.findall(r"['\"](eccube_sync42\.[a-z0-9_.]+)['\"]", path.read_text())
    } - {"eccube_sync42.problem", "eccube_sync42.entry.outcome", "eccube_sync42.bridge_rests"}
    prefixes = {key for key in used if key.endswith(".")}
    assert {key for key in used - prefixes if key not in keys} == set()
    assert {prefix for prefix in prefixes if not any(key.startswith(prefix) for key in keys)} == set()
    assert {key for key in keys - used if not key.startswith(tuple(prefixes))} == set()


def _texts(domain: str, language: str) -> dict[str, str]:
    lines = (LOCALE / f"{domain}.{language}.yaml").read_text().splitlines()
    return dict(line.split(": ", 1) for line in lines if line)
