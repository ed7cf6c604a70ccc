"""Explaining a customer in words."""

from __future__ import annotations

import json
from datetime import date

from eccube_sync.clock import to_database
from eccube_sync.tables.codes import claim
from eccube_sync.tables.customers import class_override, customer, customer_class, projection_state
from eccube_sync.tables.notices import notice
from eccube_sync.tables.runs import journal
from tests.members.terminal import Terminal
from tests.support.rows import NOON, OurShop

REASONS = [("birth_date.same", 14.1), ("given_name.same", 7.5), ("address.different", -1.2)]


def give_class(ours: OurShop, customer_id: int, **values: object) -> None:
    """The class a customer has now, as a classification writes it."""
    row = {
        "membership_class": "store",
        "reason": "current",
        "end_date": date(2027, 3, 31),
        "valid_through": date(2027, 4, 7),
        "since": date(2026, 4, 1),
        "due_on": date(2027, 4, 1),
    } | values
    ours.insert(customer_class, customer_id=customer_id, run_id=ours.run_id, **row)


def test_class_and_link_are_told_in_words(terminal: Terminal) -> None:
    ours = terminal.ours
    someone = ours.add_customer()
    give_class(ours, someone)
    ours.add_link(someone, ours.add_member(code="290001"), bits=20.4, reasons=json.dumps(REASONS))
    report = terminal.json("customers", "show", "1")
    assert report["headline"] == (
        "Customer 1 is 店舗会員 since 2026-04-01, valid through 2027-04-07: the membership is valid."
    )
    (link,) = terminal.listing(report, "Links")
    assert link[:6] == ["290001", "本店", "matching", "no", "99.50 %", "20.4"]
    assert terminal.listing(report, "What spoke for the link to 290001") == [
        ["same birth date", "+14.10"],
        ["same given name", "+7.50"],
        ["different address", "-1.20"],
    ]
    (said,) = report["notes"]
    assert "never shown to the customer" in said
    assert said.endswith("Same birth date, same given name; different address.")


def test_a_proven_link_says_how(small: Terminal) -> None:
    ours = small.ours
    someone = ours.add_customer()
    ours.add_link(
        someone, ours.add_member(code="290001"), "link_code", proven_by="link_code", probability=None
    )
    report = small.json("customers", "show", "1")
    assert report["notes"] == ["Linked to member 290001 by link code, proven by a link code."]
    assert small.listing(report, "Links")[0][4] == ""


def test_history_exceptions_cases_notices_and_projections_are_listed(terminal: Terminal) -> None:
    ours = terminal.ours
    someone = ours.add_customer()
    give_class(ours, someone)
    facts = {"run_id": ours.run_id, "created_at": to_database(NOON)}
    for old, new, reason in ((None, "ec_only", "not_linked"), ("ec_only", "store", "current")):
        ours.insert(
            journal,
            subject="customer",
            subject_id=someone,
            field="class",
            old_value=old,
            new_value=new,
            reason=reason,
            **facts,
        )
    ours.insert(
        class_override,
        customer_id=someone,
        kind="override",
        membership_class="store",
        since=date(2026, 4, 1),
        reason="paid by bank transfer",
        actor="owner",
        active=1,
        **facts,
    )
    public_id = ours.add_case(someone, ours.add_member(code="290002"), "tie")
    ours.insert(
        notice,
        notice_key="expiring:1",
        kind="expiring",
        customer_id=someone,
        days=30,
        event_on=date(2026, 4, 2),
        state="cancelled",
        reason="customer_withdrawn",
        message_id="<1@example.jp>",
        recipient="somebody@example.com",
        **facts,
    )
    ours.insert(
        claim,
        claim_key="1",
        eccube_id=1,
        customer_id=someone,
        kind="link_code",
        code_hash="x",
        state="refused",
        reason="code_expired",
        received_at=to_database(NOON),
        run_id=ours.run_id,
    )
    with ours.connect() as connection, connection.begin():
        connection.execute(
            projection_state.insert().values(
                projection_key="customer_group:会員",
                customer_id=someone,
                wanted_class="store",
                written_class="ec_only",
                state="pending",
                run_id=ours.run_id,
            )
        )
    report = terminal.json("customers", "show", "1")
    newest, first = terminal.listing(report, "History of the class")
    assert newest[:4] == ["2026-04-10 12:00", "EC会員", "店舗会員", "the membership is valid"]
    assert first[1:4] == ["", "EC会員", "not linked to a store member"]
    assert terminal.listing(report, "Overrides and holds")[0][4] == "paid by bank transfer"
    (case,) = terminal.listing(report, "Cases")
    assert (case[0], case[2], case[3]) == (public_id, "290002", "open")
    assert terminal.listing(report, "Notices") == [
        ["the membership ends soon", "cancelled", "2026-04-02", 30, None, "The customer has withdrawn."]
    ]
    assert terminal.listing(report, "Codes the customer entered")[0][2:] == [
        "refused",
        "the code had expired",
    ]
    assert terminal.listing(report, "Shown in EC-CUBE") == [
        ["customer_group:会員", "店舗会員", "EC会員", "to be written"]
    ]
    assert "somebody@example.com" not in terminal.output


def test_a_customer_without_a_link_sees_the_most_similar_members(terminal: Terminal) -> None:
    terminal.ours.add_customer(name02="花子", phone_number="0699998888")
    terminal.ours.add_member(code="290003", given_name="太郎", given_kana="タロウ")
    assert terminal.run("classify", "--apply") == 0, terminal.errors
    report = terminal.json("customers", "show", "1")
    assert "not linked" in report["headline"]
    (nearest,) = terminal.listing(report, "Nearest members")
    assert (nearest[0], nearest[2]) == ("290003", "山＊ 太＊")
    assert nearest[8].startswith("Phone: differs, Kana: differs, Name: differs")
    assert "classify --explain 1 MEMBER" in report["notes"][0]


def test_a_customer_like_nobody_is_told_so(small: Terminal) -> None:
    small.ours.add_customer()
    report = small.json("customers", "show", "1")
    assert "no class was computed yet" in report["headline"]
    assert report["notes"] == ["Not linked: the customer was not classified yet; run: eccube-sync classify"]


def test_an_id_that_changed_hands_shows_the_present_customer(small: Terminal) -> None:
    ours = small.ours
    before = ours.add_customer()
    with ours.connect() as connection, connection.begin():
        connection.execute(
            customer.update().where(customer.c.id == before).values(state="replaced", current=None)
        )
    now = ours.insert(
        customer,
        eccube_id=1,
        eccube_created_at=to_database(NOON),
        state="full",
        current=1,
        fingerprint="",
        first_run_id=ours.run_id,
        changed_run_id=ours.run_id,
    )
    give_class(ours, now, membership_class="ec_only", reason="not_linked", valid_through=None)
    report = small.json("customers", "show", "1")
    assert "Customer 1 is EC会員" in report["headline"]
    assert "belonged to 1 other person" in report["notes"][-1]


def test_an_unknown_id_is_a_clear_refusal(small: Terminal) -> None:
    assert small.run("customers", "show", "99") == 64
    assert "No customer with the EC-CUBE id 99" in small.errors


def test_the_terminal_shows_what_a_program_gets(small: Terminal) -> None:
    ours = small.ours
    someone = ours.add_customer()
    give_class(ours, someone)
    ours.add_link(someone, ours.add_member(code="290001"), bits=20.4, reasons=json.dumps(REASONS))
    assert small.run("customers", "show", "1") == 0
    for words in ("店舗会員", "290001", "same birth date", "+14.10", "valid through"):
        assert words in small.output
