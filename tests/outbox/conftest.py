"""A shop with linked members whose classes rise and fall, and a mail server that takes or refuses the mails."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import date, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from eccube_sync.db import AnyRow
from eccube_sync.membership.classes import ClassDecision
from eccube_sync.report import Report
from eccube_sync.services.classes.classing import ClassChange
from eccube_sync.services.classes.deciding import apply_class_changes
from eccube_sync.services.notices.sending import send_notices
from eccube_sync.services.running import Run
from eccube_sync.tables.customers import customer, customer_class
from eccube_sync.tables.links import link
from eccube_sync.tables.notices import notice
from eccube_sync.tables.runs import installation
from tests.support.rows import OurShop, our_shop
from tests.support.shop import Shop
from tests.support.smtp import FaultyServer

TODAY = date(2026, 4, 10)
ENDED = date(2026, 4, 9)
ON_SQLITE = pytest.mark.parametrize("shop", ["sqlite"], indirect=True)
"""For what does not depend on the database: once is enough."""

MAIL = """
[mail]
host = "127.0.0.1"
port = 1
security = "plain"
sender = "shop@example.jp"
envelope_sender = "bounce@example.jp"
"""


@dataclass(frozen=True, slots=True)
class Person:
    """A customer of the shop linked to a member of the store."""

    customer: int
    eccube: int
    member: int
    link: int
    email: str


@dataclass(slots=True)
class Outbox:
    """The shop with what these tests do to it."""

    ours: OurShop

    # --- who is there ---

    def person(
        self,
        *,
        end_date: date | None = ENDED,
        membership_class: str = "store",
        proven: bool = True,
        **values: Any,
    ) -> Person:
        """A linked customer with a class."""
        ours = self.ours
        customer_id = ours.add_customer(**values)
        member_id = ours.add_member(end_date=end_date)
        link_id = ours.add_link(customer_id, member_id, proven_by="link_code" if proven else None)
        ours.insert(
            customer_class,
            customer_id=customer_id,
            membership_class=membership_class,
            reason="current" if membership_class == "store" else "ended",
            member_id=member_id,
            end_date=end_date,
            valid_through=end_date,
            since=date(2025, 4, 1),
            run_id=ours.run_id,
        )
        row = ours.row(customer, id=customer_id)
        email = values.get("email", f"customer{row.eccube_id}@example.com")
        return Person(customer_id, row.eccube_id, member_id, link_id, email)

    def people(self, number: int, **values: Any) -> list[Person]:
        """So many of them."""
        return [self.person(**values) for _one in range(number)]

    # --- what happens to them ---

    def change(self, person: Person, decision: ClassDecision) -> ClassChange:
        """The change of a person's class to this."""
        before = self.ours.rows(customer_class, customer_id=person.customer)
        return ClassChange(person.customer, before[0] if before else None, decision)

    def expire(
        self,
        *people: Person,
        end_date: date = ENDED,
        baseline: bool = False,
        command: str = "expire",
        **decision: Any,
    ) -> None:
        """Their memberships ended and their class falls."""
        values = {"end_date": end_date, "valid_through": end_date} | decision
        decided = [
            self.change(one, ClassDecision("ec_only", member_id=one.member, **({"reason": "ended"} | values)))
            for one in people
        ]
        self.apply(decided, baseline=baseline, command=command)

    def renew(self, *people: Person, end_date: date = date(2027, 3, 31), **decision: Any) -> None:
        """They renewed and their class is, or stays, store."""
        values = {"reason": "current", "end_date": end_date, "valid_through": end_date} | decision
        self.apply(
            [self.change(one, ClassDecision("store", member_id=one.member, **values)) for one in people]
        )

    def apply(self, changes: list[ClassChange], *, baseline: bool = False, command: str = "expire") -> None:
        """Write these class changes in a run of their own."""

        def work(run: Run) -> None:
            run.baseline = baseline
            apply_class_changes(run, changes)

        self.ours.apply(work, command)

    def end_link(self, person: Person) -> None:
        """The link of a person ends."""
        with self.ours.connect() as connection, connection.begin():
            connection.execute(update(link).where(link.c.id == person.link).values(active=None))

    # --- mails ---

    def notices(self, **equal: Any) -> list[AnyRow]:
        """Rows of the outbox."""
        return self.ours.rows(notice, **equal)

    def notice(self, **equal: Any) -> AnyRow:
        """The one row of the outbox."""
        return self.ours.row(notice, **equal)

    def states(self) -> list[str]:
        """The state of every row of the outbox."""
        return [row.state for row in self.notices()]

    def use(self, server: FaultyServer) -> None:
        """Mails leave through this server from now on."""
        assert self.ours.settings.mail is not None
        self.set(mail=self.ours.settings.mail.model_copy(update={"port": server.port}))

    def set(self, **sections: Any) -> None:
        """Change sections of the configuration."""
        settings = self.ours.settings.model_copy(update=sections)
        self.ours.service = replace(self.ours.service, settings=settings)

    def set_notices(self, **values: Any) -> None:
        """Change settings of [notices]."""
        self.set(notices=self.ours.settings.notices.model_copy(update=values))

    def send(self, **options: Any) -> Report:
        """Send; waiting moves the clock."""

        def wait(seconds: float) -> None:
            self.ours.clock.advance(timedelta(seconds=seconds))

        with self.ours.connect() as connection:
            return send_notices(self.ours.service, connection, wait=wait, **options)

    def later(self, **span: float) -> None:
        """Time passes."""
        self.ours.clock.advance(timedelta(**span))


def parsed(content: bytes) -> EmailMessage:
    """A mail as a mail program reads it."""
    message = message_from_bytes(content, policy=policy.default)
    assert isinstance(message, EmailMessage)
    return message


def ids_of(server: FaultyServer) -> list[str]:
    """The Message-IDs of the mails a server accepted, one each time."""
    return [parsed(content)["Message-ID"] for content in server.accepted]


def first_classified(ours: OurShop) -> Outbox:
    """A shop whose first classification is over, so that mails leave."""
    ours.apply(lambda run: None)
    first = ours.run_id
    with ours.connect() as connection, connection.begin():
        connection.execute(update(installation).values(first_classify_run_id=first))
    return Outbox(ours)


@pytest.fixture
def make_outbox(shop: Shop, tmp_path: Path) -> Iterator[Callable[..., Outbox]]:
    """Makes the shop with more configuration; its first classification is over unless told otherwise."""
    with ExitStack() as stack:

        def make(configuration: str = "", *, classified: bool = True, mail: str = MAIL) -> Outbox:
            ours = stack.enter_context(our_shop(shop, tmp_path, mail + configuration))
            if classified:
                return first_classified(ours)
            ours.apply(lambda run: None)
            return Outbox(ours)

        yield make


@pytest.fixture
def outbox(make_outbox: Callable[..., Outbox]) -> Outbox:
    """The shop as it usually is."""
    return make_outbox()


@pytest.fixture
def server(outbox: Outbox) -> Iterator[FaultyServer]:
    """A mail server that takes everything, in use."""
    with FaultyServer() as running:
        outbox.use(running)
        yield running
