"""The keys codes are hashed with."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from eccube_sync.errors import ConfigurationError
from eccube_sync.services.codes.keys import ensure_key, key_file, load_keys, rotate_key
from eccube_sync.statefolders import StateFolders


@pytest.fixture
def folders(tmp_path: Path) -> StateFolders:
    return StateFolders(tmp_path)


def test_the_first_key_is_made_once_and_only_its_owner_may_read_it(folders: StateFolders) -> None:
    path = ensure_key(folders)
    made = path.read_bytes()
    assert ensure_key(folders) == path
    assert path.read_bytes() == made
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_new_key_leaves_the_old_ones_readable(folders: StateFolders) -> None:
    ensure_key(folders)
    before = load_keys(folders)
    after = rotate_key(folders)
    assert after.current_id != before.current_id
    assert set(after.ids) == {after.current_id, before.current_id}
    assert after.ids[0] == after.current_id
    assert after.hash_code("K", before.current_id) == before.hash_code("K")
    assert after.hash_code("K") != before.hash_code("K")
    assert stat.S_IMODE(key_file(folders).stat().st_mode) == 0o600


def test_a_code_and_a_claim_with_the_same_text_never_hash_alike(folders: StateFolders) -> None:
    ensure_key(folders)
    keys = load_keys(folders)
    assert keys.hash_code("1\0K") != keys.hash_claim(1, "K")
    assert keys.hash_claim(1, "1K") != keys.hash_claim(11, "K")


def test_keys_never_show_themselves(folders: StateFolders) -> None:
    ensure_key(folders)
    keys = load_keys(folders)
    secret = keys._keys[keys.current_id]
    assert secret.hex() not in repr(keys)
    assert repr(secret) not in repr(keys)


@pytest.mark.parametrize(
    "content",
    ["{}", "[]", "no json", '{"current": "a", "keys": {"a": "00"}}', '{"current": "b", "keys": {}}'],
)
def test_damaged_keys_are_refused_in_words(folders: StateFolders, content: str) -> None:
    path = ensure_key(folders)
    path.write_text(content, encoding="utf-8")
    with pytest.raises(ConfigurationError, match="damaged"):
        load_keys(folders)


def test_keys_others_can_read_are_refused(folders: StateFolders) -> None:
    ensure_key(folders).chmod(0o640)
    with pytest.raises(ConfigurationError, match="chmod 600"):
        load_keys(folders)


def test_missing_keys_are_refused_in_words(folders: StateFolders) -> None:
    with pytest.raises(ConfigurationError, match="backup"):
        load_keys(folders)
