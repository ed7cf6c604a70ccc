"""Who may be invited by mail, and why others may not; asked when invitations are planned and before each one leaves."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from sqlalchemy import Connection, select

from eccube_sync.clock import from_database
from eccube_sync.db import AnyRow
from eccube_sync.membership.classes import class_of
from eccube_sync.membership.facts import STORE
from eccube_sync.membership.policies import SourcePolicy
from eccube_sync.services.classes.classing import SourceFacts, member_facts
from eccube_sync.services.classes.policies import class_settings, source_policy
from eccube_sync.services.codes.coding import ALIVE
from eccube_sync.services.notices.consents import agreed
from eccube_sync.services.notices.outboxrows import first_address, members_of
from eccube_sync.settings import Settings
from eccube_sync.tables import classes
from eccube_sync.tables.codes import link_code
from eccube_sync.tables.links import link


def refusals(
    settings: Settings, connection: Connection, member_ids: Sequence[int], today: date
) -> dict[int, str | None]:
    """Member id → why this member must not be invited (a key of the notices' reasons), None when all is well.

    At most 1,000 members; consent apart, which ``without_consent`` asks for. Part of a read-only stretch.
    """
    linked = set(
        connection.execute(
            select(link.c.member_id).where(link.c.active == 1, link.c.member_id.in_(member_ids))
        ).scalars()
    )
    current = _current_members(settings, connection, member_ids, today)
    rows = members_of(connection, member_ids)
    return {one: _refusal(one, rows.get(one), linked, current) for one in member_ids}


def _refusal(member_id: int, row: AnyRow | None, linked: set[int], current: set[int]) -> str | None:
    if member_id in linked:
        return "linked_already"
    if row is None or member_id not in current:
        return "not_a_member"
    if row.mail_allowed is False:
        return "store_says_no"
    return None if first_address(row) else "no_address"


def _current_members(
    settings: Settings, connection: Connection, member_ids: Sequence[int], today: date
) -> set[int]:
    """Those whose membership would give a linked customer the class today."""
    policies = {one.key: source_policy(one) for one in settings.sources}
    sources = {
        key: SourceFacts(
            policies.get(row.source_key, SourcePolicy()),
            from_database(row.taken_at) if row.taken_at else None,
        )
        for key, row in classes.sources(connection).items()
    }
    rules = class_settings(settings)
    rows = classes.members_by_id(connection, member_ids)
    return {
        one
        for one, row in rows.items()
        if class_of([member_facts(row, sources[row.source_id])], today, rules).membership_class == STORE
    }


def judge_invitation(settings: Settings, connection: Connection, row: AnyRow, today: date) -> str | None:
    """Why a queued invitation must not leave any more; None when it may."""
    reason = refusals(settings, connection, [row.member_id], today)[row.member_id]
    if reason is not None:
        return reason
    if not agreed(connection, [row.member_id], today):
        return "no_consent"
    code = connection.execute(
        select(link_code.c.id).where(
            link_code.c.id == row.link_code_id, link_code.c.state.in_(ALIVE), link_code.c.expires_on >= today
        )
    ).first()
    return None if code else "code_not_usable"
