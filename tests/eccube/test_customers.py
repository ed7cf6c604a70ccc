"""Reading customers of EC-CUBE 4 as they are really stored."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from eccube_sync.eccube import EccubeCustomer, v4
from tests.support.shop import Shop

FIRST_OF_JUNE = datetime(2024, 6, 1, 3, 0, tzinfo=UTC)


def read(shop: Shop, *ids: int) -> list[EccubeCustomer]:
    with shop.connect() as connection:
        return v4.customers_by_id(connection, ids)


def test_a_customer_is_read_with_everything_that_was_registered(shop: Shop) -> None:
    shop.add_customer(id=7, created_at=FIRST_OF_JUNE)
    assert read(shop, 7) == [
        EccubeCustomer(
            eccube_id=7,
            created_at=FIRST_OF_JUNE,
            state="full",
            family_name="山田",
            given_name="花子",
            family_kana="ヤマダ",
            given_kana="ハナコ",
            postal_code="5300001",
            prefecture="大阪府",
            address="大阪市北区梅田2-4-9",
            phone="0612345678",
            email="customer7@example.com",
            birth_date=date(1985, 4, 5),
            sex="female",
            mail_consent=None,
        )
    ]


def test_what_a_customer_left_out_is_empty_and_never_none(shop: Shop) -> None:
    nothing = dict.fromkeys(
        ("kana01", "kana02", "postal_code", "pref_id", "addr01", "addr02", "phone_number", "sex_id")
    )
    [customer] = read(shop, shop.add_customer(birth_date=None, **nothing))
    assert (customer.family_kana, customer.given_kana, customer.postal_code) == ("", "", "")
    assert (customer.prefecture, customer.address, customer.phone, customer.sex) == ("", "", "", "")
    assert customer.birth_date is None


def test_every_birthday_from_1945_to_1955_is_read_as_the_day_it_was_entered(shop: Shop) -> None:
    """Japan had summer time from 1948 to 1951, so nine hours are the wrong distance there."""
    days = [date(1945, 1, 1) + timedelta(days=number) for number in range(4017)]
    shop.insert("dtb_customer", [shop.customer_row(birth_date=day) for day in days])
    with shop.connect() as connection:
        assert [customer.birth_date for customer in v4.customers(connection, 0, 5000)] == days


def test_a_summer_time_birth_is_stored_ten_hours_before_its_day(shop: Shop) -> None:
    shop.add_customer(birth="1949-06-30 14:00:00")
    shop.add_customer(birth="1949-06-30 13:59:59")
    assert [customer.birth_date for customer in read(shop, 1, 2)] == [date(1949, 7, 1), date(1949, 6, 30)]


@pytest.mark.parametrize(
    ("stored", "day"),
    [
        ("1985-04-04 15:00:00", date(1985, 4, 5)),
        ("1985-04-04 14:59:59", date(1985, 4, 4)),
        ("1985-04-05 00:00:00", date(1985, 4, 5)),  # entered by an import in local time
        ("1900-01-01 00:00:00", date(1900, 1, 1)),
        ("9999-12-31 15:00:00", None),
    ],
)
def test_the_day_of_birth_is_the_day_in_japan(shop: Shop, stored: str, day: date | None) -> None:
    [customer] = read(shop, shop.add_customer(birth=stored))
    assert customer.birth_date == day


def test_a_zero_date_from_an_old_import_is_no_birthday(mariadb_shop: Shop) -> None:
    customer_id = mariadb_shop.add_customer()
    with mariadb_shop.connect() as connection:
        connection.exec_driver_sql("SET SESSION sql_mode = ''")
        connection.exec_driver_sql("UPDATE dtb_customer SET birth = 0, create_date = 0")
        connection.commit()
    [customer] = read(mariadb_shop, customer_id)
    assert customer.birth_date is None


@pytest.mark.parametrize(
    ("status", "state"), [(1, "provisional"), (2, "full"), (3, "withdrawn"), (None, "unknown")]
)
def test_the_state_of_a_customer_is_known(shop: Shop, status: int | None, state: str) -> None:
    [customer] = read(shop, shop.add_customer(status=status))
    assert customer.state == state


@pytest.mark.parametrize(("sex_id", "sex"), [(1, "male"), (2, "female"), (3, "other"), (4, "")])
def test_who_declines_to_give_a_sex_has_none(shop: Shop, sex_id: int, sex: str) -> None:
    [customer] = read(shop, shop.add_customer(sex_id=sex_id))
    assert customer.sex == sex


def test_mail_addresses_keep_their_case_and_may_belong_to_several_accounts(shop: Shop) -> None:
    for email in ("hanako@example.com", "HANAKO@example.com", "hanako@example.com"):
        shop.add_customer(email=email)
    assert [customer.email for customer in read(shop, 1, 2, 3)] == [
        "hanako@example.com",
        "HANAKO@example.com",
        "hanako@example.com",
    ]


def test_rare_kanji_outside_the_basic_plane_survive(shop: Shop) -> None:
    [customer] = read(shop, shop.add_customer(name01="𠮷田", name02="髙﨑"))
    assert (customer.family_name, customer.given_name) == ("𠮷田", "髙﨑")


def test_columns_of_other_plugins_are_no_obstacle(shop: Shop) -> None:
    shop.execute("ALTER TABLE dtb_customer ADD COLUMN customer_rank_id INTEGER DEFAULT NULL")
    shop.execute("ALTER TABLE dtb_customer ADD COLUMN device_authed SMALLINT NOT NULL DEFAULT 0")
    [customer] = read(shop, shop.add_customer(customer_rank_id=3))
    assert customer.family_name == "山田"


def test_consent_to_mail_is_read_where_the_mail_magazine_plugin_is_installed(shop: Shop) -> None:
    shop.add_mail_magazine()
    shop.add_customer(plg_mailmagazine_flg=1)
    shop.add_customer(plg_mailmagazine_flg=0)
    shop.add_customer(plg_mailmagazine_flg=None)
    with shop.connect() as connection:
        page = v4.customers(connection, 0, 10)
    assert [customer.mail_consent for customer in page] == [True, False, None]


def digests(shop: Shop, how_read: str = "1") -> dict[int, str | None]:
    with shop.connect() as connection:
        return v4.customer_digests(connection, 0, 5000, how_read)


READ = {
    "name01": "山本", "name02": "月子", "kana01": "ヤマモト", "kana02": "ツキコ", "postal_code": "5300002",
    "pref_id": 1, "addr01": "札幌市", "addr02": "1-1", "phone_number": "0311112222", "email": "other@example.com",
    "birth": "1985-04-05 15:00:00", "sex_id": 1, "customer_status_id": 3, "create_date": "2024-06-02 03:00:00",
}  # fmt: skip


@pytest.mark.parametrize("column", READ)
def test_a_digest_changes_with_every_column_that_is_read(shop: Shop, column: str) -> None:
    shop.add_customer(id=7)
    before = digests(shop)
    shop.execute(f"UPDATE dtb_customer SET {column} = '{READ[column]}'")
    assert digests(shop)[7] != before[7]


def test_a_digest_stays_with_orders_and_points_and_ends_with_another_way_of_reading(shop: Shop) -> None:
    shop.add_customer(id=7)
    before = digests(shop)
    shop.execute("UPDATE dtb_customer SET point = 99, buy_times = 3, update_date = '2026-01-01 00:00:00'")
    assert digests(shop) == before
    assert digests(shop, "2")[7] != before[7]


def test_digests_tell_apart_what_moved_from_one_column_to_the_next(shop: Shop) -> None:
    same = {"id": 7, "name02": "", "kana01": None}
    shop.add_customer(**same | {"name01": "山田花子"})
    whole = digests(shop)[7]
    shop.execute("UPDATE dtb_customer SET name01 = '山田', name02 = '花子'")
    assert digests(shop)[7] != whole


def test_pages_follow_each_other_without_gap_or_repeat_over_missing_ids(shop: Shop) -> None:
    ids = [1, 2, 5, 6, 7, 100, 4_000_000_000]
    shop.insert("dtb_customer", [shop.customer_row(id=number) for number in ids])
    seen: list[int] = []
    with shop.connect() as connection:
        while page := v4.customers(connection, seen[-1] if seen else 0, 3):
            seen += [customer.eccube_id for customer in page]
    assert seen == ids


def test_customers_asked_for_by_id_come_once_and_only_if_they_exist(shop: Shop) -> None:
    shop.insert("dtb_customer", [shop.customer_row(id=number) for number in (3, 4)])
    assert [customer.eccube_id for customer in read(shop, 4, 9, 3, 4)] == [3, 4]
    assert read(shop) == []


def test_a_customer_deleted_and_made_anew_is_seen_by_the_moment_of_creation(shop: Shop) -> None:
    shop.add_customer(id=1)
    shop.add_customer(id=2)
    shop.execute("DELETE FROM dtb_customer WHERE id = 2")
    shop.add_customer(id=2, created_at=FIRST_OF_JUNE)
    with shop.connect() as connection:
        assert v4.identities(connection) == {1: datetime(2024, 1, 1, tzinfo=UTC), 2: FIRST_OF_JUNE}


def test_reading_leaves_nothing_to_commit(shop: Shop) -> None:
    before = shop.add_customer()
    with shop.connect() as connection:
        v4.customers(connection, 0, 10)
        v4.identities(connection)
    assert shop.rows("SELECT id, update_date FROM dtb_customer")[0][0] == before
