"""The web shop's list: what people typed into EC-CUBE's registration form, over the years."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from random import Random

from eccube_sync.population.people import Person
from eccube_sync.population.places import Home
from eccube_sync.population.writing import PLACEHOLDER_NAMES, Pen

PROVISIONAL, FULL, WITHDRAWN = 1, 2, 3

# Characters that EC-CUBE 4.2+ can store and CP932 cannot.
_BEYOND_CP932 = {"吉": "𠮷"}

_KEY_LETTERS = "abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789"


@dataclass(frozen=True, slots=True)
class CustomerPerson:
    """One account of the web shop. ``person`` is the real person behind it, the same number as a member's."""

    person: int
    status: int  # 1 provisional, 2 full, 3 withdrawn
    family_name: str
    given_name: str
    family_kana: str | None
    given_kana: str | None
    postal_code: str | None
    prefecture_id: int | None
    street: str | None  # EC-CUBE's addr01: municipality, town, block
    building: str | None  # EC-CUBE's addr02
    email: str
    phone: str | None
    birth_date: date | None
    sex_id: int | None  # 1 male, 2 female, 3 other, 4 no answer
    created_at: datetime  # aware, UTC, as all moments here
    updated_at: datetime
    first_bought_at: datetime | None
    last_bought_at: datetime | None
    orders: int
    spent_yen: int
    points: int
    wants_mail: bool  # the magazine flag of the mail magazine plugin


def write_customer(random: Random, person: Person, today: date, damage: float) -> CustomerPerson:
    """The account that ``person`` opened some day before ``today``."""
    pen = Pen(random, damage)
    # Most people who moved or changed their number told the web shop, which delivers to them.
    home = person.household.former_home if pen.slips(0.02) else person.household.home
    status = random.choices((FULL, PROVISIONAL, WITHDRAWN), (95, 2, 3))[0]
    family_name, given_name = _names(pen, person)
    family_kana, given_kana = _kana(pen, person)
    created, orders, first, last = _history(random, person, today)
    full = status == FULL
    return CustomerPerson(
        person=person.number,
        status=status,
        family_name=family_name,
        given_name=given_name,
        family_kana=family_kana,
        given_kana=given_kana,
        postal_code=None if pen.slips(0.03) else home.town.postal_code,
        prefecture_id=home.town.prefecture_id,
        street=home.town.city + pen.street(home),
        building=_building(pen, home),
        email=_dummy_email(random) if status == WITHDRAWN else pen.email(_mailbox(random, person)),
        phone=_phone(pen, person),
        birth_date=None if pen.slips(0.12) else pen.birth(person.birth_date),
        sex_id=_sex_id(random, person),
        created_at=created,
        updated_at=last or created,
        first_bought_at=first if full else None,
        last_bought_at=last if full else None,
        orders=orders if full else 0,
        spent_yen=orders * random.randrange(1500, 12000, 10) if full else 0,
        points=random.randrange(0, 2500) if orders and full else 0,
        wants_mail=random.random() < 0.4,
    )


def write_second_account(
    random: Random, first: CustomerPerson, person: Person, today: date, damage: float
) -> CustomerPerson:
    """Another account of the same person: the same mailbox in capitals, or their other mailbox."""
    again = write_customer(random, person, today, damage)
    if again.status == WITHDRAWN:
        return again
    if first.status != WITHDRAWN and random.random() < 0.3:
        return replace(again, email=first.email.upper())
    return replace(again, email=person.emails[1])


def _names(pen: Pen, person: Person) -> tuple[str, str]:
    family, given = pen.name(person.family), pen.name(person.given)
    if pen.slips(0.006):
        return given, family
    if pen.slips(0.004):
        return pen.random.choice(PLACEHOLDER_NAMES), given
    if pen.slips(0.004):
        return family, f"　{given}"
    if pen.slips(0.02):
        family = "".join(_BEYOND_CP932.get(character, character) for character in family)
    return family, given


def _kana(pen: Pen, person: Person) -> tuple[str | None, str | None]:
    if pen.slips(0.04):
        return None, None
    return pen.kana(person.family.kana), pen.kana(person.given.kana)


def _building(pen: Pen, home: Home) -> str | None:
    return None if not home.building or pen.slips(0.2) else home.building


def _mailbox(random: Random, person: Person) -> str:
    draw = random.random()
    if draw < 0.04:
        return person.household.mailbox
    return person.emails[0] if draw < 0.9 else person.emails[1]


def _dummy_email(random: Random) -> str:
    # EC-CUBE overwrites the address of a withdrawn customer in just this form.
    return f"{''.join(random.choices(_KEY_LETTERS, k=60))}@dummy.dummy"


def _phone(pen: Pen, person: Person) -> str | None:
    if pen.slips(0.02):
        return None
    number = person.mobile
    if person.household.landline and pen.random.random() < 0.18:
        number = person.household.landline
    elif pen.slips(0.05):
        number = person.former_mobile
    elif pen.slips(0.01):
        number = person.household.mobile
    if pen.slips(0.008):
        return pen.typo(number)
    # EC-CUBE's form strips hyphens; accounts that were imported from an older shop may still have them.
    return pen.phone(number)[:14] if pen.slips(0.04) else number


def _sex_id(random: Random, person: Person) -> int | None:
    draw = random.random()
    if draw < 0.15:
        return None
    if draw < 0.17:
        return random.choice((3, 4))
    return 1 if person.sex == "male" else 2


def _history(
    random: Random, person: Person, today: date
) -> tuple[datetime, int, datetime | None, datetime | None]:
    """Registration, number of orders, first and last order."""
    of_age = person.birth_date + timedelta(days=14 * 365)
    opened = max(of_age, today - timedelta(days=int(random.triangular(2, 3650, 200))))
    created = _moment(random, min(opened, today - timedelta(days=2)))
    orders = 0 if random.random() < 0.3 else min(40, int(random.expovariate(0.3)) + 1)
    if not orders:
        return created, 0, None, None
    first = _moment(random, created.date() + timedelta(days=random.randrange(30)))
    first = min(max(first, created), _moment(random, today - timedelta(days=1)))
    if orders == 1:
        return created, 1, first, first
    days = max(1, (today - first.date()).days)
    last = first + timedelta(days=random.randrange(days))
    return created, orders, first, last


def _moment(random: Random, day: date) -> datetime:
    """Some second of that UTC day."""
    return datetime.combine(day, time(), UTC) + timedelta(seconds=random.randrange(86400))
