"""The store's list: cards that were filled in at a counter, and what became of them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from random import Random

from dateutil.relativedelta import relativedelta

from eccube_sync.population.names import Name
from eccube_sync.population.people import Person
from eccube_sync.population.writing import PLACEHOLDER_BIRTH, PLACEHOLDER_NAMES, PLACEHOLDER_PHONES, Pen

ACTIVE, SUSPENDED, LOST, WITHDRAWN, MERGED = range(5)
STORES = ("横浜本店", "港北店", "世田谷店")
RANKS = (("01", "レギュラー"), ("02", "シルバー"), ("03", "ゴールド"))

# The counter's own phone, which staff type when a member gives none.
SHOP_PHONE = "0451000123"


@dataclass(frozen=True, slots=True)
class MemberPerson:
    """One card of the store. ``person`` is the real person behind it, the same number as a customer's."""

    person: int
    store_key: int  # Smaregi's 会員ID
    code: str  # 会員コード: the thirteen digits under the barcode
    number: str  # 会員番号: eight digits, leading zeros count
    status: int  # 0 active, 1 suspended, 2 lost, 3 withdrawn, 4 merged
    family_name: str
    given_name: str
    family_kana: str
    given_kana: str
    postal_code: str
    address: str
    phone: str
    mobile: str
    emails: tuple[str, ...]
    birth_date: date | None
    sex: int  # 0 unknown, 1 male, 2 female
    joined_on: date
    left_on: date | None
    last_visit_at: datetime | None  # Japanese time, naive, as Smaregi writes it
    end_date: date | None  # None: not said
    unlimited: bool  # 無期限
    store: str
    rank_code: str
    rank_name: str
    points: int
    points_expire_on: date | None
    mail_allowed: bool
    visits: int
    spent_yen: int
    pin: str


def write_member(random: Random, person: Person, today: date, damage: float) -> MemberPerson:
    """The card ``person`` uses today. Its keys are given by :func:`with_keys` once all cards are known."""
    pen = Pen(random, damage)
    hurried = pen.slips(0.12)  # a name and one phone are all that was asked for at the counter
    # Whoever married since may still be on the card under the name of before.
    surname = person.former_family if pen.slips(0.2) else person.family
    family_name, given_name = _names(pen, surname, person.given)
    family_kana, given_kana = _kana(pen, surname, person.given)
    phone, mobile = _phones(pen, person)
    postal_code, address = ("", "") if hurried else _address(pen, person)
    joined = _joined(random, person, today)
    status = random.choices((ACTIVE, SUSPENDED, LOST, WITHDRAWN), (950, 12, 8, 30))[0]
    unlimited, end = _term(random, joined, today)
    rank_code, rank_name = random.choices(RANKS, (75, 18, 7))[0]
    visits = 1 + int(random.expovariate(0.12))
    last_visit = _last_visit(random, joined, today)
    return MemberPerson(
        person=person.number,
        store_key=0,
        code="",
        number="",
        status=status,
        family_name=family_name,
        given_name=given_name,
        family_kana=family_kana,
        given_kana=given_kana,
        postal_code=postal_code,
        address=address,
        phone=phone,
        mobile=mobile,
        emails=() if hurried else _emails(pen, person),
        birth_date=None if hurried else _birth(pen, person),
        sex=_sex(pen, person),
        joined_on=joined,
        left_on=_between(random, joined, today) if status == WITHDRAWN else None,
        last_visit_at=last_visit,
        end_date=end,
        unlimited=unlimited,
        store=random.choices(STORES, (55, 30, 15))[0],
        rank_code=rank_code,
        rank_name=rank_name,
        points=random.randrange(0, 3000),
        points_expire_on=last_visit.date() + relativedelta(years=1) if last_visit else None,
        mail_allowed=random.random() < 0.8,
        visits=visits,
        spent_yen=visits * random.randrange(800, 9000, 10),
        pin=f"{random.randrange(10000):04d}",
    )


def write_older_card(
    random: Random, card: MemberPerson, person: Person, today: date, damage: float
) -> MemberPerson:
    """A card the same person had before: lost, merged into the new one, or forgotten at the counter."""
    older = write_member(random, person, today, damage)
    joined = card.joined_on - timedelta(days=random.randint(60, 2000))
    ended = joined + timedelta(days=random.randint(30, 60))
    return replace(
        older,
        status=random.choices((LOST, MERGED, ACTIVE), (45, 35, 20))[0],
        mobile=Pen(random, damage).phone(person.former_mobile) if random.random() < 0.4 else older.mobile,
        joined_on=joined,
        left_on=None,
        last_visit_at=datetime.combine(ended, time(12, 30)),
        end_date=older.end_date and joined + relativedelta(years=1, days=-1),
        points_expire_on=ended + relativedelta(years=1),
    )


def with_keys(card: MemberPerson, position: int) -> MemberPerson:
    """The card with its keys, unique for a position in the list. Codes are EAN-13 of the in-store range."""
    digits = f"29{100000 + position * 7:010d}"
    weighted = sum(int(digit) * (3 if index % 2 else 1) for index, digit in enumerate(digits))
    return replace(
        card,
        store_key=1001 + position,
        code=f"{digits}{-weighted % 10}",
        number=f"{10 + position * 3:08d}",
    )


def _names(pen: Pen, surname: Name, given_name: Name) -> tuple[str, str]:
    family, given = pen.name(surname), pen.heard(given_name)
    if pen.slips(0.008):
        return given, family
    if pen.slips(0.02):
        return pen.random.choice((f"{family}{given}", f"{family}　{given}", f"{family} {given}")), ""
    if pen.slips(0.02):
        return pen.kana(surname.kana), pen.kana(given_name.kana)
    if pen.slips(0.004):
        return family, f"{given}様"
    if pen.slips(0.006):
        return pen.random.choice(PLACEHOLDER_NAMES), pen.random.choice(PLACEHOLDER_NAMES)
    return family, given


def _kana(pen: Pen, surname: Name, given_name: Name) -> tuple[str, str]:
    if pen.slips(0.22):
        return "", ""
    family, given = pen.kana(surname.kana), pen.kana(given_name.kana)
    return (given, family) if pen.slips(0.006) else (family, given)


def _phones(pen: Pen, person: Person) -> tuple[str, str]:
    if pen.slips(0.015):
        return pen.random.choice(PLACEHOLDER_PHONES), ""
    if pen.slips(0.006):
        return pen.phone(SHOP_PHONE), ""
    landline = person.household.landline if pen.random.random() < 0.6 else ""
    mobile = person.former_mobile if pen.slips(0.1) else person.mobile
    if pen.slips(0.03):
        mobile = person.household.mobile  # a child's card, or a wife's, under the number of who came along
    if pen.slips(0.2):
        mobile = ""
    if not landline and mobile and pen.random.random() < 0.3:
        return pen.phone(mobile), ""  # the counter filled the first field it saw
    return pen.phone(landline), pen.phone(mobile)


def _address(pen: Pen, person: Person) -> tuple[str, str]:
    home = person.household.former_home if pen.slips(0.15) else person.household.home
    if pen.slips(0.18):
        return "", ""
    prefecture = "" if pen.slips(0.25) else home.town.prefecture
    postal = home.town.postal_code
    building = "" if not home.building or pen.slips(0.35) else f" {home.building}"
    postal_code = f"{postal[:3]}-{postal[3:]}" if pen.random.random() < 0.7 else postal.lstrip("0")
    return postal_code, f"{prefecture}{home.town.city}{pen.street(home)}{building}"


def _emails(pen: Pen, person: Person) -> tuple[str, ...]:
    draw = pen.random.random()
    if draw < 0.4:
        return ()
    if draw < 0.46:
        return (person.household.mailbox,)
    if draw < 0.9:
        return (pen.email(person.emails[0]),)
    if draw < 0.95:
        return (pen.email(person.emails[1]),)
    return (pen.email(person.emails[1]), person.emails[0])


def _birth(pen: Pen, person: Person) -> date | None:
    if pen.slips(0.18):
        return None
    return PLACEHOLDER_BIRTH if pen.slips(0.008) else pen.birth(person.birth_date)


def _sex(pen: Pen, person: Person) -> int:
    if pen.slips(0.1):
        return 0
    return 1 if person.sex == "male" else 2


def _joined(random: Random, person: Person, today: date) -> date:
    of_age = person.birth_date + relativedelta(years=14)
    day = today - timedelta(days=int(random.triangular(1, 4000, 300)))
    return min(max(day, of_age), today - timedelta(days=1))


def _term(random: Random, joined: date, today: date) -> tuple[bool, date | None]:
    """無期限 or an end date: most run for years from the join date, some to 31 March, a batch has expired."""
    draw = random.random()
    if draw < 0.04:
        return True, None
    if draw < 0.08:
        return False, None
    if draw < 0.18:
        return False, max(joined, today - timedelta(days=random.choice((1, 2, 3, 5, 9, 30, 90, 200, 400))))
    if draw < 0.3:
        this_year = date(today.year, 3, 31)
        return False, this_year if this_year >= today else date(today.year + 1, 3, 31)
    years = (today - joined).days // 365 + 1
    end = joined + relativedelta(years=years, days=-1)
    return False, end if end >= today else end + relativedelta(years=1)


def _last_visit(random: Random, joined: date, today: date) -> datetime | None:
    if random.random() < 0.05:
        return None
    day = max(joined, today - timedelta(days=1 + int(random.expovariate(1 / 120))))
    return datetime.combine(day, time(random.randint(10, 19), random.randrange(60), random.randrange(60)))


def _between(random: Random, first: date, last: date) -> date:
    return first + timedelta(days=random.randrange(max(1, (last - first).days)))
