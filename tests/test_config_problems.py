"""A wrong configuration file is refused with every problem at once, in words that help."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eccube_sync import config
from eccube_sync.errors import ExitCode
from tests.test_config import MINIMAL, MYSQL

PLACE = Path("/nowhere/eccube-sync.toml")


def faults(text: str, parts: config.KnownParts | None = None) -> dict[str, str]:
    with pytest.raises(config.SettingsError) as caught:
        config.parse(text, PLACE, parts or config.KnownParts())
    return {fault.key: fault.words for fault in caught.value.faults}


def test_every_problem_is_told_at_once_each_with_its_key() -> None:
    found = faults("""
langauge = "ja"
[shop]
name = 3
[database]
kind = "mysq"
eccube = "shop"
port = "3306"
[[source]]
key = "store"
[source.columns]
end_dat = "期限"
[source.expiry]
policy = "joined"
months = 0
[source.expiry.rank."ゴールド"]
policy = "last_visit"
[[source]]
key = "store"
pattern = "*.txt"
[mail]
host = "mail.example.jp"
sender = "shop@example.jp"
security = "plain"
[notices]
window = "18:00-10:00"
[membership]
pause_downgrades_from = 2026-04-01
""")
    assert list(found) == [
        "shop.name",
        "database.kind",
        "database.port",
        "source[0].columns.end_dat",
        "source[0].expiry.months",
        "notices.window",
        "langauge",
        'source[0].expiry.rank."ゴールド".months',
        "source[1].key",
        "membership.pause_downgrades_until",
        "database.runtime.user",
        "mail.security",
    ]
    assert "did you mean language?" in found["langauge"]
    assert "did you mean mysql?" in found["database.kind"]
    assert "did you mean end_date?" in found["source[0].columns.end_dat"]


def test_the_message_counts_the_problems_and_names_the_file() -> None:
    with pytest.raises(config.SettingsError) as caught:
        config.parse(MINIMAL + 'colour = "red"\n[owner]\nmial = "a@example.jp"\n', PLACE)
    lines = str(caught.value).splitlines()
    assert lines[0] == f"{PLACE} has 2 problems:"
    assert [line.split(":")[0].strip() for line in lines[1:]] == ["source[0].colour", "owner.mial"]
    assert caught.value.exit_code == ExitCode.CONFIGURATION


def test_an_empty_file_says_what_it_needs() -> None:
    assert set(faults("")) == {"shop", "database", "source"}


SINGLE_PROBLEMS = [
    ('[matching]\nlink_at = 1.5\n', "matching.link_at", "less than 1"),
    ('[matching]\nlink_at = "high"\n', "matching.link_at", "a number, without quotes"),
    ("[matching]\nlink_at = nan\n", "matching.link_at", "a number, without quotes"),
    ("[matching]\nlink_at = 0.5\nreview_at = 0.5\n", "matching.review_at", "lower than matching.link_at"),
    ("[matching]\nworkers = true\n", "matching.workers", "a whole number"),
    ('[matching]\nignore_phones = 3\n', "matching.ignore_phones", "a list in square brackets"),
    ('[membership]\nlabel_store = "同じ"\nlabel_ec_only = "同じ"\n', "membership.label_ec_only", "must differ"),
    ('[membership]\nlabel_store = " "\n', "membership.label_store", "must not be empty"),
    ('[membership]\nlabel_store = "a\\nb"\n', "membership.label_store", "line breaks"),
    ("[membership]\nhuman_link_is_proof = 1\n", "membership.human_link_is_proof", "true or false"),
    (
        '[membership]\npause_downgrades_from = "soon"\n',
        "membership.pause_downgrades_from",
        "a date such as 2026-04-01",
    ),
    (
        "[membership]\npause_downgrades_until = 2026-04-01\n",
        "membership.pause_downgrades_from",
        "a pause needs both days",
    ),
    (
        "[membership]\npause_downgrades_from = 2026-04-02\npause_downgrades_until = 2026-04-01\n",
        "membership.pause_downgrades_until",
        "must not be before",
    ),
    ("[codes]\nsecond_facts = []\n", "codes.second_facts", "never be enough"),
    ('[codes]\nprefix = "LONGER-THAN-8"\n', "codes.prefix", "at most 8 letters"),
    ('[review]\nencoding = "sjis"\n', "review.encoding", "must be one of: utf-8-sig, cp932"),
    ('[notices]\nwindow = "10-18"\n', "notices.window", "such as 10:00-18:00"),
    ('[notices]\nwindow = "24:00-25:00"\n', "notices.window", "such as 10:00-18:00"),
    ("[notices]\nexpiring_days = [30, 30]\n", "notices.expiring_days", "30 twice"),
    ("[notices]\nexpiring_days = []\n", "notices.expiring_days", "is empty"),
    ("[notices]\nexpiring_days = [0]\n", "notices.expiring_days[0]", "at least 1"),
    ("[notices]\npromotion = true\n", "notices.promotion", "postal_address, contact, unsubscribe_url"),
    ('[notices]\ntemplates = "nothing-here"\n', "notices.templates", "is not a folder"),
    ('[nightly]\nstages = ["import", "clasify"]\n', "nightly.stages[1]", "did you mean classify?"),
    ('[nightly]\nstages = ["import", "import"]\n', "nightly.stages", "import twice"),
    ('[owner]\nmail = "owner@example.jp"\n', "mail", "without a mail server"),
    ('[ping]\nstart = "ftp://example.jp"\n', "ping.start", "starts with https://"),
    ('[ping]\nstart = "https://user:pass@example.jp"\n', "ping.start", "starts with https://"),
    ('[legal]\nrelation = "friends"\n', "legal.relation", "must be one of: same_company"),
    ("[undo]\nkeep_days = -1\n", "undo.keep_days", "at least 0"),
    ("[guards]\nimport_percent = 101\n", "guards.import_percent", "at most 100"),
    ('[shop.name]\n', "", "not valid TOML"),
    ('[mail]\nhost = "localhost"\n', "mail.sender", "is missing"),
    ('[mail]\nsender = "a@example.jp, b@example.jp"\n', "mail.sender", "exactly one mail address"),
    ('[mail]\nsender = "Shop <a@example.jp>"\n', "mail.sender", "exactly one mail address"),
    ('[mail]\nsender = "a@example.jp"\nuser = "a"\n', "mail.password_file", "needs a password"),
    ('[mail]\nsender = "a@example.jp"\npassword_env = "PATH"\n', "mail.user", "without a user"),
    ('[mail]\nsender = "a@example.jp"\nhost = "https://mail.example.jp"\n', "mail.host", "a host name"),
    ('[mail]\nsender = "a@example.jp"\nport = 70000\n', "mail.port", "at most 65535"),
    (
        '[mail]\nsender = "a@example.jp"\nhost = "127.0.0.1.example.jp"\nsecurity = "plain"\n',
        "mail.security",
        "only to this machine itself",
    ),
    ('[[projection]]\nkind = "customer_group"\n', "projection[0].group", "is missing"),
    ('[[projection]]\nkind = "column"\nstore_value = "2"\n', "projection[0].column", "is missing"),
    ('[[projection]]\nkind = "column"\ncolumn = "customer_rank_id"\n', "projection[0].store_value", "is missing"),
    (
        '[[projection]]\nkind = "column"\ncolumn = "a"\nstore_value = "1"\nec_only_value = "1"\n',
        "projection[0].ec_only_value",
        "must differ",
    ),
    (
        '[[projection]]\nkind = "column"\ntable = "plg_rank"\ncolumn = "a"\nstore_value = "1"\n',
        "projection[0].customer_column",
        "is missing",
    ),
    (
        '[[projection]]\nkind = "customer_group"\ngroup = 3\n' * 2,
        "projection[1]",
        "the same place",
    ),
    ('[[projection]]\ngroup = "店舗会員"\n', "projection[0].kind", "is missing"),
    ('[source.expiry]\npolicy = "last_visit"\n', "source[0].expiry.months", "last_visit needs it"),
    ('[source.columns]\ncolour = "色"\n', "source[0].columns.colour", "is not a field of a member"),
    ('taken_at = "now"\n', "source[0].taken_at", "must be one of: file, name, modified"),
    ('pattern = "../*.csv"\n', "source[0].pattern", "must be a file name"),
    ('[[source]]\nkey = "two"\n', "source[1].pattern", "the same files"),
    ('encoding = "shift_jis"\n', "source[0].encoding", "must be one of: utf-8, cp932, utf-16"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "key", "words"), SINGLE_PROBLEMS)
def test_one_problem_is_told_alone_and_in_plain_words(text: str, key: str, words: str) -> None:
    found = faults(MINIMAL + text)
    assert list(found) == [key]
    assert words in found[key]


def test_a_source_in_single_brackets_is_told_to_take_two() -> None:
    found = faults(MINIMAL.replace("[[source]]", "[source]"))
    assert found == {"source": "must be written with two brackets: [[source]]"}


def test_a_key_that_was_wrong_raises_no_second_complaint() -> None:
    text = MINIMAL + 'months = 3\n[source.expiry]\npolicy = "joined"\nmonths = "twelve"\n'
    assert set(faults(text)) == {"source[0].months", "source[0].expiry.months"}


def test_a_column_policy_on_a_smaregi_file_needs_the_column() -> None:
    found = faults(MINIMAL + 'format = "smaregi"\n[source.expiry]\npolicy = "column"\n')
    assert list(found) == ["source[0].columns.end_date"]
    config.parse(MINIMAL + '[source.expiry]\npolicy = "column"\n', PLACE)


def test_formats_and_notices_are_those_of_the_registries() -> None:
    parts = config.KnownParts(formats=["smaregi", "generic"], notices=["expired"])
    found = faults(MINIMAL + 'format = "smargei"\n[notices]\nkinds = ["expird"]\n', parts)
    assert "did you mean smaregi?" in found["source[0].format"]
    assert "did you mean expired?" in found["notices.kinds"]


DATABASE_PROBLEMS = [
    ("", 'own = "LAA0123456-shop"', "database.table_prefix", "is missing"),
    ("", 'own = "LAA0123456-shop"\ntable_prefix = "dtb_x"', "database.table_prefix", "not begin with dtb_"),
    ("", 'own = "LAA0123456-shop"\ntable_prefix = "a`b"', "database.table_prefix", "letters, digits and _"),
    ("", 'own = "LAA0123456-shop"\ntable_prefix = "sync_"', "database.accounts", "single"),
    (
        "",
        'own = "other"\ntable_prefix = "sync_"',
        "database.table_prefix",
        "only for a host with one database",
    ),
    ("", 'own = "a;b"', "database.own", "must be a database name"),
    ("", 'own = "a`b"', "database.own", "must be a database name"),
    ("", 'ssl_ca = "no-such.pem"', "database.ssl_ca", "does not exist"),
    ('[database.setup]\nuser = "eccube_sync"\n', "", "database.setup.user", "another user"),
    (
        '[database.setup]\npassword_env = "X"\npassword_file = "x"\n',
        "",
        "database.setup.password_env",
        "cannot stand beside",
    ),
]


@pytest.mark.parametrize(("after", "inside", "key", "words"), DATABASE_PROBLEMS)
def test_a_database_that_cannot_be_used_is_refused(after: str, inside: str, key: str, words: str) -> None:
    text = MYSQL.replace("[database]\n", f"[database]\n{inside}\n") + after
    found = faults(text)
    assert list(found) == [key]
    assert words in found[key]


def test_sqlite_needs_two_files() -> None:
    assert "database.own" in faults(MINIMAL.replace("own.sqlite", "shop.sqlite"))


@pytest.mark.parametrize("column", sorted(config.REFUSED_COLUMNS))
def test_no_projection_writes_to_a_column_of_eccube_itself(column: str) -> None:
    text = f'[[projection]]\nkind = "column"\ncolumn = "{column.upper()}"\nstore_value = "1"\n'
    assert "never be written to" in faults(MINIMAL + text)["projection[0].column"]


HOSTILE = st.text(min_size=1, max_size=70).filter(
    lambda name: not all(letter.isascii() and (letter.isalnum() or letter == "_") for letter in name.strip())
)


@given(name=HOSTILE, key=st.sampled_from(["column", "table", "customer_column"]))
def test_a_hostile_table_or_column_name_is_refused(name: str, key: str) -> None:
    escaped = "".join(f"\\U{ord(letter):08X}" for letter in name)
    other = 'column = "a"\n' if key != "column" else ""
    text = f'[[projection]]\nkind = "column"\n{other}{key} = "{escaped}"\nstore_value = "1"\n'
    assert f"projection[0].{key}" in faults(MINIMAL + text)


def test_a_password_written_into_the_file_is_refused_without_repeating_it() -> None:
    with pytest.raises(config.SettingsError) as caught:
        config.parse(MYSQL + '[mail]\nsender = "a@example.jp"\npassword = "geheim123"\n', PLACE)
    assert "mail.password: does not belong in this file" in str(caught.value)
    assert "password_file" in str(caught.value)
    assert "geheim123" not in str(caught.value)


def test_a_missing_file_says_how_to_write_one(tmp_path: Path) -> None:
    with pytest.raises(config.SettingsError, match="eccube-sync init"):
        config.load(tmp_path / "none.toml")


def test_a_folder_instead_of_a_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(config.SettingsError, match="cannot be read"):
        config.load(tmp_path)


def test_broken_toml_is_told_with_line_and_column(tmp_path: Path) -> None:
    path = tmp_path / "eccube-sync.toml"
    path.write_text("[shop]\nname = 見本\n", encoding="utf-8")
    with pytest.raises(config.SettingsError, match="line 2, column 8 is not valid TOML"):
        config.load(path)


def test_a_heading_written_twice_is_told_with_what_to_do() -> None:
    text = '[[source]]\nkey = "a"\n[source.expiry]\npolicy = "none"\n[source.expiry]\npolicy = "column"\n'
    with pytest.raises(config.SettingsError, match="heading in line 5 stands in the file already"):
        config.parse(text, Path("eccube-sync.toml"))


def test_toml_that_stops_in_the_middle_is_told() -> None:
    with pytest.raises(config.SettingsError, match="the end of the file is not valid TOML"):
        config.parse('[shop]\nname = "x', PLACE)


def test_a_file_saved_as_shift_jis_is_told_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "eccube-sync.toml"
    path.write_bytes("[shop]\n# 店\nname = 'x'\n".encode("cp932"))
    with pytest.raises(config.SettingsError, match=r"line 2 is not UTF-8; save the file again"):
        config.load(path)


TOML_VALUES = st.sampled_from(
    ['"x"', "3", "-1", "1.5", "true", "[]", '["a"]', "{}", "2026-01-01", "[[1]]", "nan"]
)


@given(data=st.data())
def test_any_value_under_any_key_gives_settings_or_a_clear_refusal(data: st.DataObject) -> None:
    keys = [setting for setting in config.reference(config.Settings) if not setting.by_name]
    setting = data.draw(st.sampled_from(keys))
    value = data.draw(TOML_VALUES)
    section = setting.section.replace("[]", "").replace(".NAME", '."A"')
    header = f"[[{section}]]" if setting.section.endswith("[]") else f"[{section}]" if section else ""
    base = '[[source]]\nkey = "zero"\npattern = "0"\n' if section.startswith("source.") else ""
    text = f"{header}\n{setting.name} = {value}\n"
    try:
        config.parse(base + text if base else text, PLACE)
    except config.SettingsError as error:
        assert error.faults
        assert all(fault.words for fault in error.faults)
        assert "has a value that cannot be used" not in str(error)
        assert "pydantic" not in str(error)
