"""``codes invite``: only who agreed, each once, and no code is left in the outbox once its mail is gone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from eccube_sync.errors import BadInputError, ConfigurationError, UsageError
from eccube_sync.linkcode import read_code
from eccube_sync.report import Report
from eccube_sync.services.codes.inviting import InvitePlan, apply_invite, plan_invite
from eccube_sync.services.notices.listing import resolve
from eccube_sync.services.notices.sending import send_notices
from eccube_sync.services.privacy.forgetting import apply_forget, plan_forget
from eccube_sync.services.undo.undoing import apply_undo, plan_undo
from eccube_sync.tables import metadata
from eccube_sync.tables.codes import code_batch, link_code
from eccube_sync.tables.later import consent
from eccube_sync.tables.links import link
from eccube_sync.tables.members import member, member_version
from eccube_sync.tables.notices import notice
from eccube_sync.tables.runs import journal
from tests.codes.counter import Counter
from tests.outbox.conftest import MAIL, parsed
from tests.outbox.test_crashes import KilledError, Killer
from tests.support.rows import our_shop
from tests.support.shop import Shop
from tests.support.smtp import FaultyServer

SETTINGS = (
    MAIL
    + """
[codes]
entry_url = "https://shop.example.jp/entry"

[notices]
promotion = true
per_minute = 10000

[sender]
name = "見本書店"
postal_address = "大阪府大阪市北区梅田2-4-9"
contact = "06-1234-5678"
unsubscribe_url = "https://shop.example.jp/unsubscribe"
"""
)
BASIS = "入会申込書2024年版 第5条"


@dataclass(slots=True)
class Inviting:
    """A shop that may invite, its members, and the mail server that takes the mails."""

    counter: Counter
    server: FaultyServer

    def members(self, number: int, **values: Any) -> list[int]:
        """So many members, each with an address of their own."""
        start = len(self.counter.ours.rows(member))
        return [
            self.counter.ours.add_member(emails=f"member{start + one}@example.com", **values)
            for one in range(number)
        ]

    def list_of(self, *member_ids: int) -> Path:
        """A CSV of these members, as the store's system writes it."""
        codes = [(self.counter.ours.row(member, id=one).store_key,) for one in member_ids]
        return self.counter.write(("会員コード",), codes)

    def plan(self, *agreed: int, limit: int = 500, **options: Any) -> InvitePlan:
        """The plan, with these members said to have agreed."""
        if agreed:
            options = {"members": self.list_of(*agreed), "basis": BASIS} | options
        with self.counter.ours.connect() as connection:
            return plan_invite(self.counter.ours.service, connection, limit=limit, **options)

    def invite(self, *agreed: int, **options: Any) -> Report:
        """Plan and apply."""
        plan = self.plan(*agreed, **options)
        report: Report = self.counter.ours.apply(lambda run: apply_invite(run, plan), "codes invite")
        return report

    def send(self) -> Report:
        with self.counter.ours.connect() as connection:
            return send_notices(self.counter.ours.service, connection, wait=lambda _seconds: None)

    def states(self) -> list[tuple[str, str | None]]:
        return [(row.state, row.reason) for row in self.counter.ours.rows(notice)]

    def received(self) -> list[str]:
        """The addresses that mails arrived at."""
        return [parsed(content)["To"] for content in self.server.accepted]

    def codes_received(self) -> list[str]:
        """The link code in each mail that arrived."""
        return [code_in(content) for content in self.server.accepted]

    def set(self, **sections: Any) -> None:
        ours = self.counter.ours
        ours.service = replace(ours.service, settings=ours.settings.model_copy(update=sections))

    def say(self, member_id: int, **values: Any) -> None:
        """The store's data now say this about a member."""
        ours = self.counter.ours
        version = ours.row(member, id=member_id).version_id
        with ours.connect() as connection, connection.begin():
            connection.execute(update(member_version).where(member_version.c.id == version).values(**values))


def code_in(content: bytes) -> str:
    """The code in a mail; it is the same in both bodies and in the link."""
    message = parsed(content)
    found = set()
    for kind in ("plain", "html"):
        part = message.get_body((kind,))
        assert part is not None
        found |= set(re.findall(r"\b[0-9A-Z]{5}-[0-9A-Z]{5}\b", str(part.get_content())))
    (code,) = found
    return str(code)


@contextmanager
def shop_that_invites(shop: Shop, folder: Path, configuration: str = SETTINGS) -> Iterator[Inviting]:
    with our_shop(shop, folder, configuration) as ours, FaultyServer() as server:
        inviting = Inviting(Counter(ours, folder), server)
        assert ours.settings.mail is not None
        inviting.set(mail=ours.settings.mail.model_copy(update={"port": server.port}))
        yield inviting


@pytest.fixture
def inviting(shop: Shop, tmp_path: Path) -> Iterator[Inviting]:
    """Once on SQLite and once on MariaDB."""
    with shop_that_invites(shop, tmp_path) as found:
        yield found


@pytest.fixture
def small(sqlite_shop: Shop, tmp_path: Path) -> Iterator[Inviting]:
    """On SQLite, where the engine makes no difference."""
    with shop_that_invites(sqlite_shop, tmp_path) as found:
        yield found


def test_each_who_agreed_gets_one_mail_with_a_code_of_their_own_that_links_them(inviting: Inviting) -> None:
    first, second, _silent = inviting.members(3)
    inviting.invite(first, second)
    inviting.send()
    assert inviting.received() == ["member0@example.com", "member1@example.com"]
    codes = inviting.codes_received()
    assert len(set(codes)) == 2
    assert all(read_code(one) for one in codes)
    mail = parsed(inviting.server.accepted[0])
    text = str(mail.get_body(("plain",)).get_content())  # type: ignore[union-attr]
    assert f"https://shop.example.jp/entry?link_code={codes[0]}" in text
    assert "大阪府大阪市北区梅田2-4-9" in text
    assert mail["List-Unsubscribe"] == "<https://shop.example.jp/unsubscribe>"

    ours = inviting.counter.ours
    customer_id = ours.add_customer(email="other@example.com")
    inviting.counter.typed((customer_id, codes[1]))
    inviting.counter.night()
    assert ours.row(link, customer_id=customer_id).member_id == second


def test_without_consent_nobody_is_invited_and_the_sheet_is_offered(inviting: Inviting) -> None:
    inviting.members(3, mail_allowed=True)
    plan = inviting.plan()
    assert list(plan.members) == []
    assert plan.left_out == {"no_consent": 3}
    assert any("codes sheet" in note for note in plan.report().notes)
    assert inviting.counter.ours.rows(notice) == []


def test_the_consent_is_recorded_for_each_member_with_its_basis_and_by_whom(small: Inviting) -> None:
    first, second, _third = small.members(3)
    small.invite(first, second, limit=1)
    ours = small.counter.ours
    rows = ours.rows(consent)
    assert [(row.member_id, row.channel, row.statement) for row in rows] == [
        (first, "email", BASIS),
        (second, "email", BASIS),
    ]
    assert len(ours.rows(journal, field="mail_consent")) == 2
    plan = small.plan()
    assert (list(plan.members), list(plan.agreeing)) == ([second], [])
    assert plan.left_out == {"invited_before": 1, "no_consent": 1}


def test_who_is_linked_refused_gone_or_shares_an_address_is_left_out(small: Inviting) -> None:
    ours = small.counter.ours
    linked, refused, suspended, twin, other_twin, fine = small.members(6)
    nowhere = ours.add_member()
    ours.add_link(ours.add_customer(), linked)
    small.say(refused, mail_allowed=False)
    small.say(suspended, status="suspended")
    small.say(twin, emails="Family@example.com")
    small.say(other_twin, emails="family@example.com")
    plan = small.plan(linked, refused, suspended, twin, other_twin, nowhere, fine)
    assert list(plan.members) == [fine]
    assert plan.left_out == {
        "linked_already": 1, "store_says_no": 1, "not_a_member": 1, "address_shared": 2, "no_address": 1,
    }  # fmt: skip


def test_nobody_is_invited_twice_whatever_is_run_again(inviting: Inviting) -> None:
    ids = inviting.members(3)
    for _time in range(2):
        inviting.invite(*ids)
        inviting.send()
    assert sorted(inviting.received()) == [f"member{one}@example.com" for one in range(3)]
    assert inviting.counter.ours.row(code_batch).code_count == 3


def test_killed_at_any_step_and_run_again_each_gets_one_mail_and_each_code_its_mail(
    small: Inviting, monkeypatch: pytest.MonkeyPatch
) -> None:
    killer = Killer(monkeypatch)
    ours = small.counter.ours
    steps = doubts = 0
    while True:
        ids = small.members(2)
        path = small.list_of(*ids)
        plan = small.plan(members=path, basis=BASIS)
        killer.left = steps = steps + 1
        try:
            ours.apply(lambda run, plan=plan: apply_invite(run, plan), "codes invite")
            small.send()
        except KilledError:
            killer.left = 0
            small.invite(members=path, basis=BASIS)
            small.send()
        else:
            break
        received = small.received()
        assert len(received) == len(set(received))
        rows = ours.rows(notice)
        assert [row.member_id for row in rows] == [one.id for one in ours.rows(member)]
        assert {row.link_code_id for row in rows} == {row.id for row in ours.rows(link_code)}
        in_doubt = [row for row in rows if row.state == "in_doubt"]
        assert len(in_doubt) - doubts in (0, 1)
        doubts = len(in_doubt)
        assert all(row.message is None for row in rows if row.state == "sent")
    assert steps > 15


def test_once_sent_no_table_knows_the_code_any_more(inviting: Inviting) -> None:
    ids = inviting.members(2)
    inviting.invite(*ids)
    ours = inviting.counter.ours
    waiting = [code_in(row.message) for row in ours.rows(notice)]
    inviting.send()
    assert inviting.codes_received() == waiting
    everything = repr(ours.snapshot(*metadata.sorted_tables))
    for code in waiting:
        assert code not in everything
        assert code.replace("-", "") not in everything
    assert [row.message for row in ours.rows(notice)] == [None, None]


def test_a_mail_in_doubt_keeps_its_code_until_a_person_settles_it(small: Inviting) -> None:
    (one,) = small.members(1)
    small.invite(one)
    ours = small.counter.ours
    with ours.connect() as connection, connection.begin():
        connection.execute(update(notice).values(state="in_doubt"))
    (row,) = ours.rows(notice)
    with ours.connect() as connection:
        resolve(ours.service, connection, [row.id], resend=False)
    settled = ours.row(notice)
    assert (settled.state, settled.message) == ("sent", None)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ("linked", "linked_already"),
        ("refused", "store_says_no"),
        ("moved", "address_changed"),
        ("left", "not_a_member"),
        ("revoked", "code_not_usable"),
        ("withdrawn", "no_consent"),
    ],
)
def test_what_changed_before_the_mail_leaves_stops_it_and_blanks_its_code(
    small: Inviting, change: str, reason: str
) -> None:
    (one,) = small.members(1)
    small.invite(one)
    ours = small.counter.ours
    if change == "linked":
        ours.add_link(ours.add_customer(), one)
    elif change == "refused":
        small.say(one, mail_allowed=False)
    elif change == "moved":
        small.say(one, emails="elsewhere@example.com")
    elif change == "left":
        small.say(one, status="suspended")
    else:
        table = link_code if change == "revoked" else consent
        values = {"state": "revoked"} if change == "revoked" else {"valid_to": ours.clock.now().date()}
        with ours.connect() as connection, connection.begin():
            connection.execute(update(table).values(values))
    small.send()
    assert small.states() == [("cancelled", reason)]
    assert ours.row(notice).message is None
    assert small.received() == []


def test_undone_before_it_left_it_is_as_if_nobody_had_been_invited(inviting: Inviting) -> None:
    first, second = inviting.members(2)
    inviting.invite(first, second)
    ours = inviting.counter.ours
    run_id = ours.row(code_batch).run_id
    with ours.connect() as connection:
        plan = plan_undo(ours.service, connection, run_id)
    ours.apply(lambda run: apply_undo(run, plan), "runs undo")
    inviting.send()
    assert inviting.received() == []
    assert {row.state for row in ours.rows(link_code)} == {"revoked"}
    assert [(row.state, row.message) for row in ours.rows(notice)] == [("cancelled", None)] * 2
    assert inviting.plan().left_out == {"no_consent": 2}
    inviting.invite(first)
    inviting.send()
    assert inviting.received() == ["member0@example.com"]


def test_a_forgotten_members_invitation_does_not_leave(small: Inviting) -> None:
    (one,) = small.members(1)
    small.invite(one)
    ours = small.counter.ours
    with ours.connect() as connection:
        plan = plan_forget(ours.settings, connection, "member", [one])
    ours.apply(lambda run: apply_forget(run, plan), "forget")
    small.send()
    assert small.received() == []
    assert BASIS not in repr(ours.snapshot(*metadata.sorted_tables))


def test_invitations_leave_in_the_window_and_within_the_caps_and_not_after_a_week(small: Inviting) -> None:
    small.invite(*small.members(3))
    ours = small.counter.ours
    small.set(notices=ours.settings.notices.model_copy(update={"per_hour": 2}))
    small.send()
    assert len(small.received()) == 2
    ours.clock.advance(timedelta(hours=8))
    small.send()
    assert len(small.received()) == 2, "the window is closed at night"
    ours.clock.advance(timedelta(days=7, hours=16))
    small.send()
    assert len(small.received()) == 2
    assert ("cancelled", "too_old") in small.states()


def test_a_list_and_a_basis_belong_together_and_every_line_must_lead_to_a_member(small: Inviting) -> None:
    (one,) = small.members(1)
    with pytest.raises(UsageError, match="belong together"):
        small.plan(members=small.list_of(one), basis="")
    with pytest.raises(UsageError, match="belong together"):
        small.plan(basis=BASIS)
    unknown = small.counter.write(("member_code",), [("999",)])
    with pytest.raises(BadInputError):
        small.plan(members=unknown, basis=BASIS)


@pytest.mark.parametrize(
    ("taken_out", "named"),
    [("promotion = true", "promotion"), ('contact = "06-1234-5678"', "sender"), (MAIL, "mail"),
     ('entry_url = "https://shop.example.jp/entry"', "entry_url")],
)  # fmt: skip
def test_a_shop_that_may_not_advertise_invites_nobody(
    sqlite_shop: Shop, tmp_path: Path, taken_out: str, named: str
) -> None:
    text = SETTINGS.replace(taken_out, "")
    if taken_out.startswith("contact"):
        text = text.replace("promotion = true", "promotion = false")
    with (
        our_shop(sqlite_shop, tmp_path, text) as ours,
        ours.connect() as connection,
        pytest.raises(ConfigurationError, match=named),
    ):
        plan_invite(ours.service, connection, limit=10)
