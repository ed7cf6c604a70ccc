"""Invite members by mail: each gets a link code of their own, once, at the address the store has.

Only members who agreed, as the ledger of consents says, or as a person says now of a list of members. A code and the
mail it stands in are made in one transaction; the code is written nowhere else, and blanked once the mail has left.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, func, insert, select, update

from eccube_sync.clock import tokyo_date
from eccube_sync.codelabels import CodeLabel
from eccube_sync.db import AnyRow, inserted_id, reading
from eccube_sync.errors import ConfigurationError, UsageError
from eccube_sync.i18n import _
from eccube_sync.linkcode import print_code
from eccube_sync.notices import Event
from eccube_sync.report import Listing, Report
from eccube_sync.services.codes.assigning import find_members
from eccube_sync.services.codes.coding import codes_by_serial, keys_for_codes, reserve_serials, unused_codes
from eccube_sync.services.codes.files import CodeFile
from eccube_sync.services.codes.invitees import refusals
from eccube_sync.services.codes.keys import CodeKeys
from eccube_sync.services.codes.sheets import entry_url_of
from eccube_sync.services.members.importplan import choose_source
from eccube_sync.services.notices.composing import Addressee, Composer
from eccube_sync.services.notices.consents import agreed, all_agreed, record_consents
from eccube_sync.services.notices.noticing import insert_rows
from eccube_sync.services.notices.outboxrows import (
    QUEUED,
    compose,
    existing_keys,
    first_address,
    key_of,
    members_of,
    row_of,
    store_name,
)
from eccube_sync.services.notices.situations import DueNotice
from eccube_sync.services.notices.words import reason_words
from eccube_sync.services.running import Run, Shop
from eccube_sync.tables.classes import chunks
from eccube_sync.tables.codes import code_batch, link_code
from eccube_sync.tables.importing import source_id
from eccube_sync.tables.members import member, member_version
from eccube_sync.tables.runs import installation

COLUMNS = {"member_code": ("会員コード", "会員番号", "カード番号", "member"), "source": ("取込元",)}
AT_ONCE = 50
BASIS_LENGTH = 190


@dataclass(slots=True)
class InvitePlan:
    """Whom to invite, whose consent is to be recorded first, and how many are left out, by reason."""

    members: Sequence[int]
    agreeing: Sequence[int]
    basis: str
    expires_on: date
    later: int = 0
    left_out: Counter[str] = field(default_factory=Counter)

    def report(self) -> Report:
        """The plan as counts, with reasons."""
        counts = {
            "consents_to_record": len(self.agreeing),
            "invitations": len(self.members),
            "invitations_later": self.later,
        }
        report = Report(
            _("Invitations by mail, with codes valid until {day}:").format(day=self.expires_on), counts
        )
        rows = [(reason_words(reason), number) for reason, number in sorted(self.left_out.items())]
        report.listings = [Listing(_("Not invited"), (_("reason"), _("members")), list(rows))]
        if not self.members:
            report.notes.append(
                _(
                    "Nobody is invited. Codes can be handed out on paper: eccube-sync codes issue, then codes sheet."
                )
            )
        return report


def plan_invite(
    shop: Shop,
    connection: Connection,
    *,
    limit: int,
    members: Path | None = None,
    basis: str = "",
    source_key: str | None = None,
) -> InvitePlan:
    """Whom an invitation would go to, ``limit`` at most; with ``basis`` the members of the list agreed.

    Raises ``ConfigurationError`` where the shop may not send advertising, ``UsageError`` for a list without a basis
    or a basis without a list, ``BadInputError`` with every line of the list that leads to no member.
    """
    _refuse_shop(shop)
    if bool(members) != bool(basis):
        raise UsageError(_("A list of members and the basis of their consent belong together."))
    if len(basis) > BASIS_LENGTH:
        raise UsageError(_("Say the basis in {most} signs at most.").format(most=BASIS_LENGTH))
    today = tokyo_date(shop.clock.now())
    allowed: list[int] = []
    with reading(connection):
        listed = _listed(shop, connection, members, source_key) if members else []
        wanted = listed or all_agreed(connection, today)
        plan = InvitePlan([], [], basis, today + timedelta(days=shop.settings.codes.valid_days))
        addresses = {
            one: first_address(row).casefold() for one, row in members_of(connection, wanted).items()
        }
        for one, reason in _judged(shop, connection, wanted, addresses, today):
            if reason is None:
                allowed.append(one)
            else:
                plan.left_out[reason] += 1
        standing = agreed(connection, allowed, today)
        plan.agreeing = [one for one in allowed if one not in standing]
        if not listed:
            plan.left_out["no_consent"] += _with_address(connection) - len(wanted)
    plan.members, plan.later = allowed[:limit], max(0, len(allowed) - limit)
    return plan


def _refuse_shop(shop: Shop) -> None:
    """An invitation leads to a shop that advertises, so it is advertising by law."""
    settings = shop.settings
    entry_url_of(shop)
    if settings.mail is None:
        raise ConfigurationError(_("{path} has no [mail] section; add one first.").format(path=settings.path))
    if not settings.notices.promotion or settings.sender.missing:
        raise ConfigurationError(
            _(
                "{path}: an invitation is advertising by law. Set promotion = true in [notices], and fill in [sender]."
            ).format(path=settings.path)
        )


def _listed(shop: Shop, connection: Connection, path: Path, source_key: str | None) -> list[int]:
    """The members a list names, each once."""
    file = CodeFile(path, COLUMNS, ("member_code",))
    rows = []
    for line, cells in file.rows():
        try:
            source = choose_source(shop.settings, cells.get("source") or source_key)
        except ConfigurationError:
            file.wrong(line, "source", _("The configuration has no such source."))
            continue
        rows.append((line, source_id(connection, source.key), cells["member_code"]))
    found = find_members(connection, [(one, code) for _line, one, code in rows if one is not None])
    chosen: dict[int, None] = {}
    for line, of_source, code in rows:
        ids = found.get((of_source, code), []) if of_source is not None else []
        if len(ids) == 1:
            chosen[ids[0]] = None
        else:
            file.wrong(line, "member_code", _("This code leads to no member, or to several."))
    file.refuse_problems()
    return list(chosen)


def _judged(
    shop: Shop, connection: Connection, wanted: Sequence[int], addresses: Mapping[int, str], today: date
) -> Iterator[tuple[int, str | None]]:
    """Each member, and why no invitation goes there; an address that several have is nobody's own."""
    shared = Counter(addresses.values())
    for ids in chunks(wanted):
        reasons = refusals(shop.settings, connection, ids, today)
        known = existing_keys(connection, (key_of(_due(one, today)) for one in ids))
        for one in ids:
            reason = reasons[one]
            if reason is None and key_of(_due(one, today)) in known:
                reason = "invited_before"
            if reason is None and shared[addresses[one]] > 1:
                reason = "address_shared"
            yield one, reason


def _with_address(connection: Connection) -> int:
    statement = (
        select(func.count())
        .select_from(member)
        .join(member_version, member_version.c.id == member.c.version_id)
        .where(member.c.current == 1, member_version.c.emails != "")
    )
    return int(connection.execute(statement).scalar_one())


def _due(member_id: int, today: date) -> DueNotice:
    return DueNotice("invite", Event(customer=None, member=member_id), today, proven=False)


# --- apply -------------------------------------------------------------------------------------------


def apply_invite(run: Run, plan: InvitePlan) -> Report:
    """Record the consents, then queue the invitations, so many a transaction; safe to stop and to run again."""
    keys = keys_for_codes(run.shop, run.connection)
    for ids in chunks(plan.agreeing):
        run.transaction(record_consents, run, ids, plan.basis)
    for start in range(0, len(plan.members), AT_ONCE):
        _invite(run, plan, keys, plan.members[start : start + AT_ONCE])
    names = ("consents_recorded", "codes_issued", "notices_queued", "notices_failed")
    report = Report(_("Invited:"), {name: run.counts[name] for name in names})
    report.notes.append(_("They leave with the next run of: eccube-sync notify"))
    return report


def _invite(run: Run, plan: InvitePlan, keys: CodeKeys, member_ids: Sequence[int]) -> None:
    connection = run.connection
    codes = unused_codes(connection, keys, len(member_ids))
    with reading(connection):
        stores = members_of(connection, member_ids)
        install_id = connection.execute(select(installation.c.install_id)).scalar_one()
        composer = Composer(run.shop.settings, install_id)
    rows = []
    for one, code in zip(member_ids, codes, strict=True):
        due, label = _due(one, run.today), CodeLabel("", print_code(code), plan.expires_on)
        store = stores[one]
        to = Addressee(
            name=store_name(store),
            email=first_address(store),
            wants_advertising=True,
            store_allows_mail=store.mail_allowed,
            code=label,
        )
        outcome = compose(composer, due, to, run.now)
        rows.append(row_of(due, outcome, composer.message_id(key_of(due)), run.id, run.moment))
    run.transaction(_queue, run, plan, keys, codes, rows)


def _queue(
    run: Run, plan: InvitePlan, keys: CodeKeys, codes: Sequence[str], rows: Sequence[dict[str, Any]]
) -> None:
    """Codes and mails together: no code without its mail, no mail without its code."""
    known = existing_keys(run.connection, (row["notice_key"] for row in rows))
    pairs = [(code, row) for code, row in zip(codes, rows, strict=True) if row["notice_key"] not in known]
    leaving = [(code, row) for code, row in pairs if row["state"] == QUEUED]
    ids = _make_codes(run, plan, keys, leaving) if leaving else {}
    insert_rows(run, [{**row, "link_code_id": ids.get(row["member_id"])} for _code, row in pairs])


def _make_codes(
    run: Run, plan: InvitePlan, keys: CodeKeys, leaving: Sequence[tuple[str, dict[str, Any]]]
) -> dict[int, int]:
    """Member id → the id of the code made for this member."""
    connection = run.connection
    serials = reserve_serials(run, len(leaving), "mail", "codes_invite")
    batch_id = _batch(run, plan, len(leaving))
    to_members = _member_codes(connection, [row["member_id"] for _code, row in leaving])
    connection.execute(
        insert(link_code),
        [
            {
                "batch_id": batch_id,
                "serial": serial,
                "secret_hash": keys.hash_code(code),
                "key_id": keys.current_id,
                "state": "assigned",
                "source_id": to_members[row["member_id"]].source_id,
                "member_code": _member_code(to_members[row["member_id"]]),
                "expires_on": plan.expires_on,
            }
            for serial, (code, row) in zip(serials, leaving, strict=True)
        ],
    )
    run.counts["codes_issued"] += len(leaving)
    made = codes_by_serial(connection, serials)
    return {row["member_id"]: made[serial].id for serial, (_code, row) in zip(serials, leaving, strict=True)}


def _batch(run: Run, plan: InvitePlan, more: int) -> int:
    """The run's batch, grown by ``more`` codes."""
    connection = run.connection
    batch_id = connection.execute(select(code_batch.c.id).where(code_batch.c.run_id == run.id)).scalar()
    if batch_id is not None:
        grown = code_batch.c.code_count + more
        connection.execute(update(code_batch).where(code_batch.c.id == batch_id).values(code_count=grown))
        return int(batch_id)
    values = {
        "label": _("invitations"),
        "code_count": more,
        "expires_on": plan.expires_on,
        "run_id": run.id,
        "created_at": run.moment,
    }
    batch_id = inserted_id(connection.execute(insert(code_batch).values(values)))
    run.record("code_batch", batch_id, "codes", None, more, "codes_invite")
    return batch_id


def _member_codes(connection: Connection, member_ids: Sequence[int]) -> dict[int, AnyRow]:
    rows = connection.execute(
        select(
            member.c.id,
            member.c.source_id,
            member.c.store_key,
            member_version.c.code,
            member_version.c.number,
        )
        .join(member_version, member_version.c.id == member.c.version_id)
        .where(member.c.id.in_(member_ids))
    )
    return {row.id: row for row in rows}


def _member_code(row: AnyRow) -> str:
    """What a code is bound to, as an import binds it."""
    return str(row.code or row.number or row.store_key)
