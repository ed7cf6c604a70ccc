"""One case as the cells of its row: values made safe for a spreadsheet, and what differs between both sides."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date

import jaconv

from eccube_sync.db import AnyRow
from eccube_sync.eccube import EccubeCustomer
from eccube_sync.i18n import _, mark
from eccube_sync.linkage import explain
from eccube_sync.services.matching.people import digits_of
from eccube_sync.services.review.answering import is_pair
from eccube_sync.services.review.cases import Question
from eccube_sync.services.review.file import COLUMNS, COMPARED, question
from eccube_sync.services.review.token import token

STATUSES: Mapping[str, str] = {
    "active": mark("active"),
    "suspended": mark("suspended"),
    "lost": mark("card lost"),
    "withdrawn": mark("withdrawn"),
    "merged": mark("merged"),
}

_LINE_BREAKS = re.compile(r"[\s\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_SURROGATES = re.compile("[\ud800-\udfff]")
_FOREIGN = re.compile(r"[+＋][8８][1１][-\s]*(?:[(（][0０][)）])?[-\s]*[0０]?(?=[1-9１-９])")
_HYPHENS = str.maketrans(dict.fromkeys("‐‑‒–—―−ー－─", "-"))


@dataclass(frozen=True, slots=True)
class ReviewRow:
    """The cells of one case by column key, which of the compared fields differ, and where a group begins."""

    public_id: str
    cells: Mapping[str, str]
    differing: frozenset[str]
    pair: bool
    first_of_group: bool

    def in_order(self) -> list[str]:
        """The cells in the order of ``COLUMNS``."""
        return [self.cells.get(column.key, "") for column in COLUMNS]


def review_rows(questions: list[Question], key: bytes, export_key: str) -> list[ReviewRow]:
    """The rows of a file, in the order of the questions."""
    rows = []
    group = None
    for one in questions:
        rows.append(_row(one, token(key, one.case, export_key), one.group != group))
        group = one.group
    return rows


def _row(one: Question, signed: str, first_of_group: bool) -> ReviewRow:
    customer = customer_values(one.customer.person) if one.customer and one.customer.person else {}
    member = member_values(one.member) if one.member is not None else {}
    differing = frozenset(
        field for field in COMPARED if differs(field, customer.get(field, ()), member.get(field, ()))
    )
    cells = {f"customer_{field}": " / ".join(values) for field, values in customer.items()}
    cells |= {f"member_{field}": " / ".join(values) for field, values in member.items()}
    cells |= {"case": one.case.public_id, "token": signed, "question": question(one.case.kind)}
    cells |= _about_customer(one) | _about_member(one.member)
    cells["differences"] = _(", ").join(_(COMPARED[field][0]) for field in COMPARED if field in differing)
    cells["reasons"] = _reasons(one.case.reasons)
    if one.case.probability is not None:
        cells["probability"] = f"{one.case.probability * 100:.1f}%"
    clean = {name: one_line(cell) for name, cell in cells.items()}
    return ReviewRow(one.case.public_id, clean, differing, is_pair(one.case), first_of_group)


def one_line(text: str) -> str:
    """``text`` without line breaks and control characters, which tear rows apart in a spreadsheet's CSV."""
    return _SURROGATES.sub("\ufffd", _LINE_BREAKS.sub(" ", text)).strip()


def _about_customer(one: Question) -> dict[str, str]:
    if one.customer is None:
        return {}
    return {"eccube_id": str(one.customer.eccube_id), "orders": str(one.customer.recent_orders)}


def _about_member(row: AnyRow | None) -> dict[str, str]:
    if row is None:
        return {}
    return {
        "code": " / ".join(dict.fromkeys(filter(None, (row.code, row.number)))),
        "status": _(STATUSES[row.status]) if row.status in STATUSES else row.status,
        "end_date": _("no end") if row.unlimited else _day(row.end_date),
        "rank": row.rank_name or row.rank_code,
        "store": " ".join(filter(None, (row.source_name, row.store_name or row.store_code))),
    }


def customer_values(person: EccubeCustomer) -> dict[str, tuple[str, ...]]:
    """What a customer says of each compared field; fields without a value are left out."""
    return _filled(
        {
            "name": (_joined(person.family_name, person.given_name),),
            "kana": (_joined(person.family_kana, person.given_kana),),
            "postal_code": (person.postal_code,),
            "address": (person.prefecture + person.address,),
            "phone": (domestic(person.phone),),
            "email": (person.email,),
            "birth_date": (_day(person.birth_date),),
        }
    )


def member_values(row: AnyRow) -> dict[str, tuple[str, ...]]:
    """The same of a member, given as a row with the columns of ``member_version``."""
    return _filled(
        {
            "name": (_joined(row.family_name, row.given_name) or row.full_name,),
            "kana": (_joined(row.family_kana, row.given_kana) or row.full_kana,),
            "postal_code": (row.postal_code,),
            "address": (row.address,),
            "phone": (domestic(row.phone), domestic(row.mobile)),
            "email": tuple(row.emails.split("\n")),
            "birth_date": (_day(row.birth_date),),
        }
    )


def _filled(values: Mapping[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
    """Without empty values and repetitions."""
    return {field: tuple(dict.fromkeys(filter(None, several))) for field, several in values.items()}


def _joined(family: str, given: str) -> str:
    return " ".join(filter(None, (family, given)))


def _day(value: date | None) -> str:
    return value.isoformat() if value else ""


def domestic(phone: str) -> str:
    """A Japanese number as it is dialled in Japan; a cell must not begin with a plus sign."""
    return _FOREIGN.sub("0", phone.strip(), count=1) if phone.strip()[:1] in ("+", "＋") else phone


# --- what differs ------------------------------------------------------------------------------------


def _folded(text: str) -> str:
    return "".join(unicodedata.normalize("NFKC", text).split()).casefold()


def _kana(text: str) -> str:
    return str(jaconv.hira2kata(_folded(text)))


def _address(text: str) -> str:
    return _folded(text).translate(_HYPHENS)


_COMPARABLE: Mapping[str, Callable[[str], str]] = {
    "name": _folded,
    "kana": _kana,
    "postal_code": digits_of,
    "address": _address,
    "phone": digits_of,
    "email": _folded,
    "birth_date": _folded,
}


def differs(field: str, ours: tuple[str, ...], theirs: tuple[str, ...]) -> bool:
    """Whether both sides say something and no value of the one is a value of the other."""
    left = {_COMPARABLE[field](value) for value in ours} - {""}
    right = {_COMPARABLE[field](value) for value in theirs} - {""}
    if not left or not right:
        return False
    if field == "address":  # one of both often leaves the prefecture or the building out
        return not any(a in b or b in a for a in left for b in right)
    return not left & right


def _reasons(stored: str | None) -> str:
    known = [explain.Reason(code, bits) for code, bits in json.loads(stored or "[]") if code in explain.WORDS]
    return explain.sentence(known) if known else ""
