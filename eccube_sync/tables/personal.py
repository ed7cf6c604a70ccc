"""What in our tables says something about a person, whose it is, and what stands there once the person is forgotten.

A table that gets a personal column gets a line here; a test looks for a forgotten person in every table and file.
The journal needs none: it holds ids and words of ours.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Column, ColumnElement, Table, select

from eccube_sync.tables.cases import review_case, review_decision
from eccube_sync.tables.codes import claim
from eccube_sync.tables.customers import class_override, customer
from eccube_sync.tables.inbox import card_state
from eccube_sync.tables.later import consent
from eccube_sync.tables.links import link, match_key, scored_pair, undone_pair
from eccube_sync.tables.matching import CUSTOMER, MEMBER
from eccube_sync.tables.members import member, member_code, member_version, record_columns, staged_member
from eccube_sync.tables.notices import notice, suspended_address

FORGOTTEN = "forgotten"
KEPT_OF_A_VERSION = frozenset({"unlimited", "status"})
"""Columns of a version that are about the membership alone and may not be empty."""


@dataclass(frozen=True, slots=True)
class Personal:
    """Rows of one table about a customer, or a member: those whose ``owner`` is theirs.

    Without ``blank`` the rows themselves go: they are working data that nothing refers to.
    """

    table: Table
    owner: Column[Any] | ColumnElement[Any]
    blank: Mapping[str, Any] = field(default_factory=dict)
    and_where: tuple[ColumnElement[bool], ...] = ()


def _blank_version() -> dict[str, Any]:
    return {
        column.name: None if column.nullable else ""
        for column in record_columns()
        if column.name not in KEPT_OF_A_VERSION
    }


BLANK_VERSION = _blank_version() | {"pin_hash": ""}
BLANK_CLAIM: Mapping[str, Any] = {"card_number": "", "fact_hashes": "", "origin_hash": None}
BLANK_MEMBER: Mapping[str, Any] = {"content_hash": "", "fingerprint": "", "row_digest": None}
BLANK_NOTICE: Mapping[str, Any] = {"recipient": None, "message": None}


def _of_case(owner: Column[Any]) -> ColumnElement[Any]:
    """Whose case a decision is about."""
    return select(owner).where(review_case.c.id == review_decision.c.case_id).scalar_subquery()


def _of_claim() -> ColumnElement[Any]:
    """Whose claim it is by EC-CUBE's id, before it was decided."""
    of_now = select(customer.c.id).where(customer.c.eccube_id == claim.c.eccube_id, customer.c.current == 1)
    return of_now.scalar_subquery()


def _of_notice(owner: Column[Any]) -> ColumnElement[Any]:
    """Whose mail an address was suspended for."""
    return select(owner).where(notice.c.id == suspended_address.c.notice_id).scalar_subquery()


OF_CUSTOMERS: tuple[Personal, ...] = (
    Personal(customer, customer.c.id, {"fingerprint": "", "row_digest": None}),
    Personal(class_override, class_override.c.customer_id, {"reason": FORGOTTEN}),
    Personal(suspended_address, _of_notice(notice.c.customer_id)),
    Personal(notice, notice.c.customer_id, BLANK_NOTICE),
    Personal(review_decision, _of_case(review_case.c.customer_id), {"note": ""}),
    Personal(review_case, review_case.c.customer_id, {"customer_fingerprint": ""}),
    Personal(undone_pair, undone_pair.c.customer_id),
    Personal(scored_pair, scored_pair.c.customer_id),
    Personal(match_key, match_key.c.subject_id, and_where=(match_key.c.side == CUSTOMER,)),
    Personal(card_state, card_state.c.customer_id),
    Personal(claim, claim.c.customer_id, BLANK_CLAIM),
    Personal(claim, _of_claim(), BLANK_CLAIM),
    Personal(link, link.c.customer_id, {"note": None}),
)

OF_MEMBERS: tuple[Personal, ...] = (
    Personal(member_version, member_version.c.member_id, BLANK_VERSION),
    Personal(member_code, member_code.c.member_id, {"code": ""}),
    Personal(staged_member, staged_member.c.member_id),
    Personal(suspended_address, _of_notice(notice.c.member_id)),
    Personal(notice, notice.c.member_id, BLANK_NOTICE),
    Personal(review_decision, _of_case(review_case.c.member_id), {"note": ""}),
    Personal(review_case, review_case.c.member_id, {"member_fingerprint": ""}),
    Personal(consent, consent.c.member_id, {"statement": ""}),
    Personal(undone_pair, undone_pair.c.member_id),
    Personal(scored_pair, scored_pair.c.member_id),
    Personal(match_key, match_key.c.subject_id, and_where=(match_key.c.side == MEMBER,)),
    Personal(claim, claim.c.member_id, BLANK_CLAIM),
    Personal(link, link.c.member_id, {"note": None}),
    Personal(member, member.c.id, BLANK_MEMBER),
)
