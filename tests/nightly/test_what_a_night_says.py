"""What a night tells whom: exit code and words for cron, JSON for programs, one mail for the owner."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import time, timedelta
from email import message_from_bytes, policy
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from eccube_sync.services import nightly
from eccube_sync.tables.customers import customer_class
from eccube_sync.tables.links import link
from eccube_sync.tables.members import member
from eccube_sync.tables.notices import notice
from tests.nightly.conftest import ON_ONE_ENGINE
from tests.nightly.days import Days, day
from tests.nightly.story import FAR, SECTIONS
from tests.support.installed import TODAY, InstalledShop
from tests.support.smtp import Sink

pytestmark = ON_ONE_ENGINE
OWNER = "owner@shop.example.jp"


@pytest.fixture
def settled(installed: InstalledShop, sink: Sink) -> InstalledShop:
    """60 customers, 80 members, an owner who gets mails, and the store's first export."""
    installed.mail_port, installed.sections = sink.port, SECTIONS
    installed.configure()
    installed.fill(60, 80)
    installed.members = [replace(one, end_date=FAR) for one in installed.members]
    installed.drop_export(TODAY)
    installed.at(TODAY, 10, 30)
    return installed


def owners_mails(sink: Sink) -> list[tuple[str, str]]:
    """Subject and text of every mail to the owner; they are taken out of the sink."""
    found = []
    for _sender, recipients, content in sink.mails:
        if recipients == [OWNER]:
            mail = message_from_bytes(content, policy=policy.default)
            text = mail.get_body(("plain",))
            assert text is not None
            found.append((str(mail["Subject"]), text.get_content()))
    sink.mails.clear()
    return found


def test_quiet_says_nothing_at_all_when_all_is_well(
    settled: InstalledShop, capfd: pytest.CaptureFixture[str]
) -> None:
    for _time in range(2):
        assert settled.run("-q", "nightly") == 0
    assert capfd.readouterr() == ("", "")


def test_one_line_counts_a_night(settled: InstalledShop, capfd: pytest.CaptureFixture[str]) -> None:
    assert settled.run("nightly") == 0
    out, err = capfd.readouterr()
    assert err == ""
    assert out.splitlines()[0].startswith("Night of 2026-04-10: rows in the file: 80, new: 80, ")


def test_json_is_one_document_with_stable_keys(
    settled: InstalledShop, capfd: pytest.CaptureFixture[str]
) -> None:
    assert settled.run("-q", "nightly", "--json") == 0
    told = json.loads(capfd.readouterr().out)
    assert told["counts"]["rows"] == 80
    assert told["counts"]["links_by_match"] > 10


def test_trouble_is_said_even_when_asked_to_be_quiet(
    settled: InstalledShop, sink: Sink, capfd: pytest.CaptureFixture[str]
) -> None:
    assert settled.run("nightly") == 0
    first = settled.eccube.rows("SELECT MIN(customer_id) FROM plg_customer_group_customers_groups")[0][0]
    settled.eccube.execute(
        "DELETE FROM plg_customer_group_customers_groups WHERE customer_id = :id", id=first
    )
    capfd.readouterr()
    assert settled.run("-q", "nightly") == 1
    assert "places in EC-CUBE that somebody else changed: 1" in capfd.readouterr().err
    # It is new once; from then on it is a backlog.
    assert settled.run("-q", "nightly") == 0
    owners_mails(sink)
    settled.at(TODAY + timedelta(days=1), 9)
    assert settled.run("-q", "nightly") == 0
    [(_subject, text)] = owners_mails(sink)
    assert "somebody else changed in EC-CUBE: 1" in text


def test_an_overdue_export_is_asked_for_and_stops_nothing_else(
    settled: InstalledShop, sink: Sink, capfd: pytest.CaptureFixture[str]
) -> None:
    assert settled.run("nightly") == 0
    owners_mails(sink)
    settled.eccube.execute("UPDATE dtb_customer SET phone_number = '08011112222' WHERE id = 7")
    settled.at(TODAY + timedelta(days=1), 12, 29)
    assert settled.run("-q", "nightly") == 0
    settled.at(TODAY + timedelta(days=2), 10, 30)
    capfd.readouterr()
    assert settled.run("-q", "nightly") == 1
    said = capfd.readouterr().err
    assert "The member export of smaregi is overdue" in said
    mails = owners_mails(sink)
    assert len(mails) == 2
    assert "it is 34 hours late" in mails[-1][1]
    assert "The member export of smaregi is overdue" in mails[-1][1]


def test_the_owner_hears_why_a_file_was_refused_and_hears_it_once(settled: InstalledShop, sink: Sink) -> None:
    assert settled.run("nightly") == 0
    [(_subject, text)] = owners_mails(sink)
    assert "Store data: 80 rows (80 new, 0 changed)" in text
    tomorrow = TODAY + timedelta(days=1)
    settled.drop_export(tomorrow, settled.members[:50])
    settled.at(tomorrow, 10, 30)
    for _time in range(3):
        assert settled.run("nightly") == 70
    [(subject, text)] = owners_mails(sink)
    assert "the night was stopped" in subject
    assert "The file has 50 rows, the last good one had 80" in text
    # The full export the same day: the owner hears that the night came to its end after all.
    settled.drop_export(tomorrow, [replace(settled.members[0], points=1), *settled.members[1:]], at=time(9))
    assert settled.run("nightly") == 0
    [(subject, text)] = owners_mails(sink)
    assert "stopped" not in subject
    assert "1 changed" in text


def test_stages_can_be_switched_off(settled: InstalledShop, sink: Sink) -> None:
    expected = {
        ("import",): (80, 0, 0, 0),
        ("import", "classify"): (80, 1, 1, 0),
        ("import", "classify", "project"): (80, 1, 1, 1),
    }
    for stages, found in expected.items():
        names = ", ".join(f'"{stage}"' for stage in stages)
        settled.sections = f"[nightly]\nstages = [{names}]\n"
        settled.configure()
        assert settled.run("nightly") == 0
        shown = len(settled.eccube.rows("SELECT * FROM plg_customer_group_customers_groups"))
        counts = (settled.count(link), settled.count(customer_class), shown)
        assert (settled.count(member), *(min(one, 1) for one in counts)) == found
    assert sink.mails == []
    assert settled.count(notice, notice.c.state != "baseline") == 0
    assert list(settled.settings().folders.review_out.iterdir()) == []


def test_one_bad_review_file_keeps_no_good_one_away(settled: InstalledShop) -> None:
    assert settled.run("nightly") == 0
    folder = settled.settings().folders.review_in
    (folder / "a.csv").write_text("no,review,file\r\n1,2,3\r\n")
    (folder / "b.xlsx").write_bytes(b"not a workbook")
    assert settled.run("-q", "nightly") == 65
    assert sorted(path.name for path in folder.iterdir() if path.is_file()) == ["a.csv", "b.xlsx"]


def test_a_given_file_is_imported_and_stays_where_it_is(settled: InstalledShop) -> None:
    dropped = settled.settings().folders.drop / "members_20260410_0030.csv"
    given = settled.folder / "members_20260410_0900.csv"
    dropped.rename(given)
    for _time in range(3):
        assert settled.run("-q", "nightly", str(given)) == 0
    assert given.exists()
    assert settled.count(member) == 80


def test_a_given_file_of_one_of_two_sources_is_refused(
    settled: InstalledShop, capfd: pytest.CaptureFixture[str]
) -> None:
    settled.sections = '[[source]]\nkey = "second"\nformat = "generic"\nwatch = "second"\n'
    settled.configure()
    (settled.folder / "second").mkdir()
    given = settled.folder / "given.csv"
    given.write_text("x\r\n")
    assert settled.run("nightly", str(given)) == 64
    assert "several sources" in capfd.readouterr().err
    # What is wrong with one source's file keeps no other source's from being imported.
    given.rename(settled.folder / "second" / "bad.csv")
    assert settled.run("-q", "nightly") == 65
    assert settled.count(member) == 80


def test_a_clock_set_back_starts_nothing(settled: InstalledShop, capfd: pytest.CaptureFixture[str]) -> None:
    assert settled.run("nightly") == 0
    before = settled.state()
    settled.at(TODAY, 9)
    assert settled.run("-q", "nightly") == 70
    assert "5400 seconds before the last run" in capfd.readouterr().err
    assert settled.state() == before


def test_an_unexpected_error_leaves_a_file_of_ids_and_the_next_night_goes_on(
    settled: InstalledShop, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def breaks(_night: nightly.Night) -> None:
        raise RuntimeError("山田 花子 090-1111-2222")

    with monkeypatch.context() as broken:
        broken.setitem(nightly.STAGES, "expire", breaks)
        assert settled.run("-q", "nightly") == 71
    said = capfd.readouterr().err
    assert "RuntimeError" in said
    left = [path.read_text() for path in settled.settings().folders.crash.iterdir()]
    assert "山田" not in said + "".join(left)
    assert settled.run("-q", "nightly") == 0


@pytest.fixture
def pinged() -> Iterator[tuple[int, list[str]]]:
    """A monitoring service: its port, and the paths it was called at."""
    paths: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            paths.append(self.path)
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_arguments: object) -> None:
            """Say nothing."""

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server.server_port, paths
        server.shutdown()
        thread.join()


def test_a_monitor_hears_of_every_night_but_not_of_one_that_gave_way(
    settled: InstalledShop, pinged: tuple[int, list[str]]
) -> None:
    port, paths = pinged
    address = f"http://127.0.0.1:{port}"
    settled.sections += (
        f'[ping]\nstart = "{address}/start"\nsuccess = "{address}/good"\nfailure = "{address}/bad"\n'
    )
    settled.configure()
    assert settled.run("-q", "nightly") == 0
    settled.at(TODAY + timedelta(days=1), 10, 30)
    settled.drop_export(TODAY + timedelta(days=1), settled.members[:9])
    assert settled.run("-q", "nightly") == 70
    assert paths == ["/start", "/good", "/start", "/bad"]
    with settled.connect() as (service, connection), nightly.applied_run(service, connection, "nightly"):
        assert settled.run("-q", "nightly") == 75
    assert len(paths) == 4


def test_a_mass_date_is_announced_a_week_ahead_and_can_be_approved(
    installed: InstalledShop, sink: Sink, capfd: pytest.CaptureFixture[str]
) -> None:
    installed.guards = "downgrades = 5\ndowngrades_percent = 1\n"
    names = tuple(f"Member {number}" for number in range(8))
    days = Days(installed, sink, *names)
    days.usual_night(day(-8))
    assert "guards approve" not in capfd.readouterr().out
    days.usual_night(day(-6))
    assert "run: eccube-sync guards approve 2026-04-11 8" in capfd.readouterr().out
    for number in range(-5, 1):
        days.usual_night(day(number))
    days.export(day(1), time(0, 30))
    installed.at(day(1), 3)
    assert installed.run("-q", "nightly") == 70
    assert "8 of" in capfd.readouterr().err
    assert set(days.classes().values()) == {"store"}
    assert installed.run("guards", "approve", "2026-04-11", "8") == 0
    days.night(day(1), 4)
    assert set(days.classes().values()) == {"ec_only"}
