"""Made-up people for the tests of matching: a few households, written down twice with the usual slips."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from random import Random

import numpy as np

from eccube_sync.linkage.people import People

_SURNAMES = """
佐藤サトウ 鈴木スズキ 高橋タカハシ 田中タナカ 伊藤イトウ 渡辺ワタナベ 山本ヤマモト 中村ナカムラ
小林コバヤシ 加藤カトウ 吉田ヨシダ 山田ヤマダ 佐々木ササキ 斉藤サイトウ 松本マツモト 井上イノウエ
木村キムラ 林ハヤシ 清水シミズ 山崎ヤマザキ 池田イケダ 橋本ハシモト 阿部アベ 石川イシカワ 森モリ
前田マエダ 藤田フジタ 後藤ゴトウ 小川オガワ 岡田オカダ 長谷川ハセガワ 石井イシイ 村上ムラカミ
近藤コンドウ 坂本サカモト 遠藤エンドウ 青木アオキ 藤井フジイ 西村ニシムラ 福田フクダ 太田オオタ
三浦ミウラ 岡本オカモト 松田マツダ 中島ナカジマ 中川ナカガワ 原田ハラダ 小野オノ 竹内タケウチ 金子カネコ
"""
_GIVEN_STARTS = """
健ケン 裕ユウ 和カズ 直ナオ 正マサ 美ミ 由ユ 恵エ 千チ 明アキ 真マ 友トモ 秀ヒデ 隆タカ 幸ユキ 奈ナ 沙サ
亜ア 里リ 綾アヤ
"""
_GIVEN_ENDS = """
太タ 一イチ 子コ 香カ 美ミ 樹キ 彦ヒコ 之ユキ 奈ナ 代ヨ 介スケ 夫オ 人ト 音ネ 花カ 穂ホ
"""
_VARIANTS = {"高": "髙", "辺": "邉", "斉": "齋", "崎": "﨑", "沢": "澤", "島": "嶋", "真": "眞", "恵": "惠"}


@dataclass(frozen=True)
class Human:
    """One record of one person, as somebody wrote it down."""

    person: int
    family: str
    given: str
    family_kana: str
    given_kana: str
    postal: str
    address: str
    phones: tuple[str, ...]
    emails: tuple[str, ...]
    birth: date | None
    live: bool = True
    visited: date | None = None


def people(records: Sequence[Human], first_id: int = 1, ids: Iterable[int] | None = None) -> People:
    """The records as columns; ids count up from ``first_id`` unless they are given."""
    numbers = list(ids) if ids is not None else range(first_id, first_id + len(records))
    return People(
        ids=np.array(numbers, np.int64),
        family_name=[r.family for r in records],
        given_name=[r.given for r in records],
        family_kana=[r.family_kana for r in records],
        given_kana=[r.given_kana for r in records],
        postal_code=[r.postal for r in records],
        address=[r.address for r in records],
        phones=[r.phones for r in records],
        emails=[r.emails for r in records],
        birth_date=[r.birth for r in records],
        live=[r.live for r in records],
        last_visit=[r.visited for r in records],
    )


def _split(pairs: str) -> list[tuple[str, str]]:
    found = []
    for pair in pairs.split():
        kana = next(position for position, letter in enumerate(pair) if "ァ" <= letter <= "ン")
        found.append((pair[:kana], pair[kana:]))
    return found


def households(seed: int, count: int) -> list[Human]:
    """``count`` people in households of one to four: surname, home and landline in common; some are twins."""
    random = Random(seed)
    surnames, starts, ends = _split(_SURNAMES), _split(_GIVEN_STARTS), _split(_GIVEN_ENDS)
    everybody: list[Human] = []
    while len(everybody) < count:
        family, family_kana = random.choice(surnames)
        town = random.randrange(80)
        block = f"{random.randrange(1, 40)}番{random.randrange(1, 30)}号"
        address = f"横浜市港北区{'青赤白黒緑'[town % 5]}葉台{town // 5 + 1}丁目{block}"
        landline = f"045-{random.randrange(200, 900)}-{random.randrange(1000, 9999)}"
        last_birth = date(1950, 1, 1)
        used: set[str] = set()
        for _ in range(random.choice((1, 2, 3, 4))):
            start, end = random.choice(starts), random.choice(ends)
            if start[0] in used:
                continue
            twin = bool(used) and random.random() < 0.03
            used.add(start[0])
            birth = last_birth if twin else date(1945, 1, 1) + timedelta(random.randrange(22_000))
            last_birth = birth
            number = len(everybody)
            everybody.append(
                Human(
                    person=number,
                    family=family,
                    given=start[0] + end[0],
                    family_kana=family_kana,
                    given_kana=start[1] + end[1],
                    postal=f"2{20 + town:02d}00{random.choice('12')}{town % 10}"[:7],
                    address=address,
                    phones=(f"090-{random.randrange(1000, 9999)}-{random.randrange(1000, 9999)}", landline),
                    emails=(f"user{seed}x{number}q{random.randrange(1000)}@mail.example.jp",),
                    birth=birth,
                )
            )
    return everybody[:count]


def damaged(human: Human, random: Random) -> Human:
    """The same person as another list has them: fields missing, changed or written another way."""

    def slips(share: float) -> bool:
        return random.random() < share

    record = human
    if slips(0.25):
        record = replace(record, emails=() if slips(0.7) else (f"new{human.person}@other.example.jp",))
    if slips(0.2):
        record = replace(record, birth=None)
    elif slips(0.04) and record.birth:
        record = replace(
            record, birth=record.birth.replace(year=record.birth.year + 1, day=min(record.birth.day, 28))
        )
    if slips(0.2):
        record = replace(record, address="", postal="")
    elif slips(0.3):
        record = replace(
            record,
            address="神奈川県" + record.address.replace("丁目", "-").replace("番", "－").removesuffix("号"),
        )
    first, last = record.phones[0], record.phones[-1]
    phones = random.choice(((first,), (last, first), (last,), (first.replace("-", ""),)))
    record = replace(record, phones=phones)
    if slips(0.1):
        record = replace(record, phones=tuple(f"+81 {phone.removeprefix('0')}" for phone in record.phones))
    return _misspelt(record, slips)


def _misspelt(record: Human, slips) -> Human:  # type: ignore[no-untyped-def]
    if slips(0.05):
        written = "".join(_VARIANTS.get(letter, letter) for letter in record.family)
        record = replace(record, family=written)
    if slips(0.15):
        record = replace(record, family_kana="", given_kana="")
    if slips(0.02):
        return replace(record, family=record.given, given=record.family)
    if slips(0.03):
        return replace(record, family=record.family + record.given, given="")
    if slips(0.02) and record.family_kana:
        return replace(record, family=record.family_kana, given=record.given_kana)
    return record


def two_lists(seed: int, size: int) -> tuple[list[Human], list[Human]]:
    """Customers and members of ``size`` each; about half of the customers are members."""
    random = Random(seed)
    everybody = households(seed, size + size // 2)
    random.shuffle(everybody)
    customers = everybody[:size]
    members = [damaged(human, random) for human in everybody[size // 2 :]]
    random.shuffle(members)
    return customers, members
