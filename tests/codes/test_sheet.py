"""``codes sheet``: what is printed decodes to the shop's registration page with the code, and fits its paper."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eccube_sync.codelabels import code_url
from eccube_sync.errors import BadInputError, ConfigurationError, UsageError
from eccube_sync.labelpapers import A4_HEIGHT, A4_WIDTH, PAPERS, Sheet
from eccube_sync.linkcode import new_code, print_code, read_code
from eccube_sync.services.codes.listing import apply_revoke, plan_revoke
from eccube_sync.services.codes.sheets import SheetPlan, apply_sheet, choose_paper, plan_sheet
from eccube_sync.services.privacy.exportlog import exports_report
from eccube_sync.services.privacy.purging import apply_purge, plan_purge
from tests.codes.counter import Counter, Label, read_labels
from tests.codes.printed import PrintedPage, read_pdf

ENTRY = "https://shop.example.jp/entry"


@pytest.fixture
def printing(small: Counter) -> Iterator[Counter]:
    """The counter of a shop that says where customers register."""
    codes = small.ours.settings.codes.model_copy(update={"entry_url": ENTRY})
    small.ours.service = replace(
        small.ours.service, settings=small.ours.settings.model_copy(update={"codes": codes})
    )
    yield small


def a_list(counter: Counter, count: int) -> tuple[Path, list[Label]]:
    """A list from ``codes issue``."""
    labels = counter.issue(count)
    return max(counter.ours.settings.folders.codes.glob("*.csv"), key=lambda one: one.stat().st_mtime), labels


def planned(counter: Counter, path: Path, paper: str = "24", **options: Any) -> SheetPlan:
    with counter.ours.connect() as connection:
        return plan_sheet(counter.ours.service, connection, path, choose_paper(paper), **options)


def printed(counter: Counter, path: Path, paper: str = "24", **options: Any) -> list[PrintedPage]:
    plan = planned(counter, path, paper, **options)
    counter.ours.apply(lambda run: apply_sheet(run, plan), "codes sheet")
    return read_pdf(plan.path)


def decoded(pages: list[PrintedPage]) -> list[str]:
    """The codes a phone finds in the QR codes, page by page from the upper left."""
    found = []
    for page in pages:
        for url, _across, _down in sorted(page.codes, key=lambda one: (round(one[2] / 5), one[1])):
            assert url.startswith(f"{ENTRY}?")
            found += parse_qs(urlsplit(url).query)["link_code"]
    return found


@pytest.mark.parametrize(("paper", "count"), [("10", 10), ("12", 12), ("24", 30), ("65", 65)])
def test_every_label_decodes_to_the_registration_page_with_its_own_code(
    printing: Counter, paper: str, count: int
) -> None:
    path, labels = a_list(printing, count)
    pages = printed(printing, path, paper)
    assert decoded(pages) == [label.code for label in labels]
    sheet = PAPERS[paper]
    assert isinstance(sheet, Sheet)
    assert len(pages) == -(-count // sheet.labels)
    for page in pages:
        assert (round(page.width), round(page.height)) == (A4_WIDTH, A4_HEIGHT)
        for place, (_url, across, down) in enumerate(
            sorted(page.codes, key=lambda one: (round(one[2] / 5), one[1]))
        ):
            left, bottom = sheet.corner(place)
            assert left < across < left + sheet.label_width
            assert bottom < A4_HEIGHT - down < bottom + sheet.label_height


@pytest.mark.parametrize(("paper", "width"), [("58mm", 58), ("80mm", 80)])
def test_a_receipt_is_as_wide_as_its_roll_and_decodes_at_a_receipt_printers_resolution(
    printing: Counter, paper: str, width: int
) -> None:
    path, labels = a_list(printing, 3)
    pages = printed(printing, path, paper)
    assert [round(page.width) for page in pages] == [width] * 3
    assert decoded(pages) == [label.code for label in labels]
    pdf = printing.ours.settings.folders.codes / f"{path.stem}.pdf"
    assert decoded(read_pdf(pdf, 203)) == [label.code for label in labels]
    assert all(label.serial in page.text for label, page in zip(labels, pages, strict=True))


def test_a_label_says_in_japanese_what_to_do_and_in_english_when_asked(printing: Counter) -> None:
    path, (label,) = a_list(printing, 1)
    (page,) = printed(printing, path)
    words = "".join(page.text.split())
    assert label.code in words
    assert label.serial in words
    assert "QRコード" in words
    assert "2026年5月10日" in words
    (page,) = printed(printing, path, output=printing.folder / "en.pdf", language="en")
    assert "Scan the QR code" in " ".join(page.text.split())


def test_a_sheet_used_in_part_begins_at_the_label_named(printing: Counter) -> None:
    path, labels = a_list(printing, 3)
    pages = printed(printing, path, first=23)
    assert [len(page.codes) for page in pages] == [2, 1]
    assert decoded(pages) == [label.code for label in labels]
    with pytest.raises(UsageError, match="no label 25"):
        planned(printing, path, first=25)


def test_a_revoked_code_is_not_printed_and_a_wrong_list_prints_nothing(printing: Counter) -> None:
    path, (first, second, third) = a_list(printing, 3)
    with printing.ours.connect() as connection:
        plan = plan_revoke(connection, [second.serial], None)
    printing.ours.apply(lambda run: apply_revoke(run, plan), "codes revoke")
    assert decoded(printed(printing, path)) == [first.code, third.code]

    swapped = printing.write(("serial", "code"), [(first.serial, third.code), (third.serial, first.code)])
    with pytest.raises(BadInputError) as refused:
        planned(printing, swapped)
    assert "belong together" in str(refused.value)
    assert not any(one.code in str(refused.value) for one in (first, third))
    dead = printing.write(("serial", "code"), [(second.serial, second.code)])
    with pytest.raises(BadInputError, match="nothing to print"):
        planned(printing, dead)


def test_the_pdf_is_closed_to_others_logged_never_below_a_web_root_and_purged(printing: Counter) -> None:
    os.umask(0)
    path, _labels = a_list(printing, 2)
    plan = planned(printing, path)
    assert not plan.path.exists()
    printing.ours.apply(lambda run: apply_sheet(run, plan), "codes sheet")
    assert stat.S_IMODE(plan.path.stat().st_mode) == 0o600
    with printing.ours.connect() as connection:
        newest = exports_report(connection, 1).listings[0].rows[0]
    assert "codes sheet" in newest
    public = printing.folder / "public_html"
    public.mkdir()
    with pytest.raises(UsageError, match="browser"):
        planned(printing, path, output=public / "labels.pdf")
    with pytest.raises(UsageError, match="exists already"):
        planned(printing, path)

    printing.ours.clock.advance(timedelta(days=400))
    with printing.ours.connect() as connection:
        old = plan_purge(printing.ours.service, connection)
    printing.ours.apply(lambda run: apply_purge(run, old), "purge")
    assert not plan.path.exists()
    assert not path.exists()


def test_without_the_address_of_the_registration_page_nothing_is_drawn(small: Counter) -> None:
    path, _labels = a_list(small, 1)
    with pytest.raises(ConfigurationError, match="entry_url"):
        planned(small, path)


def test_neither_plan_nor_error_nor_report_tells_a_code(printing: Counter) -> None:
    path, labels = a_list(printing, 2)
    plan = planned(printing, path)
    report = printing.ours.apply(lambda run: apply_sheet(run, plan), "codes sheet")
    told = repr(plan) + repr(plan.report().as_json()) + repr(report.as_json())
    assert not any(label.code in told for label in read_labels(path))
    assert labels


def test_measures_of_a_sheet_can_be_changed_and_too_small_labels_are_refused() -> None:
    sheet = choose_paper("24", columns=2, rows=4, left=10, top=20, gap_across=5)
    assert isinstance(sheet, Sheet)
    assert (sheet.labels, sheet.label_width, sheet.label_height) == (8, 92.5, 64.25)
    with pytest.raises(UsageError, match="at least"):
        choose_paper("65", columns=8)
    with pytest.raises(UsageError, match="receipts"):
        choose_paper("58mm", columns=2)


@pytest.mark.parametrize("key", ["10", "12", "24", "65"])
def test_the_labels_of_a_sheet_lie_on_it_and_apart(key: str) -> None:
    sheet = PAPERS[key]
    assert isinstance(sheet, Sheet)
    assert sheet.labels == int(key)
    corners = [sheet.corner(place) for place in range(sheet.labels)]
    assert len(set(corners)) == sheet.labels
    for left, bottom in corners:
        assert left >= sheet.left - 1e-6
        assert left + sheet.label_width <= A4_WIDTH - sheet.left + 1e-6
        assert bottom >= sheet.top - 1e-6
        assert bottom + sheet.label_height <= A4_HEIGHT - sheet.top + 1e-6


@given(st.sampled_from(["", "?a=1", "?a=1&b=%E3%81%82", "#top", "?a=#top"]))
def test_the_address_keeps_what_it_had_and_gains_the_code(more: str) -> None:
    code = print_code(new_code())
    url = urlsplit(code_url(ENTRY + more, code))
    query = parse_qs(url.query, keep_blank_values=True)
    assert read_code(query.pop("link_code")[0]) == read_code(code)
    assert query == parse_qs(urlsplit(ENTRY + more).query, keep_blank_values=True)
    assert url.fragment == urlsplit(ENTRY + more).fragment
