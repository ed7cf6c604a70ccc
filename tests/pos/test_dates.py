"""Dates as Japanese offices write them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eccube_sync.japanesedates import ERAS, TOKYO, DateRefusedError, ParsedDate, parse_date

DAYS = st.dates(min_value=date(1873, 1, 1), max_value=date(2199, 12, 31))
NAMES = {"R": "令和", "H": "平成", "S": "昭和", "T": "大正", "M": "明治"}
FULL_WIDTH = str.maketrans("0123456789/-.RHSTM", "０１２３４５６７８９／－．ＲＨＳＴＭ")


@pytest.mark.parametrize(
    "written",
    [
        "2026/1/2",
        "2026/01/02",
        "2026-1-2",
        "2026-01-02",
        "2026.1.2",
        "20260102",
        "20260102030405",
        "2026年1月2日3時4分5秒",
        "2026/1/2 3:04",
        "2026-01-02 03:04:05",
        "2026-01-02T03:04:05+09:00",
        "2026-01-02T03:04:05.123+0900",
        "2026-01-01T18:04:05Z",
        "2026年1月2日",
        "2026年01月02日 3時4分",
        "R8.1.2",
        "r8/1/2",
        "R08-01-02",
        "令和8年1月2日",
        " 令和 8年 1月 2日 ",
        "２０２６／１／２",
        "46024",
        "46024.5",
    ],
)
def test_one_day_in_many_spellings(written: str) -> None:
    assert parse_date(written).day == date(2026, 1, 2)


@pytest.mark.parametrize(
    ("written", "day"),
    [
        ("令和元年5月1日", date(2019, 5, 1)),
        ("R元.5.1", date(2019, 5, 1)),
        ("R1.5.1", date(2019, 5, 1)),
        ("H31.4.30", date(2019, 4, 30)),
        ("平成元年1月8日", date(1989, 1, 8)),
        ("S64.1.7", date(1989, 1, 7)),
        ("S50.2.28", date(1975, 2, 28)),
        ("昭和元年12月25日", date(1926, 12, 25)),
        ("T15.12.24", date(1926, 12, 24)),
        ("㍻2年3月4日", date(1990, 3, 4)),
    ],
)
def test_years_of_an_era(written: str, day: date) -> None:
    assert parse_date(written).day == day


@pytest.mark.parametrize(
    ("written", "kind"),
    [
        ("29/09/01", "date_two_digit_year"),
        ("8.1.2", "date_two_digit_year"),
        ("26年1月2日", "date_two_digit_year"),
        ("260102", "date_two_digit_year"),
        ("2026/2/29", "date_impossible"),
        ("2026/13/1", "date_impossible"),
        ("20260231", "date_impossible"),
        ("2026/1/2 24:00", "date_impossible"),
        ("R8.2.29", "date_impossible"),
        ("0026/1/2", "date_implausible"),
        ("2926/1/2", "date_implausible"),
        ("R1.4.30", "date_outside_era"),
        ("H31.5.1", "date_outside_era"),
        ("平成33年3月31日", "date_outside_era"),
        ("S64.1.8", "date_outside_era"),
        ("R0.5.1", "date_outside_era"),
        ("1月2日", "date_unreadable"),
        ("2026/1", "date_unreadable"),
        ("2026/1/210:00", "date_unreadable"),
        ("01/02/2026", "date_unreadable"),
        ("99", "date_unreadable"),
        ("来年", "date_unreadable"),
        ("2026/1/2見本", "date_unreadable"),
    ],
)
def test_a_date_that_must_not_be_guessed_is_refused(written: str, kind: str) -> None:
    with pytest.raises(DateRefusedError) as caught:
        parse_date(written)
    assert caught.value.kind == kind


@pytest.mark.parametrize("written", ["9999-12-31", "9999/12/31 23:59:59", "無期限", "99991231", "期限なし"])
def test_without_end(written: str) -> None:
    assert parse_date(written) == ParsedDate(unlimited=True)


@pytest.mark.parametrize(
    ("written", "repair"),
    [
        ("", ""),
        ("　", ""),
        ("0000-00-00", "date_null"),
        ("0000/00/00 00:00:00", "date_null"),
        ("0001-01-01T00:00:00", "date_null"),
        ("-", "date_placeholder"),
        ("未入力", "date_placeholder"),
    ],
)
def test_no_date_at_all(written: str, repair: str) -> None:
    assert parse_date(written) == ParsedDate(repair=repair)


def test_a_time_in_another_zone_is_a_day_in_tokyo() -> None:
    parsed = parse_date("2026-01-02T23:30:00Z")
    assert parsed.day == date(2026, 1, 3)
    assert parsed.moment == datetime(2026, 1, 2, 23, 30, tzinfo=UTC)


@given(
    DAYS,
    st.sampled_from(
        ["{0:%Y}/{0.month}/{0.day}", "{0:%Y-%m-%d}", "{0:%Y%m%d}", "{0:%Y}年{0.month}月{0.day}日"]
    ),
)
def test_every_western_day_comes_back(day: date, spelling: str) -> None:
    written = spelling.format(day)
    expected = ParsedDate(day, datetime(day.year, day.month, day.day, tzinfo=TOKYO))
    assert parse_date(written) == expected
    assert parse_date(written.translate(FULL_WIDTH)) == expected


@given(DAYS, st.booleans())
def test_every_day_comes_back_from_its_era_and_is_refused_in_the_others(day: date, spelled_out: bool) -> None:
    for letter, (first, last) in ERAS.items():
        year = day.year - first.year + 1
        if not 1 <= year <= 99:
            continue
        written = (
            f"{NAMES[letter]}{'元' if year == 1 else year}年{day.month}月{day.day}日"
            if spelled_out
            else f"{letter}{year}.{day.month}.{day.day}"
        )
        if first <= day <= last:
            assert parse_date(written).day == day
        else:
            with pytest.raises(DateRefusedError):
                parse_date(written)


@given(st.integers(10_000, 99_999))
def test_excel_counts_days_from_1900(number: int) -> None:
    parsed = parse_date(str(number))
    assert parsed.day == date(1899, 12, 31) + timedelta(days=number - 1)
    assert parsed.repair == "date_serial"


@given(st.text(max_size=30))
def test_any_text_is_a_date_or_refused_without_its_letters(text: str) -> None:
    try:
        parse_date(text)
    except DateRefusedError as error:
        letters = {sign for sign in error.shape if sign.isalnum()}
        assert letters <= set("9A年月日時分秒")
