"""The plugin's two tables as EC-CUBE makes them from its entities."""

from __future__ import annotations

from tests.support.shop import Shop

INBOX = "plg_eccube_sync42_inbox"
CARD = "plg_eccube_sync42_card"

_COLUMNS = {
    INBOX: """
        row_key VARCHAR(32) DEFAULT NULL UNIQUE,
        kind VARCHAR(16) DEFAULT NULL,
        customer_id {id} DEFAULT NULL REFERENCES dtb_customer (id) ON DELETE CASCADE,
        sealed {text} DEFAULT NULL,
        mac VARCHAR(64) DEFAULT NULL,
        create_date DATETIME DEFAULT NULL,
        update_date DATETIME DEFAULT NULL,
        discriminator_type VARCHAR(255) NOT NULL""",
    CARD: """
        name VARCHAR(80) DEFAULT NULL UNIQUE,
        kind VARCHAR(16) DEFAULT NULL,
        customer_id {id} DEFAULT NULL UNIQUE REFERENCES dtb_customer (id) ON DELETE CASCADE,
        membership_class VARCHAR(16) DEFAULT NULL,
        state VARCHAR(24) DEFAULT NULL,
        front {text} DEFAULT NULL,
        panel {text} DEFAULT NULL,
        sealed {text} DEFAULT NULL,
        digest VARCHAR(64) DEFAULT NULL,
        create_date DATETIME DEFAULT NULL,
        update_date DATETIME DEFAULT NULL,
        discriminator_type VARCHAR(255) NOT NULL""",
}


def install_plugin(shop: Shop) -> None:
    """Make the tables, empty, as installing the plugin does."""
    sqlite = shop.server is None
    key = "id INTEGER PRIMARY KEY AUTOINCREMENT" if sqlite else "id INT UNSIGNED AUTO_INCREMENT PRIMARY KEY"
    types = {"id": "INTEGER" if sqlite else "INT UNSIGNED", "text": "TEXT" if sqlite else "LONGTEXT"}
    for name, columns in _COLUMNS.items():
        ending = "" if sqlite else " DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci ENGINE = InnoDB"
        shop.execute(f"CREATE TABLE {name} ({key},{columns.format(**types)}){ending}")


def uninstall_plugin(shop: Shop) -> None:
    """Drop them, as uninstalling does."""
    for name in _COLUMNS:
        shop.execute(f"DROP TABLE {name}")
