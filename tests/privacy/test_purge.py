"""What is older than its period goes; nothing younger does."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from eccube_sync.tables.members import member, member_version
from eccube_sync.tables.notices import notice
from eccube_sync.tables.runs import journal
from tests.privacy.conftest import DAY_2, DAY_3, ON_SQLITE, Canary


@ON_SQLITE
def test_old_texts_versions_and_files_go_and_the_newest_stay(canary: Canary) -> None:
    shop = canary.shop
    shop.members = [
        replace(one, mobile="080-0000-1111") if one.code == canary.code else one for one in shop.members
    ]
    canary.night(DAY_3)
    shop.at(DAY_3 + timedelta(days=399), 12)
    assert shop.run("purge", "--apply") == 0
    assert {"notice", "member_version"} <= canary.found()
    for path in shop.settings().folders.exports.iterdir():
        os.utime(path, (0, 0))
    shop.at(DAY_3 + timedelta(days=402), 12)
    assert shop.run("purge", "--apply") == 0
    assert not shop.count(notice, notice.c.recipient.is_not(None), notice.c.state == "sent")
    assert not list(shop.settings().folders.exports.iterdir())
    kept = shop.rows(select(member_version.c.mobile).join(member, member.c.version_id == member_version.c.id))
    assert any(row.mobile for row in kept)
    old = select(member_version.c.mobile).join(member, member.c.id == member_version.c.member_id)
    rows = shop.rows(old.where(member.c.version_id != member_version.c.id))
    assert rows and not any(row.mobile for row in rows)
    assert shop.count(journal, journal.c.reason == "retention") >= len(rows)


@ON_SQLITE
def test_people_long_gone_are_forgotten_by_themselves(canary: Canary) -> None:
    shop = canary.shop
    canary.withdraw()
    canary.night(DAY_3, without_member=True)
    shop.at(DAY_2 + timedelta(days=500), 12)
    assert shop.run("purge", "--apply") == 0
    assert canary.found() == set()


@ON_SQLITE
def test_what_goes_is_what_the_plan_said(canary: Canary, capsys: pytest.CaptureFixture[str]) -> None:
    """Also the imported files and review files that are old, and those that name somebody who goes."""
    shop = canary.shop
    canary.withdraw()
    canary.night(DAY_3, without_member=True)
    folders = shop.settings().folders
    os.utime(next(iter(folders.imported.iterdir())), (0, 0))
    shop.at(DAY_2 + timedelta(days=500), 12)
    everything = [path for path in folders.root.rglob("*") if path.is_file()]
    capsys.readouterr()
    assert shop.run("purge", "--json") == 0
    planned = json.loads(capsys.readouterr().out)["counts"]
    assert [path for path in everything if not path.exists()] == []
    assert shop.run("purge", "--json", "--apply") == 0
    done = json.loads(capsys.readouterr().out)["counts"]
    assert done == planned
    assert done["forgotten"] >= 2
    assert len([path for path in everything if not path.exists()]) == done["files_deleted"] > 2
