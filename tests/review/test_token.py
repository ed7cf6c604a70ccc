"""Tokens of review rows: one key a shop, one token a case, version and export, and every other string refused."""

from __future__ import annotations

import stat
from pathlib import Path
from typing import NamedTuple

import pytest

from eccube_sync.errors import ConfigurationError
from eccube_sync.services.review.token import (
    ALPHABET,
    KEY_FILE,
    LETTERS,
    export_key_of,
    make_key,
    new_export_key,
    read_key,
    tidy,
    token,
    verify,
)
from eccube_sync.statefolders import StateFolders

KEY = b"0123456789abcdef"
EXPORT = "BCDFGHJK"


class Case(NamedTuple):
    public_id: str = "R-0042"
    version: int = 2
    customer_fingerprint: str = "c1"
    member_fingerprint: str = "m1"


GIVEN = token(KEY, Case(), EXPORT)


def test_a_token_is_the_one_of_its_case_version_and_export() -> None:
    assert verify(KEY, Case(), GIVEN) == "genuine"
    assert export_key_of(GIVEN) == EXPORT
    assert GIVEN.split("-")[1] == "2"
    assert set(GIVEN.replace("-", "")) <= set(ALPHABET)


def test_a_file_written_before_an_upgrade_is_still_genuine_after_it() -> None:
    assert token(KEY, Case(), EXPORT) == "BCDFGHJK-2-1AF0MAYQC0VBAYVY6"
    without = Case(customer_fingerprint="", member_fingerprint="")
    assert token(KEY, without, EXPORT) == "BCDFGHJK-2-1D7WXSDWAK11F14FR"


@pytest.mark.parametrize(
    "other",
    [
        Case(public_id="R-0043"),
        Case(customer_fingerprint="c2"),
        Case(member_fingerprint="m2"),
        Case(customer_fingerprint="m1", member_fingerprint="c1"),
        Case(version=1),
    ],
)
def test_a_token_of_another_case_or_of_other_facts_is_tampered(other: Case) -> None:
    assert verify(KEY, other, GIVEN) == "tampered"


def test_a_token_of_another_key_is_tampered_and_one_of_an_earlier_version_stale() -> None:
    assert verify(b"another key", Case(), GIVEN) == "tampered"
    assert verify(KEY, Case(version=3), GIVEN) == "stale"


@pytest.mark.parametrize("place", range(len(GIVEN)))
def test_no_symbol_can_be_changed(place: int) -> None:
    for symbol in ALPHABET + "EILOU-":
        if symbol == GIVEN[place]:
            continue
        changed = GIVEN[:place] + symbol + GIVEN[place + 1 :]
        assert verify(KEY, Case(), changed) in {"tampered", "stale"}
        assert verify(KEY, Case(), changed) == "tampered" or changed.split("-")[1] < "2"


@pytest.mark.parametrize("mangled", ["", GIVEN[:-1], GIVEN + "0", "x" + GIVEN, GIVEN.replace("-2-", "-02-")])
def test_what_has_not_the_form_of_a_token_is_tampered(mangled: str) -> None:
    assert verify(KEY, Case(), mangled) == "tampered"


def test_a_token_that_a_spreadsheet_mangled_is_read() -> None:
    mangled = " " + "".join(chr(ord(sign) + 0xFEE0) for sign in GIVEN.lower()) + "\u3000"
    assert tidy(mangled) == GIVEN
    assert tidy(GIVEN.replace("-", " - ")) == GIVEN


def test_each_export_has_a_key_of_its_own_that_no_spreadsheet_takes_for_a_number() -> None:
    keys = {new_export_key() for _number in range(200)}
    assert len(keys) == 200
    assert all(len(key) == 8 and set(key) <= set(LETTERS) for key in keys)


def test_a_shop_has_one_key_that_only_its_owner_reads(tmp_path: Path) -> None:
    folders = StateFolders(tmp_path)
    with pytest.raises(ConfigurationError) as error:
        read_key(folders)
    assert str(error.value) == (
        f"{folders.secrets / KEY_FILE} is missing, so no review file can be told from a forged one. Restore it from "
        "a backup, or write a new review file with: eccube-sync review export"
    )
    made = make_key(folders)
    assert make_key(folders) == read_key(folders) == made
    assert len(bytes.fromhex(made.decode())) == 32
    assert stat.S_IMODE((folders.secrets / KEY_FILE).stat().st_mode) == 0o600
