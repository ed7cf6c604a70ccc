"""What everything that is shown about one person shares: words for states, formats for times and chances."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime

from eccube_sync.clock import TOKYO, from_database
from eccube_sync.i18n import _, mark
from eccube_sync.linkage.explain import WORDS, Reason
from eccube_sync.membership.facts import STORE
from eccube_sync.report import Listing
from eccube_sync.settings import Settings

METHODS: Mapping[str, str] = {
    "match": mark("matching"),
    "link_code": mark("link code"),
    "card": mark("card number"),
    "review": mark("a reviewer"),
    "manual": mark("a person"),
    "issued": mark("issued by the shop"),
}
PROOFS: Mapping[str, str] = {
    "link_code": mark("by a link code"),
    "card": mark("by the card and a second fact"),
    "answer": mark("by an answer on my page"),
    "review": mark("by a person"),
}
CUSTOMER_STATES: Mapping[str, str] = {
    "full": mark("registered"),
    "provisional": mark("registration not confirmed yet"),
    "withdrawn": mark("withdrawn"),
    "vanished": mark("no longer in EC-CUBE"),
    "replaced": mark("the id belongs to somebody else now"),
    "unknown": mark("in a state this program does not know"),
}
CASE_STATES: Mapping[str, str] = {
    "open": mark("open"),
    "same": mark("the same person"),
    "different": mark("different people"),
    "hold": mark("put on hold"),
    "closed": mark("closed"),
}
CLAIM_STATES: Mapping[str, str] = {
    "pending": mark("not looked at yet"),
    "waiting_for_store": mark("waiting for store data"),
    "accepted": mark("accepted"),
    "refused": mark("refused"),
    "conflict": mark("in conflict, a person is asked"),
    "undone": mark("taken back"),
}
PROJECTION_STATES: Mapping[str, str] = {
    "pending": mark("to be written"),
    "done": mark("written"),
    "drift": mark("changed by somebody else"),
    "gone": mark("no longer in EC-CUBE"),
}
ENDINGS: Mapping[str, str] = {
    "code_reused": mark("the member's code was given to another person"),
    "other_identity": mark("the customer id belongs to somebody else now"),
    "customer_vanished": mark("the customer is no longer in EC-CUBE"),
    "customer_withdrawn": mark("the customer has withdrawn"),
    "customer_gone": mark("the customer has withdrawn or vanished"),
    "decided_different": mark("a person decided that they are different people"),
    "moved": mark("the link went on to the member's next card"),
    "stronger_claim": mark("another link was proven"),
    "no_longer_in_question": mark("the question does not arise any more"),
    "linked_by_code": mark("a code answered the question"),
    "replaced": mark("another override took its place"),
    "ended_by_person": mark("a person ended it"),
    "undo": mark("its run was undone"),
    "import_undone": mark("the import of the member was undone"),
}
"""Why a link, a case or an override ended."""


def in_words(table: Mapping[str, str], key: str | None) -> str:
    """A key of our vocabulary in the user's language; "" for none."""
    return _(table[key]) if key and key in table else key or ""


def tokyo(stored: datetime | None) -> str | None:
    """A stored moment as the shop's clocks show it, to the minute."""
    return f"{from_database(stored).astimezone(TOKYO):%Y-%m-%d %H:%M}" if stored else None


def chance(probability: float | None) -> str:
    """A probability in percent; never 0 or 100, which a score cannot know."""
    if probability is None:
        return ""
    if probability > 0.9999:
        return "> 99.99 %"
    return "< 0.01 %" if probability < 0.0001 else f"{100 * probability:.2f} %"


def class_label(settings: Settings, membership_class: str | None) -> str:
    """A class by the name the shop gave it; "" for none."""
    if membership_class is None:
        return ""
    names = settings.membership
    return names.label_store if membership_class == STORE else names.label_ec_only


def stored_reasons(reasons: str | None) -> list[Reason]:
    """Reasons as links and cases keep them."""
    return [Reason(code, float(bits)) for code, bits in json.loads(reasons or "[]")]


def evidence(title: str, reasons: Sequence[Reason]) -> Listing:
    """Facts with what each contributes."""
    rows = [(in_words(WORDS, reason.code), f"{reason.bits:+.2f}") for reason in reasons]
    return Listing(title, (_("fact"), _("bits")), list(rows))
