"""A model in words: what each level of each field is worth."""

from __future__ import annotations

from eccube_sync.i18n import _
from eccube_sync.linkage.explain import WORDS
from eccube_sync.linkage.model import Model
from eccube_sync.linkage.quality import Worth, worths
from eccube_sync.report import Listing


def words_of(one: Worth) -> str:
    """The level of a field in words; its bare name where no explanation ever mentions it."""
    words = WORDS.get(f"{one.field}.{one.level}")
    return _(words) if words else one.level


def weights_listing(model: Model, before: Model | None = None) -> Listing:
    """Every level in bits against a stranger and a relative; with ``before``, also what it was worth there."""
    columns = (_("fact"), _("share among records of one person"), _("bits"), _("bits against a relative"))
    listing = Listing(_("What each fact is worth"), (*columns, _("bits before")) if before else columns)
    known = {(one.field, one.level): one.against_stranger for one in worths(before)} if before else {}
    for one in worths(model):
        row = (
            words_of(one),
            f"{one.match:.2%}",
            f"{one.against_stranger:+.1f}",
            f"{one.against_relative:+.1f}",
        )
        listing.rows.append((*row, f"{known[one.field, one.level]:+.1f}") if before else row)
    return listing
