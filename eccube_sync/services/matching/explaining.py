"""Why two people are, or are not, taken for one: every field's bits, the prior, the thresholds, the keys."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from sqlalchemy import Connection, or_, select

from eccube_sync.db import AnyRow, reading
from eccube_sync.eccube import GENERATIONS, EccubeCustomer, detect
from eccube_sync.errors import UsageError
from eccube_sync.i18n import _, mark
from eccube_sync.linkage.candidates import KEYS, blocking_keys, shared_kinds
from eccube_sync.linkage.explain import Reason, explain_pair, sentence
from eccube_sync.linkage.model import Model
from eccube_sync.linkage.prepare import prepare
from eccube_sync.linkage.score import Flag, score_pairs
from eccube_sync.matchers import Prepared
from eccube_sync.report import Listing, Report
from eccube_sync.services.customers.showing import METHODS, chance, evidence, in_words
from eccube_sync.services.matching.model import read_model
from eccube_sync.services.matching.people import Ignored, people_of_customers, people_of_members
from eccube_sync.services.members.findmember import find_member
from eccube_sync.services.running import Shop
from eccube_sync.settings import Settings
from eccube_sync.tables import matching
from eccube_sync.tables.customers import customer
from eccube_sync.tables.links import link
from eccube_sync.tables.members import member, member_version

KEY_WORDS = {
    "mobile": mark("mobile number"),
    "landline": mark("landline number"),
    "email": mark("e-mail address"),
    "mailbox": mark("e-mail address up to the @"),
    "full_name": mark("the letters of the whole name"),
    "full_kana": mark("the reading of the whole name"),
    "birth_given": mark("birth date and given name"),
    "birth_given_kana": mark("birth date and reading of the given name"),
    "birth_family": mark("birth date and family name"),
    "birth_family_kana": mark("birth date and reading of the family name"),
    "birth_postal": mark("birth date and postal code"),
    "birth_town": mark("birth date and town"),
    "postal_given": mark("postal code and given name"),
    "postal_given_kana": mark("postal code and reading of the given name"),
    "postal_family": mark("postal code and family name"),
    "postal_family_kana": mark("postal code and reading of the family name"),
    "house_given_kana": mark("house and reading of the given name"),
    "house_family_kana": mark("house and reading of the family name"),
}
"""What two people must have in common, one of these at least, to be compared at all."""

FLAG_WORDS = {
    Flag.GIVEN_DIFFERS: mark("the given name differs"),
    Flag.BIRTH_DIFFERS: mark("the birth date differs"),
    Flag.NAME_ONLY: mark("nothing but the name agrees"),
    Flag.ANY_RELATIVE: mark("the given name does not agree, so it may be anybody of the household"),
    Flag.THIN: mark("fewer than two strong facts agree that one cause seldom brings together"),
}
"""What keeps a machine from linking a pair whatever its probability."""


def flag_words(flags: int) -> str:
    """The flags of a pair in the user's language; "" for none."""
    return _(", ").join(_(text) for flag, text in FLAG_WORDS.items() if flags & flag)


@dataclass(frozen=True, slots=True)
class ExplainedPair:
    """The score of one pair and where it comes from; ``bits`` is the evidence without the prior."""

    bits: float
    probability: float
    flags: int
    reasons: list[Reason]


class Explainer:
    """Explains pairs with the model in force. Made and used inside a read-only stretch."""

    def __init__(self, settings: Settings, connection: Connection, model: Model) -> None:
        self._connection = connection
        self._generation = GENERATIONS[detect(connection)]
        self._ignored = Ignored.of(settings.matching, self._generation.shop(connection))
        self.model = model

    @classmethod
    def of_shop(cls, settings: Settings, connection: Connection) -> Explainer | None:
        """With the model in force; None before the first classification was applied."""
        stored = matching.newest_model(connection)
        return cls(settings, connection, read_model(connection, stored)) if stored else None

    def seen(self, eccube_id: int) -> EccubeCustomer | None:
        """The customer as EC-CUBE has it now."""
        found = self._generation.customers_by_id(self._connection, [eccube_id])
        return found[0] if found else None

    def customer(self, seen: EccubeCustomer) -> Prepared:
        """One customer, normalised."""
        return prepare(people_of_customers([seen.eccube_id], [seen], self._ignored))

    def member(self, member_id: int) -> Prepared:
        """One current member, normalised."""
        return self.members([member_id])

    def members(self, member_ids: Sequence[int]) -> Prepared:
        """Several current members, normalised, by id."""
        return prepare(people_of_members(self._connection, member_ids, self._ignored))

    def pair(self, left: Prepared, right: Prepared) -> ExplainedPair:
        """The score of two single people."""
        row = np.zeros(1, np.int64)
        scores = score_pairs(self.model, left, right, row, row)
        return ExplainedPair(
            float(scores.bits[0]),
            float(scores.probability[0]),
            int(scores.flags[0]),
            explain_pair(self.model, left, right, 0, 0),
        )


def explain_two(
    shop: Shop, connection: Connection, eccube_id: int, member_code: str, source_key: str | None = None
) -> Report:
    """Explain the pair of a customer (EC-CUBE id) and a member (any code), scored now with the model in force.

    Raises ``UsageError`` for a customer or member that does not exist, or before the first classification.
    """
    with reading(connection):
        row = find_member(connection, member_code, source_key)
        explainer = Explainer.of_shop(shop.settings, connection)
        if explainer is None:
            raise UsageError(
                _("No classification was applied yet, so there is no model; run: eccube-sync classify")
            )
        seen = explainer.seen(eccube_id)
        if seen is None:
            raise UsageError(_("EC-CUBE has no customer {id}.").format(id=eccube_id))
        left, right = explainer.customer(seen), explainer.member(row.member_id)
        pair = explainer.pair(left, right)
        notes = [sentence(pair.reasons), _band(explainer.model, pair)]
        notes += _candidates(explainer.model, left, right)
        notes += _standing(connection, seen, row.member_id)
    headline = _("Customer {id} and member {code}: {chance} the same person ({bits:+.1f} bits)").format(
        id=eccube_id, code=row.code or row.store_key, chance=chance(pair.probability), bits=pair.bits
    )
    listings = [_contributions(explainer.model, pair), _thresholds(explainer.model), _keys(left, right)]
    return Report(headline, listings=listings, notes=notes)


def _contributions(model: Model, pair: ExplainedPair) -> Listing:
    listing = evidence(_("What each fact contributes"), pair.reasons)
    # A household's share below half a bit is not worth a reason, but the sum must come out.
    rest = pair.bits - sum(reason.bits for reason in pair.reasons)
    if abs(rest) >= 0.005:
        listing.rows.append((_("what a household shares, and rounding"), f"{rest:+.2f}"))
    listing.rows.append((_("two people drawn at random (the prior)"), f"{model.prior:+.2f}"))
    listing.rows.append((_("together: log2 of the odds"), f"{pair.bits + model.prior:+.2f}"))
    return listing


def _thresholds(model: Model) -> Listing:
    rows = [
        (_("linked by a machine from"), chance(model.link_at)),
        (_("shown to a person from"), chance(model.settings.review_at)),
    ]
    return Listing(
        _("Thresholds of model {number}").format(number=model.number),
        (_("what"), _("probability")),
        list(rows),
    )


def _band(model: Model, pair: ExplainedPair) -> str:
    if pair.probability < model.settings.review_at:
        return _("Too improbable: nobody is asked, and the pair is not kept.")
    if pair.probability < model.link_at:
        text = _("Not probable enough for a machine: a person is asked.")
    elif not pair.flags:
        return _("Probable enough for a machine to link them, unless another pair fits as well.")
    else:
        text = _("Probable enough, but a machine does not link them: a person is asked.")
    words = flag_words(pair.flags)
    return f"{text} ({words})" if words else text


def _keys(left: Prepared, right: Prepared) -> Listing:
    """Every kind of key: who has it, and whether it is the same."""
    ours, theirs = set(shared_kinds(left, left, 0, 0)), set(shared_kinds(right, right, 0, 0))
    shared = set(shared_kinds(left, right, 0, 0))
    listing = Listing(
        _("What would make them candidates"), (_("key"), _("customer"), _("member"), _("the same"))
    )
    for kind in KEYS:
        cells = [_yes(kind in side) for side in (ours, theirs, shared)]
        listing.rows.append((_(KEY_WORDS[kind]), *cells))
    return listing


def _yes(value: bool) -> str:
    return _("yes") if value else "–"


def _candidates(model: Model, left: Prepared, right: Prepared) -> list[str]:
    shared = shared_kinds(left, right, 0, 0)
    if not shared:
        return [_("They were never compared: they have none of the keys in the table in common.")]
    followed = np.setdiff1d(np.intersect1d(blocking_keys(left)[0], blocking_keys(right)[0]), model.common)
    if not len(followed):
        return [_("They were never compared: too many people share what they have in common.")]
    kinds = _(", ").join(_(KEY_WORDS[kind]) for kind in shared)
    return [_("They were compared because they have in common: {keys}.").format(keys=kinds)]


def _standing(connection: Connection, seen: EccubeCustomer, member_id: int) -> list[str]:
    """What comes before any score: states, links and a person's word."""
    notes = []
    if seen.state != "full":
        notes.append(_("The customer is not fully registered or has withdrawn, and is never linked."))
    ours = connection.execute(
        select(customer.c.id).where(customer.c.eccube_id == seen.eccube_id, customer.c.current == 1)
    ).scalar_one_or_none()
    if ours is None:
        return [*notes, _("The customer was not classified yet; run: eccube-sync classify")]
    for row in _links(connection, ours, member_id):
        notes.append(_link_words(row, ours, member_id))
    if (ours, member_id) in set(matching.set_apart(connection, [ours])):
        notes.append(
            _("A person said that they are different people, or took back their link; no machine links them.")
        )
    return notes


def _links(connection: Connection, customer_id: int, member_id: int) -> list[AnyRow]:
    return list(
        connection.execute(
            select(link, customer.c.eccube_id, member_version.c.code)
            .join(customer, customer.c.id == link.c.customer_id)
            .join(member, member.c.id == link.c.member_id)
            .join(member_version, member_version.c.id == member.c.version_id)
            .where(
                link.c.active == 1,
                or_(link.c.customer_id == customer_id, link.c.member_id == member_id),
            )
            .order_by(link.c.id)
        )
    )


def _link_words(row: AnyRow, customer_id: int, member_id: int) -> str:
    if (row.customer_id, row.member_id) == (customer_id, member_id):
        text = _("They are linked, by {method}.")
    elif row.customer_id == customer_id:
        text = _("The customer is linked to member {code}, by {method}.")
    else:
        text = _("The member is linked to customer {id}, by {method}.")
    return text.format(method=in_words(METHODS, row.method), code=row.code, id=row.eccube_id)
