"""Made-up homes: real municipalities, invented streets, and phone numbers that ring nowhere."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from itertools import accumulate
from random import Random
from typing import NamedTuple

from faker.providers.address.ja_JP import Provider as FakerPlaces

# weight  prefecture id  prefecture  municipality  first three digits of its postal codes  area code.
# The shop stands in 横浜, so most people live around it.
_MUNICIPALITIES = """
90 14 神奈川県 横浜市港北区 222 045
80 14 神奈川県 横浜市中区 231 045
70 14 神奈川県 横浜市青葉区 225 045
60 14 神奈川県 横浜市戸塚区 244 045
60 14 神奈川県 川崎市中原区 211 044
40 14 神奈川県 川崎市宮前区 216 044
40 14 神奈川県 相模原市南区 252 042
40 14 神奈川県 藤沢市 251 0466
30 14 神奈川県 鎌倉市 248 0467
25 14 神奈川県 横須賀市 238 046
20 14 神奈川県 茅ヶ崎市 253 0467
50 13 東京都 世田谷区 154 03
40 13 東京都 大田区 144 03
30 13 東京都 品川区 140 03
30 13 東京都 杉並区 166 03
30 13 東京都 練馬区 176 03
25 13 東京都 江戸川区 132 03
25 13 東京都 足立区 120 03
20 13 東京都 町田市 194 042
20 13 東京都 八王子市 192 042
15 13 東京都 三鷹市 181 0422
15 12 千葉県 市川市 272 047
15 12 千葉県 浦安市 279 047
12 12 千葉県 柏市 277 04
15 11 埼玉県 さいたま市浦和区 330 048
12 11 埼玉県 川越市 350 049
8 8 茨城県 つくば市 305 029
6 9 栃木県 宇都宮市 320 028
6 10 群馬県 高崎市 370 027
6 1 北海道 札幌市中央区 060 011
5 4 宮城県 仙台市青葉区 980 022
4 15 新潟県 新潟市中央区 951 025
4 20 長野県 長野市 380 026
6 22 静岡県 静岡市葵区 420 054
8 23 愛知県 名古屋市千種区 464 052
5 26 京都府 京都市左京区 606 075
8 27 大阪府 大阪市北区 530 06
6 27 大阪府 吹田市 564 06
5 28 兵庫県 神戸市灘区 657 078
3 33 岡山県 岡山市北区 700 086
4 34 広島県 広島市中区 730 082
5 40 福岡県 福岡市中央区 810 092
3 43 熊本県 熊本市中央区 860 096
2 47 沖縄県 那覇市 900 098
"""

_AREA_CODES = sorted({line.split()[-1] for line in _MUNICIPALITIES.strip().splitlines()})

_TOWNS_PER_MUNICIPALITY = 30
# Faker's town table also holds whole buildings, which would read oddly before a street number.
_LONGEST_TOWN = 5


class Town(NamedTuple):
    """One town of a municipality with its seven-digit postal code."""

    prefecture_id: int
    prefecture: str
    city: str
    town: str
    postal_code: str
    area_code: str


@dataclass(frozen=True, slots=True)
class Home:
    """Where a household lives."""

    town: Town
    block: tuple[int, int, int]
    building: str  # with the room; "" for a house


@cache
def _towns() -> tuple[list[list[Town]], list[float]]:
    random = Random("towns")
    names = sorted(town for town in set(FakerPlaces.towns) if len(town) <= _LONGEST_TOWN)
    places, weights = [], []
    for line in _MUNICIPALITIES.strip().splitlines():
        weight, prefecture_id, prefecture, city, postal, area_code = line.split()
        chosen = random.sample(names, _TOWNS_PER_MUNICIPALITY)
        codes = random.sample(range(1, 100), _TOWNS_PER_MUNICIPALITY)
        places.append(
            [
                Town(int(prefecture_id), prefecture, city, name, f"{postal}{code:04d}", area_code)
                for name, code in zip(chosen, codes, strict=True)
            ]
        )
        weights.append(float(weight))
    return places, list(accumulate(weights))


def draw_home(random: Random) -> Home:
    """A home somewhere in Japan, likelier near the shop."""
    places, cumulative = _towns()
    town = random.choice(random.choices(places, cum_weights=cumulative)[0])
    block = (random.randint(1, 5), random.randint(1, 28), random.randint(1, 24))
    building = ""
    if random.random() < 0.45:
        name = f"{random.choice(FakerPlaces.building_names)}{town.town}"
        building = f"{name}{random.randint(1, 9)}{random.randint(1, 12):02d}"
    return Home(town, block, building)


def draw_landline(random: Random, area_code: str) -> str:
    """Ten digits whose exchange begins with 1, which no Japanese exchange does: nobody can be called."""
    width = 10 - 4 - len(area_code)
    exchange = random.randrange(10 ** (width - 1), 2 * 10 ** (width - 1))
    return f"{area_code}{exchange}{random.randrange(10000):04d}"


def area_code_of(landline: str) -> str:
    """The area code of a number drawn here; the first three digits of any other."""
    # No two can fit: the exchange's 1 stands right behind the code.
    return next((code for code in _AREA_CODES if landline.startswith(f"{code}1")), landline[:3])


def mobile_number(serial: int) -> str:
    """The ``serial``-th mobile number, all different; 090-0… is not given to any carrier."""
    # The step has no common divisor with 9,000,000, so numbers repeat only after nine million.
    return f"0900{1_000_000 + serial * 3_141_593 % 9_000_000}"
