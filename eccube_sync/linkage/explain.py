"""Why a pair has its score: bits by field, and one sentence without anybody's data in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from eccube_sync.i18n import _, mark
from eccube_sync.linkage.model import Model, without_shared
from eccube_sync.linkage.score import compare, field_bits
from eccube_sync.matchers import MATCHERS, Prepared, Rows

HOUSEHOLD = "household"


@dataclass(frozen=True, slots=True)
class Reason:
    """One fact about a pair: its code (``<field>.<level>`` or ``household``) and what it adds, in bits."""

    code: str
    bits: float


WORDS: Mapping[str, str] = {
    "family_name.different": mark("different family name"),
    "family_name.similar": mark("similar family name"),
    "family_name.one_letter_off": mark("family name differs by one slip"),
    "family_name.written_differently": mark("family name read the same but written differently"),
    "family_name.read_differently": mark("family name written the same but read differently"),
    "family_name.same_reading": mark("family name read the same"),
    "family_name.same": mark("same family name"),
    "family_name.swapped": mark("family and given name exchanged"),
    "given_name.different": mark("different given name"),
    "given_name.similar": mark("similar given name"),
    "given_name.one_letter_off": mark("given name differs by one slip"),
    "given_name.written_differently": mark("given name read the same but written differently"),
    "given_name.read_differently": mark("given name written the same but read differently"),
    "given_name.same_reading": mark("given name read the same"),
    "given_name.same": mark("same given name"),
    "given_name.swapped": mark("given and family name exchanged"),
    "birth_date.different": mark("different birth date"),
    "birth_date.two_parts": mark("birth date differs in year, month or day only"),
    "birth_date.transposed": mark("month and day of birth exchanged"),
    "birth_date.same": mark("same birth date"),
    "mobile.different": mark("different mobile number"),
    "mobile.one_digit_off": mark("mobile number differs by one slip"),
    "mobile.same": mark("same mobile number"),
    "landline.different": mark("different landline number"),
    "landline.one_digit_off": mark("landline number differs by one slip"),
    "landline.same": mark("same landline number"),
    "email.different": mark("different e-mail address"),
    "email.one_letter_off": mark("e-mail address differs by one slip"),
    "email.same_mailbox": mark("e-mail address the same up to the @"),
    "email.same": mark("same e-mail address"),
    "address.different": mark("different address"),
    "address.same_town": mark("same town"),
    "address.same_block": mark("same block"),
    "address.same_house": mark("same house"),
    HOUSEHOLD: mark("a household shares some of this, so it counts less"),
}
"""Every reason in words; a test holds them together with the matchers' levels."""

_WORTH_SAYING = 0.5  # bits


def explain_pair(model: Model, left: Prepared, right: Prepared, i: int, j: int) -> list[Reason]:
    """The facts of one pair, most telling first; their bits add up to the score. Silent fields are left out."""
    return explain_pairs(model, left, right, np.array([i]), np.array([j]))[0]


def explain_pairs(model: Model, left: Prepared, right: Prepared, i: Rows, j: Rows) -> list[list[Reason]]:
    """``explain_pair`` for many pairs (``left`` row ``i[k]``, ``right`` row ``j[k]``), in their order."""
    left, right = without_shared(model, left), without_shared(model, right)
    levels = compare(left, right, i, j)
    fields, household = field_bits(model, left, right, i, j, levels)
    columns = (levels.tolist(), np.round(fields, 2).tolist(), np.round(household, 2).tolist())
    return [_reasons(*row) for row in zip(*columns, strict=True)]


def _reasons(levels: list[int], bits: list[float], shared: float) -> list[Reason]:
    reasons = [
        Reason(f"{field}.{matcher.levels[level].name}", worth)
        for (field, matcher), level, worth in zip(MATCHERS.items(), levels, bits, strict=True)
        if level
    ]
    reasons.sort(key=lambda reason: (-abs(reason.bits), reason.code))
    return [*reasons, Reason(HOUSEHOLD, shared)] if shared <= -_WORTH_SAYING else reasons


def sentence(reasons: Sequence[Reason]) -> str:
    """One sentence in the user's language: what speaks for the pair, then what against it."""
    supporting = [_(WORDS[reason.code]) for reason in reasons if reason.bits > 0]
    opposing = [_(WORDS[reason.code]) for reason in reasons if reason.bits <= 0]
    parts = [_(", ").join(words) for words in (supporting, opposing) if words]
    if not parts:
        return _("Nothing that could be compared.")
    text = _("; ").join(parts)
    return _("{facts}.").format(facts=text[:1].upper() + text[1:])
