"""The keys shared with the EC-CUBE plugin: one 0600 file outside the database, made once."""

from __future__ import annotations

import json
from pathlib import Path

from eccube_sync.errors import ConfigurationError
from eccube_sync.i18n import _
from eccube_sync.pluginseal import KEY_BYTES, PluginKeys
from eccube_sync.secretsfile import read_secret, write_private
from eccube_sync.settings import Settings
from eccube_sync.statefolders import StateFolders


def key_file(folders: StateFolders) -> Path:
    """Where the keys are."""
    return folders.secrets / "plugin.json"


def has_cards(settings: Settings) -> bool:
    """Whether the plugin is one of the places a class is shown in."""
    return any(one.kind == "plugin" for one in settings.projections)


def is_connected(folders: StateFolders) -> bool:
    """Whether this shop has a connection line: where it has none, there is no plugin."""
    return key_file(folders).exists()


def ensure_keys(folders: StateFolders) -> PluginKeys:
    """The keys, made where there are none."""
    if not is_connected(folders):
        keys = PluginKeys.new()
        content = {"secret": keys.secret.hex(), "shared": keys.shared.hex()}
        write_private(key_file(folders), json.dumps(content) + "\n")
    return load_keys(folders)


def load_keys(folders: StateFolders) -> PluginKeys:
    """The keys. Raises ``ConfigurationError`` when they are missing, damaged or readable by others."""
    path = key_file(folders)
    if not path.exists():
        raise ConfigurationError(
            _(
                "The plugin is not connected yet: {path} is missing. Make it with: eccube-sync plugin connect"
            ).format(path=path)
        )
    try:
        content = json.loads(read_secret(path))
        keys = PluginKeys(bytes.fromhex(content["secret"]), bytes.fromhex(content["shared"]))
    except (ValueError, KeyError, TypeError):
        raise _damaged(path) from None
    if len(keys.secret) != KEY_BYTES or len(keys.shared) != KEY_BYTES:
        raise _damaged(path)
    return keys


def _damaged(path: Path) -> ConfigurationError:
    return ConfigurationError(
        _(
            "{path} is damaged; put back your backup of it, or move it away, run eccube-sync plugin connect and "
            "paste the new line into the plugin's configuration page."
        ).format(path=path)
    )
