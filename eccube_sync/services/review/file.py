"""The review file's columns, questions and decision words, the same for writing and for reading."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from eccube_sync.csvfile import normalise_header
from eccube_sync.i18n import _, mark
from eccube_sync.membership.classes import CASE_KINDS
from eccube_sync.services.review.answering import Decision
from eccube_sync.services.review.casing import ASKED_AGAIN

NAME_ONLY = "name_only"

Side = Literal["", "customer", "member"]


def written_by(kind: str) -> str:
    """The command that writes the file in which a case of this kind stands."""
    return "eccube-sync review export" + (" --name-only" if kind == NAME_ONLY else "")


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its key, its title, whose data it shows, and its width in half-width characters."""

    key: str
    title: str
    width: int
    side: Side = ""

    def shown(self) -> str:
        """The title in the user's language."""
        if self.side == "customer":
            return _("{title} (web shop)").format(title=_(self.title))
        if self.side == "member":
            return _("{title} (store)").format(title=_(self.title))
        return _(self.title)


COMPARED: Mapping[str, tuple[str, int]] = {
    "name": (mark("Name"), 16),
    "kana": (mark("Kana"), 20),
    "postal_code": (mark("Postal code"), 11),
    "address": (mark("Address"), 36),
    "phone": (mark("Phone"), 16),
    "email": (mark("E-mail"), 28),
    "birth_date": (mark("Birth date"), 12),
}
"""What both sides have: title and width. The two columns stand next to each other."""

FILLED = (
    Column("decision", mark("Decision"), 10),
    Column("note", mark("Reason or memo"), 22),
    Column("reviewer", mark("Reviewer"), 12),
)
"""The columns a person fills in."""

KEYS = (Column("case", mark("ID"), 11), Column("token", mark("Token"), 12))
"""What ties a row to its case; nobody needs to read these."""

COLUMNS: tuple[Column, ...] = (
    *FILLED,
    *KEYS,
    Column("question", mark("Question"), 30),
    *(
        Column(f"{side}_{key}", title, width, side)
        for key, (title, width) in COMPARED.items()
        for side in ("customer", "member")
    ),
    Column("eccube_id", mark("EC-CUBE customer ID"), 12, "customer"),
    Column("orders", mark("Orders in the last 365 days"), 10, "customer"),
    Column("code", mark("Member code"), 16, "member"),
    Column("status", mark("Status"), 10, "member"),
    Column("end_date", mark("End date"), 12, "member"),
    Column("rank", mark("Rank"), 12, "member"),
    Column("store", mark("Branch"), 16, "member"),
    Column("differences", mark("What differs"), 24),
    Column("reasons", mark("What speaks for and against it"), 44),
    Column("probability", mark("Probability"), 10),
)

READ: Mapping[str, tuple[str, ...]] = {
    "decision": ("判定", "決定", "Decision"),
    "note": ("理由・メモ", "理由/メモ", "理由", "メモ", "備考", "Reason or memo", "Memo", "Note"),
    "reviewer": ("確認者", "担当者", "担当", "Reviewer"),
    "case": ("ID", "確認ID", "Case"),
    "token": ("トークン", "照合キー", "Token"),
}
"""The only columns that are read back, by the headers they may have in any language."""

NEEDED = ("decision", "case", "token")

QUESTIONS: Mapping[str, str] = {
    "uncertain": mark("Are these the same person?"),
    "contradiction": mark("Much agrees, but the given name or the birth date differs. The same person?"),
    NAME_ONLY: mark("Only the name agrees. The same person?"),
    "tie": mark("Several people fit about equally well. Is it this one?"),
    "several_accounts": mark(
        "The member has another account in the web shop already. Is this one theirs too? It is linked as well only "
        "where more accounts are allowed (accounts_per_member); otherwise the answer is just noted."
    ),
    "sample": mark("They were linked by matching; this is a spot check. Are they the same person?"),
    "held_contradicted": mark("They are linked, but their data now contradict. Still the same person?"),
    "successor": mark(
        "The linked card can no longer be used (lost, merged or withdrawn). Is this the person's new card? If so, "
        "the link moves to it."
    ),
    "second_fact": mark(
        "The customer entered this member's code or card, but the second fact did not agree. The same person? "
        "Ask the customer what the store's record should say."
    ),
    "claim_conflict": mark(
        "The customer entered this member's code or card, but a person decided otherwise before. The same after all?"
    ),
    "claimed_twice": mark(
        "The customer entered the code or card of a member whom another account proved before. A shared family card, "
        "a second account, or somebody else's card? To give it to this account, have the other link ended first "
        "(customers unlink) or more accounts allowed (accounts_per_member)."
    ),
    "lost_card_claim": mark(
        "The customer entered a card that was reported lost, replaced or merged, and the second fact agreed. Check an "
        "identity card or ask the store first: whoever found the card may know the birth date."
    ),
    "unlinked": mark("A person ended the link of these two. Are they the same person?"),
    ASKED_AGAIN: mark("A person wants this to be looked at again. Are these the same person?"),
    "missing_member": mark(
        "The linked member is missing from the store's files. The link and the class stay. Ask the store: if the "
        "person has left, have the link ended (customers unlink); then choose Dealt with."
    ),
    "reused_code": mark(
        "The store gave the linked member's code to another person, so the link ended. If this customer is still a "
        "member, have the new card linked (customers link) or hand out a link code; then choose Dealt with."
    ),
    "identity_changed": mark(
        "The customer ID belongs to another person now (an account was deleted and its number used again), so the "
        "link ended. Nothing need be done unless the member asks; then choose Dealt with."
    ),
    **CASE_KINDS,
}
"""Kind of case → the question in words."""


def question(kind: str) -> str:
    """The question of a case in the user's language."""
    return _(QUESTIONS[kind]) if kind in QUESTIONS else kind


WORDS: Mapping[Decision, str] = {
    "same": mark("Same person"),
    "different": mark("Different people"),
    "hold": mark("Later"),
    "done": mark("Dealt with"),
}
"""What the drop-down offers: the first three for a pair, the last two for a question about one side."""

PAIR_DECISIONS: tuple[Decision, ...] = ("same", "different", "hold")
SINGLE_DECISIONS: tuple[Decision, ...] = ("done", "hold")

# ○ and × are not here: whether they answer "the same?" or "checked?" cannot be told, and a link must not hang on it.
SYNONYMS: Mapping[Decision, tuple[str, ...]] = {
    "same": ("同一", "同じ", "同一人物", "同一人", "同じ人", "本人", "same", "same person"),
    "different": ("別人", "別", "別の人", "他人", "違う", "違う人", "different", "different people"),
    "hold": ("保留", "あとで", "後で", "後日", "hold", "later"),
    "done": ("対応済み", "対応済", "確認済み", "確認済", "済み", "済", "done", "dealt with"),
}


def decision_of(text: str) -> Decision | None:
    """The decision a word means, however it is spaced or widened; None when it is no decision word."""
    wanted = _folded(text)
    for decision, words in SYNONYMS.items():
        if wanted in {_folded(word) for word in (*words, _(WORDS[decision]))}:
            return decision
    return None


def _folded(text: str) -> str:
    return "".join(unicodedata.normalize("NFKC", text).split()).rstrip("。.").casefold()


def read_columns(header: list[str]) -> dict[str, int] | None:
    """Key → position of the columns that are read back; None when a needed one is missing."""
    positions = {normalise_header(title): position for position, title in reversed(list(enumerate(header)))}
    titles = {column.key: column.title for column in (*FILLED, *KEYS)}
    found: dict[str, int] = {}
    for key, aliases in READ.items():
        for alias in (_(titles[key]), *aliases):
            position = positions.get(normalise_header(alias))
            if position is not None:
                found[key] = position
                break
    return found if all(key in found for key in NEEDED) else None
