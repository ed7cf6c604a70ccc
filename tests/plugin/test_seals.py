"""What the plugin and the program share: sealed for one reader, marked by one writer, the same in both languages."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest

from eccube_sync.errors import ConfigurationError
from eccube_sync.pluginseal import PluginKeys, SealBrokenError
from eccube_sync.services.projection.pluginkeys import ensure_keys, key_file, load_keys
from eccube_sync.statefolders import StateFolders
from tests.plugin.vectors import FILE, KEYS, PAYLOAD, seal, vectors
from tests.support.installed import InstalledShop


def test_the_vectors_both_languages_read_are_those_of_this_program() -> None:
    assert json.loads(FILE.read_text(encoding="utf-8")) == vectors()


def test_what_was_sealed_for_us_is_read_by_us_only() -> None:
    assert KEYS.open(seal(PAYLOAD)) == PAYLOAD
    with pytest.raises(SealBrokenError):
        PluginKeys.new().open(seal(PAYLOAD))


@pytest.mark.parametrize("broken", ["", "no base64!", base64.b64encode(b"short").decode()])
def test_a_broken_seal_is_refused_and_says_nothing_about_what_it_held(broken: str) -> None:
    with pytest.raises(SealBrokenError) as refused:
        KEYS.open(broken)
    assert str(refused.value) == ""


def test_what_is_no_object_is_refused() -> None:
    sealed = seal([1, 2])  # type: ignore[arg-type]
    with pytest.raises(SealBrokenError):
        KEYS.open(sealed)


def test_the_connection_line_is_made_once_and_kept_in_a_file_of_ours_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folders = StateFolders(tmp_path)
    line = ensure_keys(folders).line
    assert ensure_keys(folders).line == line
    assert key_file(folders).stat().st_mode & 0o777 == 0o600
    keys = load_keys(folders)
    assert keys.shared.hex() not in repr(keys)


def test_the_command_prints_the_line_and_nothing_else(
    plugged_sqlite: InstalledShop, capsys: pytest.CaptureFixture[str]
) -> None:
    assert plugged_sqlite.run("plugin", "connect") == 0
    (line,) = capsys.readouterr().out.splitlines()
    version, _public, _shared, check = line.split(".")
    assert (version, check) == ("es42", ensure_keys(plugged_sqlite.settings().folders).check)


@pytest.mark.parametrize("content", ["", "{}", '{"secret": "00", "shared": "00"}', "no json"])
def test_a_damaged_file_of_keys_is_named(tmp_path: Path, content: str) -> None:
    folders = StateFolders(tmp_path)
    ensure_keys(folders)
    key_file(folders).write_text(content)
    with pytest.raises(ConfigurationError, match=r"plugin\.json"):
        load_keys(folders)
