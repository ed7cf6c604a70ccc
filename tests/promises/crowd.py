"""A crowd of people made up by chance, each with a card that no other's is like."""

from __future__ import annotations

from datetime import date, timedelta
from random import Random

from tests.undo.story import Card

FAMILIES = (
    ("石川", "イシカワ"), ("上野", "ウエノ"), ("江口", "エグチ"), ("大西", "オオニシ"), ("川端", "カワバタ"),
    ("久保", "クボ"), ("小松", "コマツ"), ("斎藤", "サイトウ"), ("杉山", "スギヤマ"), ("高木", "タカギ"),
)  # fmt: skip
GIVEN = (
    ("明美", "アケミ"), ("一郎", "イチロウ"), ("恵子", "ケイコ"), ("聡", "サトシ"), ("千夏", "チナツ"),
    ("直人", "ナオト"), ("春香", "ハルカ"), ("真一", "シンイチ"), ("由美", "ユミ"), ("亮", "リョウ"),
    ("和子", "カズコ"), ("健", "ケン"),
)  # fmt: skip


def crowd(chance: Random, number: int, ends: date) -> list[Card]:
    """So many people, at most 120; their memberships end on ``ends`` or later."""
    names = chance.sample([(family, given) for family in FAMILIES for given in GIVEN], number)
    births = chance.sample(range(365 * 60), number)
    return [
        Card(
            f"28{place:011d}", family[0], given[0], family[1], given[1], f"090{chance.randrange(100):02d}{place:06d}",
            date(1940, 1, 1) + timedelta(days=birth), ends + timedelta(days=chance.randrange(200)),
        )
        for place, ((family, given), birth) in enumerate(zip(names, births, strict=True))
    ]  # fmt: skip
