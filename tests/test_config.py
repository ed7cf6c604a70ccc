"""A configuration file is read whole, with defaults a shop can live with."""

from __future__ import annotations

from datetime import date, time
from pathlib import Path

import pytest

from eccube_sync import config

MINIMAL = """
[shop]
name = "見本商店"
[database]
kind = "sqlite"
eccube = "shop.sqlite"
own = "own.sqlite"
[[source]]
key = "store"
"""

MYSQL = """
[shop]
name = "見本商店"
[database]
eccube = "LAA0123456-shop"
[database.runtime]
user = "eccube_sync"
[[source]]
key = "store"
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "eccube-sync.toml"


def test_a_short_file_is_enough_for_a_demonstration(path: Path) -> None:
    path.write_text(MINIMAL, encoding="utf-8")
    settings = config.load(path)
    assert settings.path == path
    assert settings.language == "ja"
    assert settings.shop.name == "見本商店"
    assert [source.key for source in settings.sources] == ["store"]
    assert settings.sqlite_path("own") == path.parent / "own.sqlite"


def test_nobody_is_downgraded_or_shown_anything_unless_the_shop_says_so(path: Path) -> None:
    settings = config.parse(MINIMAL, path)
    assert settings.source("store").expiry.policy == "none"
    assert settings.membership.human_link_is_proof is False
    assert settings.notices.promotion is False
    assert settings.legal.relation is None
    assert settings.projections == ()


def test_guards_start_with_the_numbers_of_the_design(path: Path) -> None:
    guards = config.parse(MINIMAL, path).guards
    assert (guards.surprise_downgrades, guards.surprise_downgrades_percent) == (5, 0.5)
    assert (guards.downgrades, guards.downgrades_percent) == (30, 10.0)
    assert (guards.import_percent, guards.fill_rate_points, guards.backwards_percent) == (98.0, 5.0, 1.0)
    assert (guards.mails_per_downgrade, guards.mails, guards.clock_seconds) == (1.2, 500, 120)
    assert config.parse(MINIMAL, path).source("store").export_every_hours * guards.stale_factor == 36


def test_state_lies_beside_the_file_unless_it_is_moved(path: Path) -> None:
    folders = config.parse(MINIMAL, path).folders
    assert folders.root.resolve() == path.parent.resolve()
    moved = config.parse(MINIMAL + '[state]\ndirectory = "var"\n', path).folders
    assert moved.drop == path.parent / "var/inbox/drop"
    assert moved.review_in == path.parent / "var/review/in"
    assert moved.review_out == path.parent / "var/review/out"
    assert moved.secrets == path.parent / "var/secrets"
    assert moved.outbox_journal == path.parent / "var/outbox/journal"


def test_state_folders_are_created_for_nobody_else(path: Path) -> None:
    folders = config.parse(MINIMAL + '[state]\ndirectory = "var"\n', path).folders
    folders.create()
    folders.create()
    for folder in folders.all():
        assert folder.stat().st_mode & 0o777 == 0o700
    assert folders.review_in.parent.stat().st_mode & 0o777 == 0o700


def test_relative_paths_start_from_the_folder_of_the_file(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir("/")
    (path.parent / "texts").mkdir()
    settings = config.parse(MINIMAL + 'watch = "up"\n[notices]\ntemplates = "texts"\n', path)
    assert settings.notices.templates == path.parent / "texts"
    assert settings.drop_folder(settings.source("store")) == path.parent / "up"


def test_without_a_folder_of_its_own_a_source_watches_the_drop_folder(path: Path) -> None:
    settings = config.parse(MINIMAL, path)
    assert settings.drop_folder(settings.source("store")) == settings.folders.drop


def test_one_header_or_several_may_name_a_field(path: Path) -> None:
    text = MINIMAL + '[source.columns]\ncode = "カード"\nend_date = ["期限", "備考2"]\n'
    columns = config.parse(text, path).source("store").columns
    assert columns == {"code": ("カード",), "end_date": ("期限", "備考2")}


def test_a_rank_may_have_its_own_policy(path: Path) -> None:
    text = MINIMAL + (
        '[source.expiry]\npolicy = "joined"\nmonths = 12\ngrace_days = 5\n'
        '[source.expiry.rank."ゴールド"]\npolicy = "last_visit"\nmonths = 24\nmonth_end = true\n'
    )
    expiry = config.parse(text, path).source("store").expiry
    assert expiry.for_rank("G1", "ゴールド").months == 24
    assert expiry.for_rank("G1", "シルバー").months == 12


def test_a_group_is_named_by_its_name_or_its_id(path: Path) -> None:
    text = MINIMAL + (
        '[[projection]]\nkind = "customer_group"\ngroup = "店舗会員"\n'
        '[[projection]]\nkind = "customer_group"\ngroup = 3\n'
    )
    assert [projection.group for projection in config.parse(text, path).projections] == ["店舗会員", "3"]


def test_the_send_window_is_two_times_of_day(path: Path) -> None:
    assert config.parse(MINIMAL, path).notices.send_window == (time(10, 0), time(18, 0))


def test_the_mail_port_follows_the_security(path: Path) -> None:
    for security, port in (("starttls", 587), ("smtps", 465), ("plain", 25)):
        text = MINIMAL + f'[mail]\nsender = "shop@example.jp"\nsecurity = "{security}"\n'
        mail = config.parse(text, path).mail
        assert mail is not None
        assert mail.effective_port == port


def test_downgrades_pause_on_both_days_named(path: Path) -> None:
    text = MINIMAL + (
        "[membership]\npause_downgrades_from = 2026-04-01\npause_downgrades_until = 2026-04-30\n"
    )
    membership = config.parse(text, path).membership
    paused = [membership.downgrades_paused(date(2026, *day)) for day in ((3, 31), (4, 1), (4, 30), (5, 1))]
    assert paused == [False, True, True, False]


def test_a_byte_order_mark_from_notepad_does_no_harm(path: Path) -> None:
    path.write_text(MINIMAL, encoding="utf-8-sig")
    assert config.load(path).shop.name == "見本商店"


def test_database_names_of_rental_servers_are_taken(path: Path) -> None:
    assert config.parse(MYSQL, path).database.eccube == "LAA0123456-shop"


def test_with_one_account_setup_is_done_by_the_account_of_every_day(path: Path) -> None:
    text = MYSQL.replace("[database]\n", '[database]\naccounts = "single"\n')
    assert config.parse(text, path).account("setup").user == "eccube_sync"
    assert config.parse(MYSQL, path).account("setup").user == ""


def test_settings_cannot_be_changed_once_read(path: Path) -> None:
    settings = config.parse(MINIMAL, path)
    with pytest.raises(ValueError, match="frozen"):
        settings.shop.name = "other"  # type: ignore[misc]


def test_the_sender_says_what_is_still_missing_for_advertising(path: Path) -> None:
    sender = config.parse(MINIMAL + '[sender]\nname = "見本商店"\n', path).sender
    assert sender.missing == ("postal_address", "contact", "unsubscribe_url")


def test_asking_for_a_source_that_is_not_there_names_those_that_are(path: Path) -> None:
    with pytest.raises(config.ConfigurationError, match="no source web; it has: store"):
        config.parse(MINIMAL, path).source("web")
