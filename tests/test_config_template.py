"""The file ``init`` writes explains every key and can be used as it is."""

from __future__ import annotations

import itertools
import re
import tomllib
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eccube_sync import config, configtemplate
from eccube_sync.configproblems import Fault
from eccube_sync.eccubeenv import EccubeDatabase, EccubeEnvironment, EccubeMailer
from eccube_sync.errors import ConfigurationError
from eccube_sync.secretsfile import write_private

SETTINGS = list(config.reference(config.Settings))
KEY_LINE = re.compile(r"^#?([a-z_0-9]+) = ", re.MULTILINE)
UNUSED = {
    "sqlite": {"database.kind": "sqlite", "database.eccube": "shop.sqlite", "database.own": "own.sqlite"},
}


def keys_in(text: str) -> set[str]:
    """Dotted keys of a template, commented out or not."""
    section, found = "", set()
    for line in text.splitlines():
        header = re.match(r'^#?(\[\[?)([a-z_.]+(?:\."ゴールド")?)\]', line)
        if header:
            dotted = header[2].replace('."ゴールド"', ".NAME")
            section = re.sub(r"^(source|projection)\b", r"\1[]", dotted) + "."
        elif key := KEY_LINE.match(line):
            found.add(section + key[1])
    return found


def test_every_key_there_is_stands_in_the_template() -> None:
    expected = {setting.key.replace("columns.NAME", "columns.code") for setting in SETTINGS}
    assert keys_in(configtemplate.render()) == expected


def test_every_key_is_explained_in_the_line_above_it() -> None:
    lines = configtemplate.render().splitlines()
    for above, line in itertools.pairwise(lines):
        if KEY_LINE.match(line):
            assert above.startswith("# ")
    assert all(len(setting.description) > 10 and setting.description.endswith(".") for setting in SETTINGS
               if setting.name != "user")  # fmt: skip


def test_what_init_writes_loads_once_the_secrets_are_there(tmp_path: Path) -> None:
    path = tmp_path / "shop" / "eccube-sync.toml"
    configtemplate.write(path, {"shop.name": "見本商店", "database.eccube": "eccubedb"})
    with pytest.raises(config.SettingsError) as caught:
        config.load(path)
    assert [fault.key for fault in caught.value.faults] == ["database.runtime.password_file"]
    write_private(path.parent / "secrets" / "database-runtime", "word\n")
    settings = config.load(path)
    assert settings.shop.name == "見本商店"
    assert settings.secret("database.runtime") == "word"
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700


def test_a_file_that_is_there_already_is_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "eccube-sync.toml"
    path.write_text("mine", encoding="utf-8")
    with pytest.raises(ConfigurationError, match="exists already"):
        configtemplate.write(path)
    assert path.read_text(encoding="utf-8") == "mine"


def uncommented(key: str) -> str:
    """The template with one key's # (and its tables' #) removed."""
    wanted = next(setting for setting in SETTINGS if setting.key == key)
    header = wanted.section.replace("[]", "").replace(".NAME", '."ゴールド"')
    text = configtemplate.render({"projection[].kind": "none", "mail.sender": "shop@example.jp"})
    before, middle, after = text.partition(f"[{header}]" if header else "language")
    name = "code" if wanted.by_name else wanted.name
    after = re.sub(rf"^#?({name} = )", r"\1", after, count=1, flags=re.MULTILINE)
    return before.removesuffix("#").replace("\n#[", "\n[") + middle + after


@pytest.mark.parametrize("key", [setting.key for setting in SETTINGS])
def test_removing_the_comment_sign_of_a_key_gives_a_value_of_the_right_kind(key: str, tmp_path: Path) -> None:
    text = uncommented(key)
    tomllib.loads(text)
    try:
        config.parse(text, tmp_path / "eccube-sync.toml", check_secrets=False)
    except config.SettingsError as error:
        told = [fault for fault in error.faults if "must" in fault.words and "below" not in fault.words]
        assert told == []


def test_a_key_without_a_default_shows_an_example() -> None:
    assert [setting.key for setting in SETTINGS
            if setting.default is None and setting.example is None and not setting.by_name] == []  # fmt: skip


def test_an_answer_to_a_key_there_is_not_is_a_mistake_of_ours() -> None:
    with pytest.raises(KeyError, match=r"shop\.nmae"):
        configtemplate.render({"shop.nmae": "x"})


def test_a_table_that_means_something_by_being_there_is_not_opened_unasked(tmp_path: Path) -> None:
    settings = config.parse(configtemplate.render(), tmp_path / "eccube-sync.toml", check_secrets=False)
    assert settings.mail is None
    assert settings.projections == ()


@given(
    name=st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"]), min_size=1).filter(
        lambda text: text.strip() == text
    )
)
def test_any_shop_name_survives_being_written_and_read(name: str) -> None:
    text = configtemplate.render({"shop.name": name, **UNUSED["sqlite"]})
    assert config.parse(text, Path("/nowhere/eccube-sync.toml"), check_secrets=False).shop.name == name


def test_answers_of_every_kind_are_written_as_toml(tmp_path: Path) -> None:
    answers = {
        "membership.pause_downgrades_from": date(2026, 4, 1),
        "membership.pause_downgrades_until": date(2026, 4, 2),
        "source[].partial": True,
        "source[].accounts_per_member": 3,
        "matching.link_at": 0.75,
        "notices.expiring_days": (14, 3),
        "projection[].kind": "customer_group",
        "projection[].group": "店舗会員",
        "database.setup.user": None,
    }
    settings = config.parse(
        configtemplate.render(answers), tmp_path / "eccube-sync.toml", check_secrets=False
    )
    assert settings.membership.pause_downgrades_until == date(2026, 4, 2)
    assert settings.source("store").partial is True
    assert settings.source("store").accounts_per_member == 3
    assert settings.matching.link_at == 0.75
    assert settings.notices.expiring_days == (14, 3)
    assert settings.projections[0].group == "店舗会員"
    assert settings.database.setup.user == ""


def test_what_eccube_knows_of_itself_is_filled_in_but_its_passwords(tmp_path: Path) -> None:
    environment = EccubeEnvironment(
        files=(tmp_path / ".env",),
        database=EccubeDatabase(name="shop", user="root", password="geheim", host="db.example.jp", port=3307),
        mailer=EccubeMailer("smtp", "mail.example.jp", 587, "starttls", "mailer", "geheim"),
    )
    answers = configtemplate.answers_from_eccube(environment, tmp_path)
    text = configtemplate.render({**answers, "mail.sender": "shop@example.jp"})
    assert "geheim" not in text
    settings = config.parse(text, tmp_path.parent / "eccube-sync.toml", check_secrets=False)
    assert (settings.database.eccube, settings.database.host, settings.database.port) == (
        "shop", "db.example.jp", 3307,
    )  # fmt: skip
    assert settings.database.runtime.user == "eccube_sync"
    assert settings.mail is not None
    assert (settings.mail.host, settings.mail.port, settings.mail.user) == ("mail.example.jp", 587, "mailer")


def test_an_eccube_that_sends_nothing_answers_nothing_about_mail(tmp_path: Path) -> None:
    database = EccubeDatabase(name="shop", user="root", password="", socket=Path("/run/my.sock"))
    answers = configtemplate.answers_from_eccube(
        EccubeEnvironment((), database, EccubeMailer("none")), tmp_path
    )
    assert answers["database.socket"] == "/run/my.sock"
    assert not [key for key in answers if key.startswith("mail.")]


def test_the_reference_says_type_default_and_choices_of_every_key() -> None:
    rows = {setting.key: setting for setting in SETTINGS}
    assert rows["database.port"].default == 3306
    assert rows["database.port"].type == "whole number"
    assert rows["mail.security"].choices == ("starttls", "smtps", "plain")
    assert rows["notices.expiring_days"].is_list
    assert rows["shop.name"].required
    assert rows["source[].expiry.rank.NAME.months"].section == "source[].expiry.rank.NAME"
    assert rows["source[].columns.NAME"].by_name
    assert {"guards.mails", "legal.relation", "undo.keep_days", "projection[].on_drift"} <= rows.keys()


def test_a_fault_without_a_key_is_told_without_a_colon() -> None:
    assert str(Fault("", "is broken")) == "is broken"
