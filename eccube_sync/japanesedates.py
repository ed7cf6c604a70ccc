"""Dates as Japanese exports write them: western and era years, full width, Excel's numbers."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from functools import lru_cache
from zoneinfo import ZoneInfo

from eccube_sync.filedamage import shape_of

TOKYO = ZoneInfo("Asia/Tokyo")
FIRST_YEAR, LAST_YEAR = 1868, 2199

# First and last day of each era; the year 1 (元年) is the year of the first day.
ERAS: dict[str, tuple[date, date]] = {
    "R": (date(2019, 5, 1), date(LAST_YEAR, 12, 31)),
    "H": (date(1989, 1, 8), date(2019, 4, 30)),
    "S": (date(1926, 12, 25), date(1989, 1, 7)),
    "T": (date(1912, 7, 30), date(1926, 12, 24)),
    "M": (date(1868, 1, 25), date(1912, 7, 29)),
}
_ERA_LETTERS = {"令和": "R", "平成": "H", "昭和": "S", "大正": "T", "明治": "M"}

_TIME = (
    r"(?:(?:T|\s+|(?<=日))(?P<hour>\d{1,2})[:時]\s*(?P<minute>\d{1,2})(?:[:分]\s*(?P<second>\d{1,2})?)?(?:\.\d+)?秒?"
    r"\s*(?P<zone>Z|[+-]\d{2}:?\d{2})?)?"
)
_DAY = r"(?P<month>\d{1,2})\s*[-/.月]\s*(?P<day>\d{1,2})日?"
_WESTERN = re.compile(r"(?P<year>\d{4})\s*[-/.年]\s*" + _DAY + _TIME)
_COMPACT = re.compile(r"(?P<year>\d{4})(?P<month>\d{2})(?P<day>\d{2})" + _TIME)
_STAMP = re.compile(
    r"(?P<year>\d{4})(?P<month>\d{2})(?P<day>\d{2})(?P<hour>\d{2})(?P<minute>\d{2})(?P<second>\d{2})(?P<zone>Z)?"
)
_ERA = re.compile(
    r"(?P<era>[RHSTM]|令和|平成|昭和|大正|明治)\s*(?P<year>\d{1,2}|元)\s*[-/.年]\s*" + _DAY + _TIME,
    re.IGNORECASE,
)
_TWO_DIGITS = re.compile(r"\d{1,2}\s*[-/.年]\s*\d{1,2}\s*[-/.月]\s*\d{1,2}日?(?:\s.*)?|\d{6}")
_SERIAL = re.compile(r"(\d{5})(?:\.(\d+))?")
_EXCEL_EPOCH = date(1899, 12, 30)

_UNLIMITED = frozenset(("無期限", "期限なし", "期限無し", "永久", "永年"))
_PLACEHOLDERS = frozenset(("-", "--", "---", "ー", "―", "未入力", "未登録", "未設定", "null", "NULL"))
_NULL_DAYS = ((0, 0, 0), (1, 1, 1))
_NEVER = date(9999, 12, 31)


@dataclass(frozen=True, slots=True)
class ParsedDate:
    """What one cell says: a day in Tokyo (None = no date), the moment, 無期限, and the damage mended, if any.

    ``moment`` is the beginning of the day where the cell has no time.
    """

    day: date | None = None
    moment: datetime | None = None
    unlimited: bool = False
    repair: str = ""


class DateRefusedError(ValueError):
    """A cell that is no usable date: ``kind`` is a key of ``DAMAGE_KINDS``, ``shape`` is safe to show."""

    def __init__(self, kind: str, text: str) -> None:
        super().__init__(kind)
        self.kind = kind
        self.shape = shape_of(text)


NO_DATE = ParsedDate()


@lru_cache(maxsize=65_536)
def parse_date(cell: str) -> ParsedDate:
    """The date in a cell of a column that is known to hold dates. Raises ``DateRefusedError``.

    9999-12-31 and the words for it are ``unlimited``; whether a bare 99 is too depends on the column, so it
    is refused here. Five digits are Excel's number of a day. A year of two digits is never guessed.
    """
    text = unicodedata.normalize("NFKC", cell).strip()
    if not text:
        return NO_DATE
    if text in _UNLIMITED:
        return ParsedDate(unlimited=True)
    if text in _PLACEHOLDERS:
        return ParsedDate(repair="date_placeholder")
    if match := _WESTERN.fullmatch(text) or _COMPACT.fullmatch(text) or _STAMP.fullmatch(text):
        return _western(match, text)
    if match := _ERA.fullmatch(text):
        return _era(match, text)
    if match := _SERIAL.fullmatch(text):
        return _serial(match)
    if _TWO_DIGITS.fullmatch(text):
        raise DateRefusedError("date_two_digit_year", text)
    raise DateRefusedError("date_unreadable", text)


def _western(match: re.Match[str], text: str) -> ParsedDate:
    year, month, day = int(match["year"]), int(match["month"]), int(match["day"])
    if (year, month, day) in _NULL_DAYS:
        return ParsedDate(repair="date_null")
    if (year, month, day) == (9999, 12, 31):
        return ParsedDate(unlimited=True)
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise DateRefusedError("date_implausible", text)
    return _with_time(_calendar_day(year, month, day, text), match, text)


def _era(match: re.Match[str], text: str) -> ParsedDate:
    first, last = ERAS[_ERA_LETTERS.get(match["era"], match["era"].upper())]
    era_year = 1 if match["year"] == "元" else int(match["year"])
    if era_year == 0:
        raise DateRefusedError("date_outside_era", text)
    day = _calendar_day(first.year + era_year - 1, int(match["month"]), int(match["day"]), text)
    if not first <= day <= last:
        raise DateRefusedError("date_outside_era", text)
    return _with_time(day, match, text)


def _serial(match: re.Match[str]) -> ParsedDate:
    day = _EXCEL_EPOCH + timedelta(days=int(match[1]))
    seconds = round(float(f"0.{match[2]}") * 86_400) if match[2] else 0
    moment = _midnight(day) + timedelta(seconds=seconds)
    return ParsedDate(day, moment, repair="date_serial")


def _calendar_day(year: int, month: int, day: int, text: str) -> date:
    try:
        return date(year, month, day)
    except ValueError:
        raise DateRefusedError("date_impossible", text) from None


def _with_time(day: date, match: re.Match[str], text: str) -> ParsedDate:
    if match["hour"] is None:
        return ParsedDate(day, _midnight(day))
    hour, minute, second = int(match["hour"]), int(match["minute"]), int(match["second"] or 0)
    if hour > 23 or minute > 59 or second > 59:
        raise DateRefusedError("date_impossible", text)
    moment = _midnight(day).replace(hour=hour, minute=minute, second=second)
    if match["zone"]:
        moment = moment.replace(tzinfo=_zone(match["zone"], text)).astimezone(TOKYO)
    return ParsedDate(moment.date(), moment)


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=TOKYO)


def _zone(written: str, text: str) -> timezone:
    if written.upper() == "Z":
        return UTC
    digits = written[1:].replace(":", "")
    offset = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    if offset >= timedelta(hours=15):
        raise DateRefusedError("date_impossible", text)
    return timezone(offset if written[0] == "+" else -offset)
