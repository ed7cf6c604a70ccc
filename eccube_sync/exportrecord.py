"""From the cells of one row to a member record, with every repair flagged and every refusal named."""

from __future__ import annotations

from collections.abc import Callable

from eccube_sync.csvfile import Row
from eccube_sync.errors import Problem
from eccube_sync.exportcells import (
    Cell,
    CellRefusedError,
    read_code,
    read_phone,
    read_points,
    read_postal_code,
    read_text,
    read_word,
)
from eccube_sync.exportdigest import HidePin, row_digests
from eccube_sync.exportheader import HeaderMap
from eccube_sync.filedamage import problem, shape_of
from eccube_sync.japanesedates import NO_DATE, DateRefusedError, ParsedDate, parse_date
from eccube_sync.pos import KnownRow, KnownRows, MemberRecord, Repair

# A bare 99 is 無期限 in a column of end dates, and nothing in any other.
_UNLIMITED_NUMBER = "99"
_DATES_WITHOUT_END = ("end_date", "left_on", "points_expire_on")
_YES_NO = {"yes": True, "no": False}


class RecordReader:
    """Reads one row after another; ``problems`` of the last row are empty exactly when it gave a record.

    ``known`` maps the digest of a row that needs no second reading to its member's store key and its newest moment.
    Without ``hide_pin`` a mapped PIN is not read.
    """

    def __init__(self, header: HeaderMap, known: KnownRows, hide_pin: HidePin | None = None) -> None:
        self._known = known
        self._digest_of = row_digests(header, hide_pin)
        self._header = header.header
        self._first = {name: positions[0] for name, positions in header.positions.items()}
        self._address = header.positions.get("address", ())
        self._emails = header.positions.get("emails", ())
        self._words = header.words
        self._hide_pin = hide_pin
        self._cells: list[str] = []
        self._line = 0
        self._digest = ""
        self.repairs: list[Repair] = []
        self.problems: list[Problem] = []

    def read(self, row: Row) -> MemberRecord | KnownRow | None:
        """The record of a row, or whose it is where it is known; None when ``problems`` say why it is neither."""
        self._cells, self._line = row.cells, row.line
        self._digest = self._digest_of(row.cells)
        self.repairs, self.problems = [], []
        known = self._known.get(self._digest)
        if known is not None:
            return KnownRow(row.line, known[0], self._read("code", read_code) or None, known[1])
        record = self._record()
        return None if self.problems else record

    def _record(self) -> MemberRecord:
        code = self._read("code", read_code)
        # Never the code in place of a missing id: the member would change identity when the id comes back.
        key_field = "store_key" if "store_key" in self._first else "code"
        store_key = code if key_field == "code" else self._read("store_key", read_code)
        if not store_key and not self.problems:
            self._refuse("code_missing", key_field)
        end = self._date("end_date")
        joined, visited = self._date("joined_on"), self._date("last_visit_on")
        moments = (joined.moment, visited.moment, self._date("updated_at").moment)
        text = self._text
        return MemberRecord(
            line=self._line,
            store_key=store_key,
            code=code or None,
            number=self._read("number", read_code) or None,
            family_name=text("family_name"),
            given_name=text("given_name"),
            full_name=text("full_name"),
            family_kana=text("family_kana"),
            given_kana=text("given_kana"),
            full_kana=text("full_kana"),
            postal_code=self._read("postal_code", read_postal_code),
            address="".join(self._texts(self._address)),
            phone=self._read("phone", read_phone),
            mobile=self._read("mobile", read_phone),
            emails=tuple(filter(None, self._texts(self._emails))),
            birth_date=self._date("birth_date").day,
            sex=self._sex(),
            joined_on=joined.day,
            left_on=self._date("left_on").day,
            last_visit_on=visited.day,
            end_date=end.day,
            unlimited=end.unlimited or bool(self._flag("unlimited")),
            status=self._status(),
            store_code=text("store_code"),
            rank_code=text("rank_code"),
            rank_name=text("rank_name"),
            member_type=text("member_type"),
            points=self._points(),
            points_expire_on=self._date("points_expire_on").day,
            mail_allowed=self._flag("mail_allowed"),
            link_code_serial=self._read("link_code_serial", read_code),
            pin_hash=self._pin(store_key),
            repairs=tuple(self.repairs),
            row_digest=self._digest,
            row_newest=max((moment for moment in moments if moment is not None), default=None),
        )

    def _cell(self, field: str) -> str:
        position = self._first.get(field)
        return "" if position is None else self._cells[position]

    def _column(self, field: str) -> str:
        return self._header[self._first[field]]

    def _refuse(self, kind: str, field: str, **values: object) -> None:
        self.problems.append(problem(kind, line=self._line, column=self._column(field), **values))

    def _mended(self, cell: Cell, position: int) -> str:
        text, kind = cell
        if kind:
            self.repairs.append(Repair(self._header[position], kind))
        return text

    def _text(self, field: str) -> str:
        return self._read(field, read_text)

    def _texts(self, positions: tuple[int, ...]) -> list[str]:
        return [self._mended(read_text(self._cells[position]), position) for position in positions]

    def _read(self, field: str, reader: Callable[[str], Cell]) -> str:
        position = self._first.get(field)
        if position is None or not (cell := self._cells[position]):
            return ""
        try:
            return self._mended(reader(cell), position)
        except CellRefusedError as error:
            self._refuse(error.kind, field)
            return ""

    def _pin(self, store_key: str) -> str:
        pin = self._read("pin", read_code)
        return self._hide_pin(store_key, pin) if self._hide_pin and pin else ""

    def _points(self) -> int | None:
        cell = self._cell("points")
        try:
            return read_points(cell) if cell else None
        except CellRefusedError as error:
            self._refuse(error.kind, "points", shape=shape_of(cell))
            return None

    def _date(self, field: str) -> ParsedDate:
        position = self._first.get(field)
        if position is None or not (cell := self._mended(read_text(self._cells[position]), position)):
            return NO_DATE
        if cell == _UNLIMITED_NUMBER and field == "end_date":
            return ParsedDate(unlimited=True)
        try:
            parsed = parse_date(cell)
        except DateRefusedError as error:
            self._refuse(error.kind, field, shape=error.shape)
            return NO_DATE
        if parsed.unlimited and field not in _DATES_WITHOUT_END:
            self._refuse("date_implausible", field, shape=shape_of(cell))
        self._mended((cell, parsed.repair), position)
        return parsed

    def _status(self) -> str:
        if "status" not in self._first:
            return "active"
        word = read_word(self._cell("status"))
        status = self._words["status"].get(word)
        if status is None:
            self._refuse("status_unknown" if word else "status_missing", "status", code=_showable(word))
        return status or ""

    def _sex(self) -> str:
        if "sex" not in self._first:
            return ""
        sex = self._words["sex"].get(read_word(self._cell("sex")))
        if sex is None:
            self.repairs.append(Repair(self._column("sex"), "sex_unknown"))
        return sex or ""

    def _flag(self, field: str) -> bool | None:
        if field not in self._first:
            return None
        word = read_word(self._cell(field))
        answer = self._words[field].get(word)
        if answer is None:
            self._refuse("word_unknown", field, code=_showable(word))
        return _YES_NO.get(answer or "")


def _showable(word: str) -> str:
    """A code as it may stand in a message: digits are shown, anything else (a name?) only by its shape."""
    return word if word.isdigit() and len(word) <= 3 else shape_of(word)
