"""What a customer's card says: to the customer only what was proven, to the shop's staff how it came about."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection
from stdnum import ean

from eccube_sync.db import AnyRow
from eccube_sync.i18n import _
from eccube_sync.linkage.explain import WORDS
from eccube_sync.membership.classes import REASONS
from eccube_sync.membership.facts import EC_ONLY
from eccube_sync.projections.plugin import Card
from eccube_sync.services.claims.words import REASONS as CLAIM_REASONS
from eccube_sync.services.customers.showing import (
    CLAIM_STATES,
    METHODS,
    PROOFS,
    chance,
    class_label,
    in_words,
    override_reason,
    stored_reasons,
    tokyo,
)
from eccube_sync.services.matching.nearest import nearest_members
from eccube_sync.services.projection.plugincardfacts import CardFacts, gather_cards
from eccube_sync.services.review.file import question
from eccube_sync.settings import Settings

VERSION = 1
SHOWN_ROWS = 10
"""So many rows of the inbox, of the history and of claims a card names."""

_REFUSED = frozenset({"refused", "conflict", "undone"})
_EAN13 = re.compile(r"\d{13}")


def cards_of(
    settings: Settings, connection: Connection, customer_ids: Sequence[int], *, nearest: bool = False
) -> list[Card]:
    """The cards of these customers; those of whom there is nothing to say have none.

    ``nearest`` looks up, for customers without a link, the members most like them; that takes a while for each.
    """
    cards = []
    for facts in gather_cards(connection, customer_ids):
        members = _nearest(settings, connection, facts) if nearest and facts.link is None else []
        if members or not facts.empty:
            cards.append(_card(settings, facts, members))
    return cards


def _card(settings: Settings, facts: CardFacts, members: Sequence[dict[str, str]]) -> Card:
    state = _state(facts)
    front = _as_json(_front(settings, facts, state))
    panel = _as_json(_panel(settings, facts) | {"nearest": members})
    digest = hashlib.sha256(f"{state}\n{front}\n{panel}".encode()).hexdigest()
    return Card(facts.row.eccube_id, state, front, panel, digest)


def _as_json(content: dict[str, Any]) -> str:
    return json.dumps(content, ensure_ascii=False, separators=(",", ":"))


# --- for the customer --------------------------------------------------------------------------------------


def _state(facts: CardFacts) -> str:
    """What the customer is told. Every failure is told in one way, which reveals nothing about anybody."""
    if facts.link is not None:
        return "linked" if facts.link.proven_by else "question"
    newest = facts.claims[0].state if facts.claims else ""
    if newest == "waiting_for_store":
        return "waiting_for_store"
    return "not_confirmed" if newest in _REFUSED else "not_linked"


def _front(settings: Settings, facts: CardFacts, state: str) -> dict[str, Any]:
    membership_class = facts.membership.membership_class if facts.membership else EC_ONLY
    front = {
        "v": VERSION,
        "class": membership_class,
        "label": class_label(settings, membership_class),
        "state": state,
        "proven": state == "linked",
        "inbox": _inbox(facts),
    }
    if state == "question" and facts.link is not None:
        front["questions"] = _questions(facts.link)
    if state == "linked" and facts.link is not None:
        front |= _proven(facts, facts.link)
    return front


def _inbox(facts: CardFacts) -> dict[str, str]:
    """Row key → what became of what the customer typed."""
    states = {one.claim_key: one.state for one in facts.claims}
    return {row.row_key: _told(states.get(row.row_key), row.state) for row in facts.inbox[:SHOWN_ROWS]}


def _told(claim_state: str | None, row_state: str) -> str:
    if row_state == "refused" or claim_state in _REFUSED:
        return "not_confirmed"
    return claim_state if claim_state in {"accepted", "waiting_for_store"} else "received"


def _questions(link: AnyRow) -> list[str]:
    """Facts of the store's record that a customer with a guessed link may be asked for."""
    questions = []
    if link.birth_date is not None:
        questions.append("birth_date")
    if link.phone or link.mobile:
        questions.append("phone_last4")
    return questions


def _proven(facts: CardFacts, link: AnyRow) -> dict[str, Any]:
    """What is shown of the store's record after proof only (DESIGN §3.8)."""
    number = link.code or link.store_key
    membership = facts.membership
    until = membership.valid_through if membership else None
    return {
        "number": number,
        "symbology": "ean13" if _EAN13.fullmatch(number) and ean.is_valid(number) else "code128",
        "valid_through": until.isoformat() if until else None,
        "unlimited": bool(membership and membership.reason == "unlimited"),
        "points": link.points,
        "rank": link.rank_name or None,
        "source": link.source_key,
    }


# --- for the shop's staff ----------------------------------------------------------------------------------


def _panel(settings: Settings, facts: CardFacts) -> dict[str, Any]:
    exception, case = facts.exception, facts.case
    return {
        "v": VERSION,
        "link": _link_lines(facts),
        "reasons": _reasons(facts.link),
        "history": [_history_line(settings, row) for row in facts.history[:SHOWN_ROWS]],
        "claims": [_claim_line(row) for row in facts.claims[:SHOWN_ROWS]],
        "exception": _exception(settings, exception) if exception is not None else None,
        "case": case.public_id if case is not None else None,
        "next": question(case.kind) if case is not None else None,
    }


def _nearest(settings: Settings, connection: Connection, facts: CardFacts) -> list[dict[str, str]]:
    listing = nearest_members(settings, connection, facts.row, unmasked=False)
    found = []
    for code, _source, *person, _chance, missing, step in listing.rows:
        masked = " ".join(str(cell) for cell in person if cell)
        found.append({"member": str(code), "masked": masked, "missing": str(missing), "next": str(step)})
    return found


def _link_lines(facts: CardFacts) -> list[dict[str, str]]:
    lines: list[tuple[str, str | None]] = []
    if facts.membership is not None:
        lines.append((_("because"), in_words(REASONS, facts.membership.reason)))
    if (link := facts.link) is not None:
        lines += [
            (_("member"), link.code or link.store_key),
            (_("source"), link.source_name),
            (_("method"), in_words(METHODS, link.method)),
            (_("proven"), in_words(PROOFS, link.proven_by) or _("no")),
            (_("since"), tokyo(link.created_at)),
            (_("probability"), chance(link.probability)),
        ]
    if facts.membership is not None and facts.membership.valid_through is not None:
        lines.append((_("valid through"), facts.membership.valid_through.isoformat()))
    return [{"label": label, "value": value} for label, value in lines if value]


def _reasons(link: AnyRow | None) -> list[str]:
    return [] if link is None else [in_words(WORDS, one.code) for one in stored_reasons(link.reasons)]


def _history_line(settings: Settings, row: AnyRow) -> dict[str, str | None]:
    text = _("{label}: {reason}").format(
        label=class_label(settings, row.new_value), reason=in_words(REASONS, row.reason)
    )
    return {"at": tokyo(row.created_at), "text": text}


def _claim_line(row: AnyRow) -> dict[str, str | None]:
    state, reason = in_words(CLAIM_STATES, row.state), in_words(CLAIM_REASONS, row.reason)
    text = f"{in_words(METHODS, row.kind)}: {state}"
    return {"at": tokyo(row.received_at), "text": f"{text} ({reason})" if reason else text}


def _exception(settings: Settings, row: AnyRow) -> str:
    until = row.until.isoformat() if row.until else _("further notice")
    return _("{label} until {until} ({reason})").format(
        label=class_label(settings, row.membership_class), until=until, reason=override_reason(row.reason)
    )
