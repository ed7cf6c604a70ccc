"""Kinds, states and reasons of the outbox in words."""

from __future__ import annotations

from collections.abc import Mapping

from eccube_sync import mailmessage, notices
from eccube_sync.i18n import mark
from eccube_sync.maildelivery import NOTES
from eccube_sync.services.customers.showing import in_words

KINDS: Mapping[str, str] = {
    "expiring": mark("the membership ends soon"),
    "expired": mark("the membership has ended"),
    "restored": mark("the membership is back"),
    "linked": mark("the accounts were linked"),
    "card_linked": mark("a card was entered (to the store's address)"),
    "correction": mark("a correction"),
    "invite": mark("an invitation with a link code (to the store's address)"),
}

STATES: Mapping[str, str] = {
    "queued": mark("queued"),
    "claimed": mark("being sent"),
    "dot": mark("being handed over"),
    "sent": mark("sent"),
    "failed": mark("failed"),
    "in_doubt": mark("in doubt"),
    "cancelled": mark("cancelled"),
    "baseline": mark("recorded, not mailed"),
}

REASONS: Mapping[str, str] = {
    **notices.REASONS,
    **NOTES,
    **mailmessage.REASONS,
    "address_suspended": mark(
        "The mail server called this address wrong before, or mails to it came back. Mend it in EC-CUBE."
    ),
    "address_shared": mark("Several of the members have the same address."),
    "invited_before": mark("The member was invited before."),
    "assumed_sent": mark("A person took it for sent."),
    "forgotten": mark("The person was forgotten."),
    "baseline_run": mark("The event belongs to a first classification, or to a changed policy or model."),
    "customer_vanished": mark("The customer is no longer in EC-CUBE."),
    "customer_withdrawn": mark("The customer has withdrawn."),
    "failures_in_a_row": mark("Ten mails in a row failed, so sending was stopped. Check the mail server."),
    "failures_share": mark("Too many mails failed, so sending was stopped. Check the mail server."),
    "in_journal": mark(
        "The journal outside the database says that this mail left; the database was restored."
    ),
    "interrupted": mark("The program was stopped while sending."),
    "kind_switched_off": mark("This kind of mail is switched off."),
    "no_mail_server": mark("No mail server was configured at the time."),
    "returned_hard": mark("The mail came back: there is no such mailbox. Mend the address."),
    "returned_soft": mark("The mail came back; the mailbox may be full or its server away."),
    "returned_other": mark("The mail came back, refused by a rule of the other server."),
    "resend": mark("A person wants it sent again."),
    "undo": mark("Its run was undone before it left."),
    "too_old": mark("The event is too old to mail about."),
    "waiting_for_projection": mark("EC-CUBE does not show the class yet."),
}


def state_words(state: str) -> str:
    """A state in the user's language."""
    return in_words(STATES, state)


def reason_words(reason: str | None) -> str:
    """A reason in the user's language; "" for none."""
    return in_words(REASONS, reason)
