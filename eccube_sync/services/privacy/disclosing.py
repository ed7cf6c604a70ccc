"""What we hold about one person, in a file for that person: the answer to a request for disclosure.

It says what our tables say. What EC-CUBE and the POS hold besides is theirs to disclose.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, select

from eccube_sync.clock import TOKYO
from eccube_sync.csvwriter import write_csv
from eccube_sync.db import reading
from eccube_sync.errors import UsageError
from eccube_sync.i18n import _
from eccube_sync.report import Report
from eccube_sync.services.customers.showing import (
    CASE_STATES,
    CLAIM_STATES,
    CUSTOMER_STATES,
    METHODS,
    class_label,
    in_words,
    tokyo,
)
from eccube_sync.services.members.findmember import find_members
from eccube_sync.services.members.memberfields import words
from eccube_sync.services.notices.words import KINDS as NOTICE_KINDS
from eccube_sync.services.notices.words import STATES as NOTICE_STATES
from eccube_sync.services.privacy.exportlog import log_export
from eccube_sync.services.review.export import check_output
from eccube_sync.services.running import Run
from eccube_sync.settings import Settings
from eccube_sync.tables.cases import review_case, review_decision
from eccube_sync.tables.codes import claim
from eccube_sync.tables.customers import class_override, customer, customer_class
from eccube_sync.tables.later import consent
from eccube_sync.tables.links import link
from eccube_sync.tables.members import member_code, member_import, member_version, record_columns, source
from eccube_sync.tables.notices import notice

Line = tuple[str, str | None, str, str]
"""What it is about, when, which item, and its value."""
LEFT_OUT = frozenset({"content_hash", "fingerprint", "repairs"})
DISCLOSED = tuple(column.name for column in record_columns() if column.name not in LEFT_OUT)


@dataclass(frozen=True, slots=True)
class Person:
    """A customer, a member, or both where their link is proven: a guess might show somebody else's data."""

    name: str
    customers: Sequence[int]
    members: Sequence[int]
    guessed: bool = False


def find_person(connection: Connection, *, eccube_id: int | None = None, code: str | None = None) -> Person:
    """The person by EC-CUBE id, or by a member's code. Raises ``UsageError`` when there is none."""
    with reading(connection):
        if eccube_id is not None:
            mine = select(customer.c.id).where(customer.c.eccube_id == eccube_id, customer.c.current == 1)
            customers = connection.execute(mine).scalars().all()
            if not customers:
                raise UsageError(_("There is no customer {eccube_id}.").format(eccube_id=eccube_id))
            links = connection.execute(
                select(link).where(link.c.customer_id.in_(customers), link.c.active == 1)
            ).all()
            members = [row.member_id for row in links if row.proven_by is not None]
            return Person(f"customer-{eccube_id}", customers, members, len(members) < len(links))
        assert code is not None
        members = [row.member_id for row in find_members(connection, code)]
        if len(members) > 1:
            raise UsageError(
                _("The code {code} leads to {count} members; name one by the POS's own id.").format(
                    code=code, count=len(members)
                )
            )
        return Person(f"member-{members[0]}", [], members)


def export_person(run: Run, person: Person, output: Path | None) -> Report:
    """Write everything our tables say about the person, 0600. Raises ``UsageError`` for a place it must not go."""
    settings = run.shop.settings
    check_output(settings, output)
    with reading(run.connection):
        lines = list(_lines(settings, run.connection, person))
    path = output or settings.folders.exports / f"{person.name}-{run.now.astimezone(TOKYO):%Y%m%d-%H%M%S}.csv"
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    write_csv(path, (_("about"), _("time"), _("item"), _("value")), lines)
    run.transaction(log_export, run, "disclosure", len(lines))
    headline = _("What we hold about this person is in {path}.").format(path=path)
    return Report(headline, {"lines_exported": len(lines)}, notes=list(_notes(person)))


def _notes(person: Person) -> Iterator[str]:
    yield _(
        "Make sure that the person who asks is this person before you hand it over; then delete the file."
    )
    yield _("EC-CUBE and the POS hold more: account, orders, purchases. They have exports of their own.")
    if person.guessed:
        yield _(
            "The link to a store member is a guess, so the store's data is left out: it may be somebody else's. Where "
            "the person shows the card, write it with: eccube-sync export --member CODE"
        )


def _lines(settings: Settings, connection: Connection, person: Person) -> Iterator[Line]:
    yield from _account(settings, connection, person)
    yield from _member_data(connection, person)
    for row in connection.execute(
        select(link).where(link.c.customer_id.in_(person.customers) | link.c.member_id.in_(person.members))
    ):
        ended = tokyo(row.ended_at) or _("in force")
        yield _("link to a store member"), tokyo(row.created_at), in_words(METHODS, row.method), ended
    yield from _mails(connection, person)
    yield from _questions(connection, person)


def _account(settings: Settings, connection: Connection, person: Person) -> Iterator[Line]:
    about = _("account in the web shop")
    for row in connection.execute(select(customer).where(customer.c.id.in_(person.customers))):
        yield about, tokyo(row.eccube_created_at), _("customer id"), str(row.eccube_id)
        yield about, None, _("state"), in_words(CUSTOMER_STATES, row.state)
    for row in connection.execute(
        select(customer_class).where(customer_class.c.customer_id.in_(person.customers))
    ):
        label = class_label(settings, row.membership_class)
        yield _("class"), row.since.isoformat(), label, row.end_date.isoformat() if row.end_date else ""
    for row in connection.execute(
        select(class_override).where(class_override.c.customer_id.in_(person.customers))
    ):
        label = class_label(settings, row.membership_class)
        yield _("class set by the shop"), row.since.isoformat(), label, row.reason
    for row in connection.execute(select(claim).where(claim.c.customer_id.in_(person.customers))):
        state = in_words(CLAIM_STATES, row.state)
        yield _("code that was typed"), tokyo(row.received_at), in_words(METHODS, row.kind), state


def _member_data(connection: Connection, person: Person) -> Iterator[Line]:
    versions = (
        select(member_version, member_import.c.taken_at, source.c.name.label("of"))
        .join(member_import, member_import.c.id == member_version.c.import_id)
        .join(source, source.c.id == member_import.c.source_id)
        .where(member_version.c.member_id.in_(person.members))
        .order_by(member_version.c.id.desc())
    )
    for row in connection.execute(versions):
        about = _("data of the store {name}").format(name=row.of)
        for field in DISCLOSED:
            if (value := getattr(row, field)) not in (None, ""):
                yield about, tokyo(row.taken_at), words(field), str(value).replace("\n", ", ")
    for row in connection.execute(select(member_code).where(member_code.c.member_id.in_(person.members))):
        yield _("card or number"), None, words(row.kind), row.code


def _mails(connection: Connection, person: Person) -> Iterator[Line]:
    for row in connection.execute(select(consent).where(consent.c.member_id.in_(person.members))):
        ended = row.valid_to.isoformat() if row.valid_to else _("in force")
        yield _("consent to mails"), row.valid_from.isoformat(), row.statement, ended
    mine = notice.c.customer_id.in_(person.customers) | notice.c.member_id.in_(person.members)
    for row in connection.execute(select(notice).where(mine).order_by(notice.c.id)):
        what = in_words(NOTICE_KINDS, row.kind)
        state = in_words(NOTICE_STATES, row.state)
        when = tokyo(row.sent_at) or row.event_on.isoformat()
        yield _("mail"), when, what, f"{state} {row.recipient or ''}".strip()


def _questions(connection: Connection, person: Person) -> Iterator[Line]:
    mine = review_case.c.customer_id.in_(person.customers) | review_case.c.member_id.in_(person.members)
    for row in connection.execute(select(review_case).where(mine)):
        yield (
            _("question to a reviewer"),
            row.opened_on.isoformat(),
            row.public_id,
            in_words(CASE_STATES, row.state),
        )
    answers = select(review_decision, review_case.c.public_id).join(
        review_case, review_case.c.id == review_decision.c.case_id
    )
    for row in connection.execute(answers.where(mine)):
        decision = in_words(CASE_STATES, row.decision)
        yield (
            _("answer of a reviewer"),
            tokyo(row.created_at),
            row.public_id,
            f"{decision} {row.note}".strip(),
        )
