"""How the format and the columns of an export are found."""

from __future__ import annotations

from collections.abc import Mapping
from types import SimpleNamespace

import pytest

from eccube_sync.configsources import MEMBER_FIELDS
from eccube_sync.errors import BadInputError, ConfigurationError
from eccube_sync.exportfile import open_export
from eccube_sync.exportheader import HeaderSearch
from eccube_sync.pos import FIELDS, FORMATS, PosFormat
from tests.pos.conftest import Write

SMAREGI = '会員ID,会員コード,姓,名,最終来店日時,備考2,"会員状態区分 (0:利用可, 1:利用停止, 2:紛失, 3:退会, 4:名寄せ)"'


def test_smaregi_is_known_by_its_headers_as_a_whole(write: Write) -> None:
    export = open_export(write(SMAREGI, "1,0001,見本,太郎,,,0"))
    assert export.format_key == "smaregi"


def test_a_few_plain_columns_are_a_generic_list(write: Write) -> None:
    export = open_export(write("会員コード,姓,名", "0001,見本,太郎"))
    assert export.format_key == "generic"


def test_the_configured_format_wins(write: Write) -> None:
    path = write(SMAREGI, "1,0001,見本,太郎,,,利用可")
    assert open_export(path, format="generic").format_key == "generic"
    plain = write("会員コード,姓", "0001,見本", name="plain.csv")
    assert open_export(plain, format="smaregi").format_key == "smaregi"


def test_a_configured_column_comes_before_what_the_format_knows(write: Write) -> None:
    path = write(SMAREGI, "1,0001,見本,太郎,,2027-03-31,0")
    export = open_export(path, columns={"end_date": ["備考2"]})
    (record,) = export.rows()
    assert export.column_map["end_date"] == "備考2"
    assert record.end_date is not None
    assert record.end_date.isoformat() == "2027-03-31"


def test_a_mapped_memo_column_may_hold_no_line_break(write: Write) -> None:
    path = write(SMAREGI, '1,0001,見本,太郎,,"一行目\n二行目",0')
    assert len(list(open_export(path).rows())) == 1
    with pytest.raises(BadInputError):
        list(open_export(path, columns={"rank_name": ["備考2"]}).rows())


def test_a_configured_memo_column_may_hold_line_breaks(write: Write) -> None:
    path = write("会員コード,氏名,申し送り", '0001,見本,"一行目\n二行目"')
    assert len(list(open_export(path, memo_columns=["申し送り"]).rows())) == 1


def test_headers_are_compared_without_width_space_and_case(write: Write) -> None:
    export = open_export(write("﻿会員 コード,お名前（姓）,お名前（名）,ｔｅｌ,ﾌﾘｶﾞﾅ（ｾｲ）", "1,見本,太郎,,"))
    assert list(export.column_map) == ["code", "family_name", "given_name", "family_kana", "phone"]


def test_member_number_is_the_code_only_where_there_is_no_better_column(write: Write) -> None:
    alone = open_export(write("会員番号,氏名", "1,見本"))
    assert alone.column_map == {"code": "会員番号", "full_name": "氏名"}
    both = open_export(write("会員番号,カード番号,氏名", "1,2,見本"))
    assert both.column_map == {"code": "カード番号", "number": "会員番号", "full_name": "氏名"}


def test_points_expiry_is_never_taken_for_the_end_of_the_membership(write: Write) -> None:
    export = open_export(write("会員コード,氏名,ポイント期限", "1,見本,2026/3/31"))
    (record,) = export.rows()
    assert record.end_date is None
    assert record.points_expire_on is not None


def test_a_header_must_stand_near_the_top(write: Write) -> None:
    titles = [f"見出し{number}" for number in range(9)]
    assert open_export(write(*titles, "会員コード,氏名", "1,見本")).format_key == "generic"
    with pytest.raises(BadInputError):
        open_export(write(*titles, "", "会員コード,氏名", "1,見本"))


def test_a_secret_cannot_be_mapped(write: Write) -> None:
    with pytest.raises(ConfigurationError, match="ＰＩＮコード"):
        open_export(write(SMAREGI, "1,1,見本,太郎,,,0"), columns={"number": ["ＰＩＮコード"]})


@pytest.mark.parametrize(
    "arguments", [{"format": "airregi"}, {"columns": {"nick": ["姓"]}}, {"encoding": "big5"}]
)
def test_an_unknown_word_of_the_configuration_is_named(write: Write, arguments: Mapping[str, object]) -> None:
    with pytest.raises(ConfigurationError, match=r"airregi|nick|big5"):
        open_export(write("会員コード,氏名", "1,見本"), **arguments)  # type: ignore[arg-type]


def test_two_formats_that_claim_one_file_are_an_error() -> None:
    smaregi = FORMATS["smaregi"]
    names = [name for name in dir(smaregi) if not name.startswith("_")]
    twin = SimpleNamespace(**{name: getattr(smaregi, name) for name in names})
    formats: dict[str, PosFormat] = {"smaregi": smaregi, "twin": twin}  # type: ignore[dict-item]
    search = HeaderSearch("auto", {}, formats)
    with pytest.raises(BadInputError, match="smaregi, twin"):
        search.is_header(["会員ID", "姓", "最終来店日時", "会員ランクコード"])


@pytest.mark.parametrize("part", FORMATS.values(), ids=list(FORMATS))
def test_a_format_names_only_fields_that_exist(part: PosFormat) -> None:
    assert set(part.ALIASES) <= set(FIELDS)
    assert {name for group in part.NEEDED for name in group} <= set(FIELDS)
    assert set(part.LEGENDS) <= set(FIELDS)


@pytest.mark.parametrize("part", FORMATS.values(), ids=list(FORMATS))
def test_every_code_of_a_legend_leads_to_a_value_of_the_record(part: PosFormat) -> None:
    values = {
        "status": {"active", "suspended", "lost", "withdrawn", "merged"},
        "sex": {"", "male", "female", "other"},
        "mail_allowed": {"", "yes", "no"},
        "unlimited": {"yes", "no"},
    }
    for field, legend in part.LEGENDS.items():
        assert set(legend.values()) <= values[field]


def test_every_field_of_the_configuration_can_be_mapped() -> None:
    assert set(MEMBER_FIELDS) <= set(FIELDS)


@pytest.mark.parametrize("key", FORMATS)
def test_a_format_is_listed_under_its_own_key(key: str) -> None:
    assert key == FORMATS[key].KEY
