"""The fields of a member: their words, how long they may be, and what an empty cell leaves as it was."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from sqlalchemy import String

from eccube_sync.i18n import _, mark
from eccube_sync.pos import MemberRecord
from eccube_sync.tables.members import record_columns

WORDS: Mapping[str, str] = {
    "store_key": mark("the POS's own id"),
    "code": mark("member code (barcode)"),
    "number": mark("second number"),
    "family_name": mark("family name"),
    "given_name": mark("given name"),
    "full_name": mark("whole name"),
    "family_kana": mark("family name in kana"),
    "given_kana": mark("given name in kana"),
    "full_kana": mark("whole name in kana"),
    "postal_code": mark("postal code"),
    "address": mark("address"),
    "phone": mark("phone"),
    "mobile": mark("mobile phone"),
    "emails": mark("e-mail addresses"),
    "birth_date": mark("birth date"),
    "sex": mark("sex"),
    "joined_on": mark("joined on"),
    "left_on": mark("left on"),
    "last_visit_on": mark("last visit"),
    "end_date": mark("end of the membership"),
    "unlimited": mark("membership without an end"),
    "status": mark("status"),
    "store_code": mark("branch"),
    "rank_code": mark("rank (code)"),
    "rank_name": mark("rank"),
    "member_type": mark("type of member"),
    "points": mark("points"),
    "points_expire_on": mark("end of the points"),
    "mail_allowed": mark("mail allowed"),
    "link_code_serial": mark("serial of a link code"),
    "pin": mark("PIN (kept as a keyed hash only)"),
    "updated_at": mark("time of change"),
}
"""Field of ``pos.FIELDS`` → its words."""

_EACH_ALONE = (
    "code", "number", "address", "phone", "mobile", "emails", "birth_date", "sex", "joined_on", "last_visit_on",
    "store_code", "member_type", "points", "points_expire_on", "mail_allowed", "link_code_serial", "pin_hash",
)  # fmt: skip
_TOGETHER = (
    ("family_name", "given_name", "full_name"),
    ("rank_code", "rank_name"),
    ("end_date", "unlimited"),
)
"""Fields of which a filled one makes the empty ones beside it an answer and not a gap."""
_KANA = ("family_kana", "given_kana", "full_kana")


def words(name: str) -> str:
    """A field in the user's language."""
    return _(WORDS[name]) if name in WORDS else name


def keep_known_facts(before: Any, record: MemberRecord) -> MemberRecord:
    """The record with what was known before where the new row is empty: that is "no information", never "clear".

    ``before`` is the member's version so far. What belongs to a value that did change is not kept: the kana of
    another name, the postal code of another address, the day a member left who is active again.
    """
    kept: dict[str, Any] = {}
    for group in (*((name,) for name in _EACH_ALONE), *_TOGETHER):
        if not any(_says_something(name, getattr(record, name)) for name in group):
            kept |= {name: _known(before, name) for name in group}
    names = _TOGETHER[0]
    if not any(getattr(record, name) for name in _KANA) and _same(before, record, kept, names):
        kept |= {name: _known(before, name) for name in _KANA}
    if not record.postal_code and _same(before, record, kept, ("address",)):
        kept["postal_code"] = before.postal_code
    if record.left_on is None and record.status == "withdrawn":
        kept["left_on"] = before.left_on
    return replace(record, **kept)


def _says_something(name: str, value: object) -> bool:
    """0 points and a forbidden mail are information; that a membership is not said to be endless is none."""
    return value is True if name == "unlimited" else value not in (None, "", ())


def _known(before: Any, name: str) -> Any:
    value = getattr(before, name)
    if name == "emails":
        return tuple(filter(None, value.split("\n")))
    return bool(value) if name == "unlimited" else value


def _same(before: Any, record: MemberRecord, kept: Mapping[str, Any], names: tuple[str, ...]) -> bool:
    """Whether these fields are what they were, or were kept so."""
    return all(name in kept or getattr(record, name) == getattr(before, name) for name in names)


_LENGTHS = {
    column.name: column.type.length
    for column in record_columns()
    if isinstance(column.type, String) and column.type.length
}
_CHECKED = {
    name: limit
    for name, limit in {"store_key": 64, **_LENGTHS}.items()
    if name not in {"repairs", "content_hash", "fingerprint", "emails"}
}


def too_long(record: MemberRecord) -> Iterator[tuple[str, int]]:
    """The fields whose text our tables cannot hold, with the most characters they take."""
    for name, limit in _CHECKED.items():
        value = getattr(record, name)
        if value is not None and len(value) > limit:
            yield name, limit
    if len("\n".join(record.emails)) > _LENGTHS["emails"]:
        yield "emails", _LENGTHS["emails"]
