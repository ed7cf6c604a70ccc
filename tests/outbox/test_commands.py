"""The commands ``notify`` and ``notices`` as a user calls them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from eccube_sync.application import Application
from eccube_sync.cli import run
from eccube_sync.i18n import set_language
from tests.outbox.conftest import ON_SQLITE, Outbox, parsed
from tests.support.smtp import FaultyServer

pytestmark = ON_SQLITE


@pytest.fixture(autouse=True)
def _in_english() -> None:
    """The messages in English."""
    set_language("en")


def call(outbox: Outbox, *arguments: str) -> int:
    application = Application(language="en", clock=outbox.ours.clock)
    application.__dict__["settings"] = outbox.ours.settings
    return run(["--language", "en", *arguments], application)


def test_notify_sends_and_says_how_many(
    outbox: Outbox, server: FaultyServer, capsys: pytest.CaptureFixture[str]
) -> None:
    outbox.expire(*outbox.people(2))

    assert call(outbox, "notify") == 0
    assert "notices sent" in capsys.readouterr().out
    assert len(server.accepted) == 2


def test_notify_ends_with_1_when_a_mail_is_in_doubt(outbox: Outbox) -> None:
    outbox.expire(outbox.person())
    with FaultyServer("dot", "drop") as server:
        outbox.use(server)
        assert call(outbox, "notify") == 1
        assert call(outbox, "notify") == 0


def test_a_quiet_notify_speaks_only_of_what_a_person_must_settle(
    outbox: Outbox, capsys: pytest.CaptureFixture[str]
) -> None:
    outbox.expire(outbox.person())
    with FaultyServer("dot", "drop") as server:
        outbox.use(server)
        call(outbox, "-q", "notify")
        said = capsys.readouterr()
        assert (said.out, "in doubt" in said.err) == ("", True)
        call(outbox, "-q", "notify")
        said = capsys.readouterr()
        assert (said.out, said.err) == ("", "")


def test_a_wrong_number_for_recorded_events_is_refused(
    outbox: Outbox, server: FaultyServer, capsys: pytest.CaptureFixture[str]
) -> None:
    outbox.expire(*outbox.people(2), baseline=True)

    assert call(outbox, "notify", "--mail-baseline", "3") == 70
    assert "2 recorded events" in capsys.readouterr().err
    assert call(outbox, "notify", "--mail-baseline", "2") == 0
    assert len(server.accepted) == 2


def test_outside_the_window_notify_ends_well(
    outbox: Outbox, server: FaultyServer, capsys: pytest.CaptureFixture[str]
) -> None:
    outbox.expire(outbox.person())
    outbox.later(hours=8)

    assert call(outbox, "notify") == 0
    assert "2026-04-11 10:00" in capsys.readouterr().out


def test_the_list_names_customers_by_id_only(
    outbox: Outbox, server: FaultyServer, capsys: pytest.CaptureFixture[str]
) -> None:
    outbox.expire(outbox.person(), outbox.person(), baseline=False)
    outbox.send(limit=1)
    assert call(outbox, "notices", "list", "--json") == 0
    listed = json.loads(capsys.readouterr().out)
    assert listed["counts"] == {"notices_queued": 1, "notices_sent": 1}
    assert "@" not in json.dumps(listed)

    assert call(outbox, "notices", "list", "--state", "queued", "--json") == 0
    (listing,) = json.loads(capsys.readouterr().out)["listings"]
    assert [row[0] for row in listing["rows"]] == [2]


def test_a_mail_in_doubt_is_settled_by_hand(outbox: Outbox, capsys: pytest.CaptureFixture[str]) -> None:
    outbox.expire(outbox.person())
    with FaultyServer("dot", "drop") as server:
        outbox.use(server)
        outbox.send()
    assert call(outbox, "notices", "resolve", "1") == 64
    assert call(outbox, "notices", "resolve", "1", "--assume-sent") == 0
    assert call(outbox, "notices", "resolve", "1", "--assume-sent") == 64
    assert "notices list" in capsys.readouterr().err
    assert outbox.states() == ["sent"]


def test_a_preview_shows_the_mail_in_the_shops_name(
    outbox: Outbox, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call(outbox, "notices", "preview", "expired") == 0
    shown = capsys.readouterr().out
    assert "見本商店" in shown
    assert "有効期限：" in shown
    assert call(outbox, "notices", "preview", "expired", "--unproven") == 0
    assert "有効期限：" not in capsys.readouterr().out
    assert call(outbox, "notices", "preview", "expired", "--html") == 0
    assert "</html>" in capsys.readouterr().out
    assert call(outbox, "notices", "preview", "owner") == 0
    assert call(outbox, "notices", "preview", "birthday") == 64


def test_a_preview_can_be_a_file_for_a_mail_program(outbox: Outbox, tmp_path: Path) -> None:
    path = tmp_path / "expired.eml"

    assert call(outbox, "notices", "preview", "expired", "--output", str(path)) == 0
    assert "見本商店" in parsed(path.read_bytes())["Subject"]
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_test_goes_to_one_address_marked_as_a_test(outbox: Outbox, server: FaultyServer) -> None:
    assert call(outbox, "notices", "test", "linked", "--to", "me@example.jp") == 0
    (content,) = server.accepted
    assert parsed(content)["To"] == "me@example.jp"
    assert parsed(content)["Subject"].startswith("[Test] ")
    assert outbox.notices() == []
    assert call(outbox, "notices", "test", "linked", "--to", "a@example.jp, b@example.jp") == 65
