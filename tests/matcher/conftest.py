"""A shop whose customers and members were classified once, and a terminal in it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.linkage.crowd import Human, two_lists
from tests.members.exports import CONFIGURATION
from tests.members.terminal import Terminal
from tests.support.rows import our_shop
from tests.support.shop import Shop

PEOPLE = 120


@pytest.fixture
def terminal(sqlite_shop: Shop, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[Terminal]:
    """Two made-up lists in the database, classified with the shipped weights."""
    with our_shop(sqlite_shop, tmp_path, CONFIGURATION) as ours:
        shell = Terminal(ours, tmp_path, capsys)
        customers, members = two_lists(seed=3, size=PEOPLE)
        for human in customers:
            ours.eccube.add_customer(**_customer(human))
        for number, human in enumerate(members):
            ours.add_member(code=f"29{number:06d}", **_member(human))
        assert shell.run("classify", "--apply") == 0, shell.errors
        yield shell


def _customer(human: Human) -> dict[str, Any]:
    return {
        "name01": human.family, "name02": human.given, "kana01": human.family_kana, "kana02": human.given_kana,
        "postal_code": human.postal, "addr01": human.address, "addr02": "", "email": human.emails[0],
        "phone_number": human.phones[0], "birth_date": human.birth,
    }  # fmt: skip


def _member(human: Human) -> dict[str, Any]:
    return {
        "family_name": human.family, "given_name": human.given, "family_kana": human.family_kana,
        "given_kana": human.given_kana, "postal_code": human.postal, "address": human.address,
        "phone": human.phones[0], "emails": "\n".join(human.emails),
        "birth_date": human.birth,
    }  # fmt: skip
