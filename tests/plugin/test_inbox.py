"""``inbox``: what came in is taken once, decided at once, and answered without telling anything about anybody."""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from eccube_sync.tables.codes import claim
from eccube_sync.tables.customers import class_override, customer
from eccube_sync.tables.inbox import inbox_row
from eccube_sync.tables.links import link
from eccube_sync.tables.members import member_version
from eccube_sync.tables.runs import run
from tests.codes.counter import read_labels
from tests.plugin.checked import found
from tests.plugin.shopside import Plugin
from tests.plugin.tables import INBOX
from tests.support.installed import TODAY, InstalledShop

REGISTERED = 8
"""So many of the made-up customers are there in the first night; the next two are store members who come later."""


_AFTER_THE_NIGHT: dict[str, bytes] = {}
"""The files of a shop on SQLite as the first night leaves them; made once, since every such shop begins alike."""


def start(shop: InstalledShop, customers: int = 12, members: int = 30) -> Plugin:
    """A shop after its first night."""
    plugin = Plugin(shop)
    if shop.eccube.server is None and _AFTER_THE_NIGHT:
        shop.fill(12, 30, register=0)
        for name, content in _AFTER_THE_NIGHT.items():
            path = shop.folder / name
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            path.write_bytes(content)
            path.chmod(0o600)
        shop.configure()
    else:
        shop.fill(customers, members, register=REGISTERED)
        assert plugin.keys
        shop.at(TODAY, 3)
        shop.drop_export(TODAY)
        assert shop.run("-q", "nightly") == 0
    if shop.eccube.server is None and not _AFTER_THE_NIGHT:
        found = [path for path in (Path(shop.eccube.database), *shop.folder.rglob("*")) if path.is_file()]
        _AFTER_THE_NIGHT.update({os.path.relpath(path, shop.folder): path.read_bytes() for path in found})
    shop.at(TODAY, 12)
    return plugin


@pytest.fixture
def plugin(plugged: InstalledShop) -> Iterator[Plugin]:
    yield start(plugged)


@pytest.fixture
def small(plugged_sqlite: InstalledShop) -> Iterator[Plugin]:
    """On SQLite only, for rules that do not hang on the database."""
    yield start(plugged_sqlite)


def code_of(shop: InstalledShop, member_id: int) -> str:
    """A fresh code handed to a member."""
    path = shop.folder / f"codes-{secrets.token_hex(4)}.csv"
    assert shop.run("codes", "issue", "--count", "1", "--output", str(path), "--apply") == 0
    (label,) = read_labels(path)
    (card,) = shop.rows(select(member_version.c.code).where(member_version.c.member_id == member_id))
    assigned = shop.folder / f"assign-{secrets.token_hex(4)}.csv"
    assigned.write_text(f"serial,member\n{label.serial},{card.code}\n", encoding="utf-8")
    assert shop.run("codes", "assign", str(assigned), "--apply") == 0
    return label.code


def new_customer(shop: InstalledShop, position: int = REGISTERED, status: int = 2) -> int:
    """A store member registers now; returns EC-CUBE's id."""
    shop.add_customers(position, position + 1)
    ((eccube_id,),) = shop.eccube.rows("SELECT MAX(id) FROM dtb_customer")
    shop.eccube.execute(f"UPDATE dtb_customer SET customer_status_id = {status} WHERE id = {eccube_id}")
    return int(eccube_id)


def member_of(shop: InstalledShop, position: int = REGISTERED) -> int:
    """Our id of the member who is this made-up customer."""
    code = shop.members[dict(shop.truth)[position]].code
    rows = shop.rows(select(member_version.c.member_id).where(member_version.c.code == code))
    return int(rows[0].member_id)


def state_of(plugin: Plugin, eccube_id: int) -> str:
    card = plugin.card(eccube_id)
    return card["state"] if card else "no card"


def test_nothing_came_in_and_no_run_is_begun(plugin: Plugin, capsys: pytest.CaptureFixture[str]) -> None:
    runs = plugin.shop.count(run)
    assert plugin.shop.run("-q", "inbox") == 0
    assert plugin.shop.count(run) == runs
    assert capsys.readouterr().out == ""


def test_a_code_typed_at_registration_waits_for_the_address_and_links_within_the_minute_after(
    plugin: Plugin,
) -> None:
    shop = plugin.shop
    code = code_of(shop, member_of(shop))
    eccube_id = new_customer(shop, status=1)
    row_key = plugin.type_code(eccube_id, code.lower())
    assert shop.run("-q", "inbox") == 0
    assert shop.count(link, link.c.method == "link_code") == 0
    shop.eccube.execute(f"UPDATE dtb_customer SET customer_status_id = 2 WHERE id = {eccube_id}")
    assert shop.run("-q", "inbox") == 0
    card = plugin.card(eccube_id)
    assert card is not None
    assert (card["state"], card["inbox"]) == ("linked", {row_key: "accepted"})
    assert card["number"] == shop.members[dict(shop.truth)[REGISTERED]].code
    assert plugin.membership_class(eccube_id) == card["class"] == "store"
    assert shop.eccube.rows(f"SELECT COUNT(*) FROM {INBOX}") == [(1,)]


def test_whoever_must_give_way_to_a_code_is_shown_within_the_minute_too(plugin: Plugin) -> None:
    shop = plugin.shop
    linked = select(customer.c.eccube_id, link.c.member_id).join(link, link.c.customer_id == customer.c.id)
    guessed, member_id = next(
        row for row in shop.rows(linked) if plugin.membership_class(row.eccube_id) == "store"
    )
    shop.customers.append(replace(shop.customers[guessed - 1], email="second@example.com"))
    proven = new_customer(shop, len(shop.customers) - 1)
    plugin.type_code(proven, code_of(shop, member_id))
    assert shop.run("-q", "inbox") == 0
    for eccube_id, membership_class in ((proven, "store"), (guessed, "ec_only")):
        card = plugin.card(eccube_id)
        assert card is not None
        assert plugin.membership_class(eccube_id) == card["class"] == membership_class


def test_the_first_store_member_of_a_shop_is_shown_within_the_minute_too(
    plugged_sqlite: InstalledShop,
) -> None:
    shop, plugin = plugged_sqlite, Plugin(plugged_sqlite)
    shop.fill(12, 30, register=0)
    assert plugin.keys
    shop.at(TODAY, 3)
    shop.drop_export(TODAY)
    assert shop.run("-q", "nightly") == 0
    shop.at(TODAY, 12)
    eccube_id = new_customer(shop, REGISTERED)
    plugin.type_code(eccube_id, code_of(shop, member_of(shop)))
    assert shop.run("-q", "inbox") == 0
    assert plugin.membership_class(eccube_id) == "store"


def test_every_minute_again_changes_nothing(plugin: Plugin) -> None:
    shop = plugin.shop
    plugin.type_code(new_customer(shop), code_of(shop, member_of(shop)))
    assert shop.run("-q", "inbox") == 0
    before = shop.state()
    assert shop.run("-q", "inbox") == 0
    assert shop.state() == before


def test_whoever_confirms_the_address_is_decided_about_without_a_code_too(plugin: Plugin) -> None:
    shop = plugin.shop
    eccube_id = new_customer(shop)
    assert shop.count(customer, customer.c.eccube_id == eccube_id) == 0
    assert shop.run("-q", "inbox") == 0
    assert shop.count(customer, customer.c.eccube_id == eccube_id, customer.c.state == "full") == 1
    (night,) = {row.command for row in shop.rows(select(run.c.command).where(run.c.command == "inbox"))}
    assert night == "inbox"


def test_every_failure_is_told_in_one_way(small: Plugin) -> None:
    shop = small.shop
    ((first,), (second,), (third,)) = shop.eccube.rows("SELECT id FROM dtb_customer ORDER BY id LIMIT 3")
    good = code_of(shop, member_of(shop))
    owner = new_customer(shop)
    small.type_code(owner, good)
    shop.run("-q", "inbox")
    told = []
    for who, code in ((first, good), (second, "K7F3M9QX2C"), (third, "no code at all")):
        row_key = small.type_code(who, code)
        assert shop.run("-q", "inbox") == 0
        card = small.card(who)
        assert card is not None
        told.append(card["inbox"][row_key])
    assert told == ["not_confirmed"] * 3


def test_a_member_number_with_a_fact_of_the_record_links(small: Plugin) -> None:
    shop = small.shop
    person = shop.members[dict(shop.truth)[REGISTERED]]
    eccube_id = new_customer(shop)
    answer = {"fact": "phone_last4", "answer": (person.mobile or person.phone)[-4:], "origin": "b" * 32}
    small.put("card", eccube_id, number=person.code, **answer)
    assert shop.run("-q", "inbox") == 0
    assert state_of(small, eccube_id) == "linked"


def test_a_guessed_link_is_proven_by_a_fact_of_the_record(small: Plugin) -> None:
    shop = small.shop
    guesses = (
        select(link.c.customer_id, member_version.c.mobile, member_version.c.phone)
        .join(member_version, member_version.c.member_id == link.c.member_id)
        .where(link.c.active == 1, link.c.method == "match")
    )
    facts = next(one for one in shop.rows(guesses) if one.mobile or one.phone)
    (row,) = shop.rows(select(customer).where(customer.c.id == facts.customer_id))
    assert state_of(small, row.eccube_id) == "question"
    wrong = small.put("proof", row.eccube_id, fact="phone_last4", answer="0000")
    assert shop.run("-q", "inbox") == 0
    card = small.card(row.eccube_id)
    assert card is not None
    assert (card["state"], card["inbox"][wrong]) == ("question", "not_confirmed")
    small.put("proof", row.eccube_id, fact="phone_last4", answer=(facts.mobile or facts.phone)[-4:])
    assert shop.run("-q", "inbox") == 0
    assert state_of(small, row.eccube_id) == "linked"


@pytest.mark.parametrize("damage", ["mac", "sealed", "customer"])
def test_a_row_the_plugin_did_not_write_is_refused_and_changes_nothing(small: Plugin, damage: str) -> None:
    shop = small.shop
    code = code_of(shop, member_of(shop))
    eccube_id = new_customer(shop)
    row_key = small.type_code(eccube_id, code)
    other = {"mac": "mac = 'f'", "sealed": "sealed = 'AAAA'", "customer": "customer_id = 1"}[damage]
    shop.eccube.execute(f"UPDATE {INBOX} SET {other} WHERE row_key = '{row_key}'")
    assert shop.run("-q", "inbox") == 0
    (row,) = shop.rows(select(inbox_row))
    assert (row.state, row.reason) == ("refused", "wrong_mark")
    assert shop.count(claim) == 0


def test_requests_of_the_admins_are_carried_out_in_their_name(plugin: Plugin) -> None:
    shop = plugin.shop
    linked = shop.rows(select(customer.c.eccube_id).join(link, link.c.customer_id == customer.c.id))[
        0
    ].eccube_id
    ((unlinked,),) = shop.eccube.rows(f"SELECT MIN(id) FROM dtb_customer WHERE id <> {linked}")
    until = plugin.ask(unlinked, "store_until", until=str(TODAY + timedelta(days=30)))
    parted = plugin.ask(linked, "unlink")
    again = plugin.ask(linked, "check_again")
    assert shop.run("-q", "inbox") == 0
    for row_key in (until, parted, again):
        answer = plugin.answer(row_key)
        assert answer is not None and answer["state"] == "done", answer
    (made,) = shop.rows(select(class_override))
    assert (made.actor, made.until) == ("tanaka (owner)", TODAY + timedelta(days=30))
    assert plugin.membership_class(unlinked) == "store"
    assert plugin.membership_class(linked) == "ec_only"
    assert shop.count(link, link.c.active == 1) < shop.count(link)


@pytest.mark.parametrize(
    ("action", "more"),
    [("store_until", {}), ("store_until", {"until": "2020-01-01"}), ("unlink", {})],
)
def test_a_request_that_cannot_be_carried_out_is_answered(
    small: Plugin, action: str, more: dict[str, str]
) -> None:
    shop = small.shop
    free = set(dict(shop.truth)) ^ set(range(REGISTERED))
    ids = [row[0] for row in shop.eccube.rows("SELECT id FROM dtb_customer ORDER BY id")]
    row_key = small.ask(ids[min(free)], action, **more)
    assert shop.run("-q", "inbox") == 0
    answer = small.answer(row_key)
    assert answer is not None
    assert answer["state"] == "refused" and answer["text"]


def test_an_uploaded_export_is_inspected_and_lies_in_the_drop_folder_for_the_night(small: Plugin) -> None:
    shop = small.shop
    path = shop.drop_export(TODAY + timedelta(days=1))
    content = path.read_bytes()
    path.unlink()
    shop.at(TODAY + timedelta(days=1), 12)
    row_key = small.upload("export", path.name, content)
    assert shop.run("-q", "inbox") == 0
    answer = small.answer(row_key)
    assert answer is not None and answer["state"] == "done", answer
    report = json.loads(small.opened(f"answer:{row_key}"))
    assert report["tables"]
    assert path.read_bytes() == content
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_broken_export_is_refused_with_the_reasons_and_kept_nowhere(small: Plugin) -> None:
    shop = small.shop
    before = sorted(path for path in shop.folder.rglob("*") if path.is_file())
    row_key = small.upload("export", "../../evil.csv", b"broken")
    assert shop.run("-q", "inbox") == 0
    answer = small.answer(row_key)
    assert answer is not None and answer["state"] == "refused"
    assert sorted(path for path in shop.folder.rglob("*") if path.is_file() and "lock" not in path.parts) == [
        path for path in before if "lock" not in path.parts
    ]


def test_a_file_waits_for_its_parts_and_is_given_up_after_an_hour(small: Plugin) -> None:
    shop = small.shop
    row_key = small.upload("export", "members.csv", b"x" * 2500, leave_out=3)
    before = shop.state()
    assert shop.run("-q", "inbox") == 0
    assert small.answer(row_key) is None
    assert shop.state() == before
    shop.at(TODAY, 13, 1)
    assert shop.run("-q", "inbox") == 0
    answer = small.answer(row_key)
    assert answer is not None and answer["state"] == "refused"
    assert shop.count(inbox_row) == 2


def test_large_files_whose_rest_never_comes_are_in_nobodys_way(small: Plugin) -> None:
    shop, eccube_id = small.shop, new_customer(small.shop)
    small.upload("export", "members.csv", b"x" * 1000 * 520, leave_out=520)
    small.type_code(eccube_id, code_of(shop, member_of(shop)))
    whole = small.upload("export", "members.csv", b"broken")
    assert shop.run("-q", "inbox") == 0
    assert small.membership_class(eccube_id) == "store"
    answer = small.answer(whole)
    assert answer is not None and answer["state"] == "refused"


def test_a_file_that_was_changed_on_the_way_is_refused(small: Plugin) -> None:
    row_key = small.upload("export", "members.csv", b"x" * 2500, sha256="0" * 64)
    assert small.shop.run("-q", "inbox") == 0
    answer = small.answer(row_key)
    assert answer is not None and answer["state"] == "refused"


def test_before_the_first_classification_nobody_is_decided_about(
    plugged_sqlite: InstalledShop, capsys: pytest.CaptureFixture[str]
) -> None:
    shop = plugged_sqlite
    shop.fill(4, 4)
    assert shop.run("inbox") == 0
    assert "classify" in capsys.readouterr().out
    assert shop.count(customer) == 0


def test_after_the_matching_settings_changed_everybody_waits_for_the_night(
    small: Plugin, capsys: pytest.CaptureFixture[str]
) -> None:
    shop = small.shop
    eccube_id = new_customer(shop)
    shop.sections += "[matching]\nwrong_per_thousand = 3\n"
    shop.configure()
    before = shop.state()
    assert found(shop, capsys, "inbox")[0] == "note"
    for _minute in range(2):
        assert shop.run("inbox") == 0
        assert "decides about everybody" in capsys.readouterr().out
    assert shop.state() == before
    shop.at(TODAY + timedelta(days=1), 3)
    shop.drop_export(TODAY + timedelta(days=1))
    assert shop.run("-q", "nightly") == 0
    assert shop.count(customer, customer.c.eccube_id == eccube_id) == 1
    assert found(shop, capsys, "inbox")[0] == "ok"


def test_a_shop_without_the_plugin_has_its_claims_and_new_customers_decided(installed: InstalledShop) -> None:
    shop = installed
    shop.fill(12, 30, register=REGISTERED)
    shop.at(TODAY, 3)
    shop.drop_export(TODAY)
    assert shop.run("-q", "nightly") == 0
    shop.at(TODAY, 12)
    code = code_of(shop, member_of(shop))
    eccube_id = new_customer(shop)
    typed = shop.folder / "typed.csv"
    typed.write_text(f"customer_id,code\n{eccube_id},{code}\n", encoding="utf-8")
    assert shop.run("codes", "import", str(typed), "--apply") == 0
    assert shop.run("-q", "inbox") == 0
    (made,) = shop.rows(select(link).where(link.c.method == "link_code"))
    assert made.proven_by == "link_code"
    groups = "SELECT COUNT(*) FROM plg_customer_group_customers_groups WHERE customer_id = :id"
    assert shop.eccube.rows(groups, id=eccube_id) == [(1,)]
