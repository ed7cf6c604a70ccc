"""Showing classes in EC-CUBE: adopting what stands there, drift, and values made by hand."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from eccube_sync.errors import ExitCode
from eccube_sync.tables.customers import class_override, customer, customer_class, projection_state
from tests.support.installed import TODAY, InstalledShop

Captured = pytest.CaptureFixture[str]
GROUPS = "plg_customer_group_customers_groups"


@pytest.fixture
def classified(installed: InstalledShop) -> InstalledShop:
    """Forty customers, classified but shown nowhere yet."""
    installed.fill(40, 60)
    path = installed.drop_export(TODAY)
    assert installed.run("members", "import", str(path), "--apply") == 0
    assert installed.run("classify", "--apply") == 0
    return installed


def shown(shop: InstalledShop) -> set[int]:
    return {row[0] for row in shop.eccube.rows(f"SELECT customer_id FROM {GROUPS}")}


def someone(shop: InstalledShop, membership_class: str) -> int:
    """The EC-CUBE id of somebody who has this class."""
    rows = shop.rows(
        select(customer.c.eccube_id)
        .join(customer_class, customer_class.c.customer_id == customer.c.id)
        .where(customer_class.c.membership_class == membership_class)
        .order_by(customer.c.id)
    )
    return int(rows[0].eccube_id)


def put_by_hand(shop: InstalledShop, eccube_id: int) -> None:
    (group,) = shop.eccube.rows("SELECT id FROM plg_customer_group WHERE name = '店舗会員'")
    shop.eccube.execute(
        f"INSERT INTO {GROUPS} (customer_id, group_id) VALUES (:c, :g)", c=eccube_id, g=group[0]
    )


def test_a_plan_writes_nothing(classified: InstalledShop) -> None:
    assert classified.run("project") == 0
    assert shown(classified) == set()


def test_a_first_run_over_values_made_by_hand_is_refused_until_they_are_adopted(
    classified: InstalledShop, capsys: Captured
) -> None:
    stranger = someone(classified, "ec_only")
    put_by_hand(classified, stranger)
    assert classified.run("project", "--apply") == ExitCode.GUARD_REFUSED
    assert "--adopt" in capsys.readouterr().err
    assert shown(classified) == {stranger}
    assert classified.run("project", "--adopt", "--apply") == 0
    assert classified.count(class_override, class_override.c.active == 1) == 1
    assert classified.run("expire", "--apply") == 0
    assert classified.run("project", "--apply") == 0
    assert stranger in shown(classified)
    assert len(shown(classified)) > 1


def test_what_somebody_took_away_is_reported_and_left(classified: InstalledShop, capsys: Captured) -> None:
    assert classified.run("project", "--apply") == 0
    member = someone(classified, "store")
    classified.eccube.execute(f"DELETE FROM {GROUPS} WHERE customer_id = :c", c=member)
    assert classified.run("project", "--apply") == ExitCode.NEEDS_PERSON
    assert member not in shown(classified)
    assert classified.count(projection_state, projection_state.c.state == "drift") == 1
    assert "somebody else" in capsys.readouterr().out


def test_what_somebody_took_away_before_the_class_fell_is_no_drift(classified: InstalledShop) -> None:
    assert classified.run("project", "--apply") == 0
    member = someone(classified, "store")
    classified.eccube.execute(f"DELETE FROM {GROUPS} WHERE customer_id = :c", c=member)
    classified.run("overrides", "set", str(member), "--class", "ec_only", "--reason", "x", "--apply")
    for _time in range(2):
        assert classified.run("project", "--apply") == 0
    assert classified.count(projection_state, projection_state.c.state == "drift") == 0


def test_drift_is_repaired_where_the_shop_says_so(classified: InstalledShop) -> None:
    assert classified.run("project", "--apply") == 0
    classified.drift = "repair"
    classified.configure()
    member = someone(classified, "store")
    classified.eccube.execute(f"DELETE FROM {GROUPS} WHERE customer_id = :c", c=member)
    assert classified.run("project", "--apply") == 0
    assert member in shown(classified)


def test_a_value_somebody_else_put_there_is_never_removed(classified: InstalledShop) -> None:
    assert classified.run("project", "--apply") == 0
    stranger = someone(classified, "ec_only")
    put_by_hand(classified, stranger)
    classified.run("overrides", "set", str(stranger), "--class", "store", "--reason", "x", "--apply")
    classified.run("project", "--apply")
    classified.run("overrides", "end", str(stranger), "--reason", "x", "--apply")
    classified.run("project", "--apply")
    assert stranger in shown(classified)
