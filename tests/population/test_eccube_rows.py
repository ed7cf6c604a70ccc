"""The made-up customers as EC-CUBE 4 stores them."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime

from eccube_sync.population import Population, customer_rows

# dtb_customer of EC-CUBE 4.0–4.3, in full.
COLUMNS = [
    "id",
    "customer_status_id",
    "sex_id",
    "job_id",
    "country_id",
    "pref_id",
    "name01",
    "name02",
    "kana01",
    "kana02",
    "company_name",
    "postal_code",
    "addr01",
    "addr02",
    "email",
    "phone_number",
    "birth",
    "password",
    "salt",
    "secret_key",
    "first_buy_date",
    "last_buy_date",
    "buy_times",
    "buy_total",
    "note",
    "reset_key",
    "reset_expire",
    "point",
    "create_date",
    "update_date",
    "discriminator_type",
]


def test_rows_have_exactly_the_core_columns_unless_the_magazine_plugin_is_there(shop: Population) -> None:
    assert list(customer_rows(shop.customers)[0]) == COLUMNS
    assert list(customer_rows(shop.customers, mail_magazine=True)[0]) == [*COLUMNS, "plg_mailmagazine_flg"]


def test_birth_is_stored_as_the_utc_moment_of_midnight_in_japan_summer_time_included(
    shop: Population,
) -> None:
    someone = shop.customers[0]
    born = [date(1985, 4, 5), date(1950, 7, 1), None]
    rows = customer_rows([replace(someone, birth_date=day) for day in born])
    assert [row["birth"] for row in rows] == [datetime(1985, 4, 4, 15), datetime(1950, 6, 30, 14), None]


def test_what_eccube_requires_is_there_and_keys_are_unique(shop: Population) -> None:
    rows = customer_rows(shop.customers)
    for row in rows:
        assert row["name01"] and row["name02"]
        assert row["email"] and row["password"] and row["create_date"] and row["update_date"]
        assert row["discriminator_type"] == "customer"
        assert row["customer_status_id"] in {1, 2, 3}
        assert len(str(row["phone_number"] or "")) <= 14
        assert len(str(row["postal_code"] or "")) <= 8
    assert len({row["secret_key"] for row in rows}) == len(rows)
    assert [row["id"] for row in rows] == list(range(1, len(rows) + 1))


def test_withdrawn_customers_have_the_dummy_address_and_no_orders(shop: Population) -> None:
    withdrawn = [row for row in customer_rows(shop.customers) if row["customer_status_id"] == 3]
    assert withdrawn
    assert all(str(row["email"]).endswith("@dummy.dummy") and row["buy_times"] == 0 for row in withdrawn)
