"""What the bridge writes down beside the database holds nothing about anybody but ids."""

from __future__ import annotations

import re
from pathlib import Path

from tests.bridge.running import RunningBridge, wait_for
from tests.plugin.shopside import Plugin
from tests.plugin.test_inbox import code_of, member_of, new_customer
from tests.support.installed import InstalledShop

TELLING = (
    "name01", "name02", "kana01", "kana02", "postal_code", "addr01", "addr02", "email", "phone_number",
)  # fmt: skip


def personal_data(shop: InstalledShop) -> set[str]:
    """Everything about people that is long enough to be no accident."""
    cells = {
        cell for row in shop.eccube.rows(f"SELECT {', '.join(TELLING)} FROM dtb_customer") for cell in row
    }
    for one in shop.members:
        cells |= {one.code, one.mobile, one.phone, *one.emails}
    return {str(cell) for cell in cells if cell and (len(str(cell)) > 4 or not str(cell).isascii())}


def told(bridge: RunningBridge) -> list[bytes]:
    """The log, and the files of the queue."""
    folder: Path = bridge.shop.folder
    return [bridge.log().encode(), *(path.read_bytes() for path in (folder / "bridge").iterdir())]


def test_a_bridge_whose_libraries_may_log_everything_logs_ids_only(small: RunningBridge) -> None:
    shop, plugin = small.shop, Plugin(small.shop)
    code = code_of(shop, member_of(shop))
    eccube_id = new_customer(shop)
    plugin.type_code(eccube_id, code)
    small.debug = True
    small.configure()
    small.start()
    assert small.classify(eccube_id) == 202
    small.settle()
    assert plugin.membership_class(eccube_id) == "store"
    assert small.ask("POST", "/webhooks/eccube", b"[" + code.encode(), {})[0] == 401
    telling = personal_data(shop) | {code, "2900000012345", "1985-04-05"}
    plugin.put("card", eccube_id, number="2900000012345", fact="birth_date", answer="1985-04-05")
    with shop.connect() as (service, connection):
        table = f"{service.database.own_schema}.claim"
        connection.exec_driver_sql(f"ALTER TABLE {table} RENAME COLUMN card_number TO elsewhere")
        connection.commit()
    assert small.classify(eccube_id) == 202
    wait_for(lambda: "tried again" in small.log())
    assert not [(one, text) for text in told(small) for one in telling if one.encode() in text]
    assert re.search(r"run \d+: 1 customers", small.log())
    small.stop()
