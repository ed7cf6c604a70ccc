"""What everything that is shown about one person shares: words for states, formats for times and chances."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from datetime import datetime

from eccube_sync.clock import TOKYO, from_database
from eccube_sync.i18n import _, mark
from eccube_sync.linkage.explain import WORDS, Reason
from eccube_sync.membership.facts import STORE
from eccube_sync.report import Listing, Word
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
STAGE_WORDS: Mapping[str, str] = {
    "import": mark("import"),
    "decisions": mark("decisions"),
    "classify": mark("classify"),
    "expire": mark("expire"),
    "project": mark("project"),
    "cases": mark("cases"),
    "summary": mark("summary"),
    "notify": mark("notify"),
}
"""The stages of a night; in English as the configuration has them."""
DECISIONS: Mapping[str, str] = {
    "link": mark("link"),
    "move": mark("move the link"),
    "case": mark("ask a person"),
}
"""What a classification does about a pair."""
KINDS: Mapping[str, str] = {
    "clear": mark("clearly the same person"),
    "held": mark("linked already"),
    "sample": mark("spot check of a link by matching"),
    "held_contradicted": mark("linked, but the data now contradict"),
    "successor": mark("another card of the same person"),
    "uncertain": mark("not certain enough"),
    "contradiction": mark("given name or birth date contradicts"),
    "name_only": mark("only the name agrees"),
    "tie": mark("several people fit about equally well"),
    "several_accounts": mark("the member has another account"),
    "second_fact": mark("the code or card fits, the second fact does not"),
    "claim_conflict": mark("a code or card contradicts a person's decision"),
    "claimed_twice": mark("another account proved this member before"),
    "lost_card_claim": mark("a lost, replaced or merged card was typed"),
    "unlinked": mark("a person ended their link"),
    "asked_again": mark("a person asked again"),
    "missing_member": mark("the member is missing from the store's files"),
    "reused_code": mark("the member's code was given to another person"),
    "identity_changed": mark("the customer id belongs to somebody else now"),
    "replacement_card": mark("the card was reported lost"),
    "merged_into_whom": mark("the member was merged into another one"),
}
"""Why a pair is linked, or what a case is about, in a few words; the questions in full are the review file's."""
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
    "linked_by_code": mark("a code or card answered the question"),
    "linked_by_hand": mark("a person linked them"),
    "other_link_by_manual": mark("a person linked one of both otherwise"),
    "other_link_by_review": mark("a reviewer decided otherwise about one of both"),
    "neighbour_is_same": mark("the customer was found to be another member"),
    "dealt_with": mark("a person dealt with it"),
    "replaced": mark("another override took its place"),
    "ended_by_person": mark("a person ended it"),
    "undo": mark("its run was undone"),
    "forgotten": mark("the person was forgotten"),
    "import_undone": mark("the import of the member was undone"),
}
"""Why a link, a case or an override ended."""
EXCEPTIONS: Mapping[str, str] = {"override": mark("override"), "hold": mark("hold after an undo")}
"""The kinds of exceptions to the computed class."""
ADOPTED: Mapping[str, str] = {"adopted_from_eccube": mark("the value stood in EC-CUBE")}
"""The reason of an override that nobody wrote."""
_UNDONE = re.compile(r"run (\d+)")


def in_words(table: Mapping[str, str], key: str | None) -> str:
    """A key of our vocabulary in the user's language; "" for none."""
    return _(table[key]) if key and key in table else key or ""


def word(table: Mapping[str, str], key: str | None) -> Word | None:
    """The same for a cell of which programs read the key."""
    return None if key is None else Word(in_words(table, key), key)


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


def class_word(settings: Settings, membership_class: str | None) -> Word | None:
    """The same for a cell of which programs read ``store`` or ``ec_only``."""
    return (
        None if membership_class is None else Word(class_label(settings, membership_class), membership_class)
    )


def override_reason(stored: str) -> Word:
    """Why there is an override or a hold: what the person wrote, or what the program wrote in its place."""
    if undone := _UNDONE.fullmatch(stored):
        return Word(_("run {run} was undone").format(run=undone[1]), stored)
    return Word(in_words(ADOPTED, stored), stored)


def stored_reasons(reasons: str | None) -> list[Reason]:
    """Reasons as links and cases keep them."""
    return [Reason(code, float(bits)) for code, bits in json.loads(reasons or "[]")]


def evidence(title: str, reasons: Sequence[Reason]) -> Listing:
    """Facts with what each contributes."""
    rows = [(in_words(WORDS, reason.code), f"{reason.bits:+.2f}") for reason in reasons]
    return Listing(title, (_("fact"), _("bits")), list(rows))
