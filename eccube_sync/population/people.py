"""The people behind both lists: households that share what real households share."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import count
from random import Random

from eccube_sync.population.names import BUILT_IN, Name, NameSource, romaji
from eccube_sync.population.places import Home, draw_home, draw_landline, mobile_number

# Providers and carriers: who changes the carrier keeps the name before the @ and loses the address.
_DOMAINS = ("example.jp", "example.com", "example.net", "carrier.example.jp", "mobile.example.net")

# Adults, children of at least fifteen years: the kinds of household, and how many of a hundred there are.
_HOUSEHOLDS = (((1, 0), 44), ((2, 0), 27), ((2, 1), 14), ((2, 2), 12), ((1, 1), 3))


@dataclass(frozen=True, slots=True)
class Household:
    """People under one roof: one address, one landline, one shared mailbox."""

    home: Home
    former_home: Home
    landline: str  # "" when they have none
    mailbox: str
    mobile: str  # of the one who joined first; now and then the others give it too


@dataclass(slots=True)
class Person:
    """One person, as they really are; each list writes them down in its own way."""

    number: int
    household: Household
    family: Name
    given: Name
    former_family: Name  # before marriage; the same as ``family`` for most
    sex: str  # "male" or "female"
    birth_date: date
    mobile: str
    former_mobile: str
    emails: tuple[str, str]  # the one they use, and another one


@dataclass(slots=True)
class PeopleSource:
    """Draws one household after the other; the same random source gives the same people."""

    random: Random
    today: date
    names: NameSource = BUILT_IN
    _number: Iterator[int] = field(default_factory=count)
    _mobile: Iterator[int] = field(default_factory=count)
    _mailbox: Iterator[int] = field(default_factory=count)
    _given_up: list[str] = field(default_factory=list)

    def take(self, size: int) -> list[Person]:
        """Exactly ``size`` people; the last household may be torn apart."""
        people: list[Person] = []
        while len(people) < size:
            people.extend(self._household())
        return people[:size]

    def _household(self) -> list[Person]:
        random = self.random
        kinds = [kind for kind, _ in _HOUSEHOLDS]
        adults, children = random.choices(kinds, [share for _, share in _HOUSEHOLDS])[0]
        family = self.names.surname(random)
        home = draw_home(random)
        landline = draw_landline(random, home.town.area_code) if random.random() < 0.62 else ""
        mailbox = f"{romaji(family.kana)}-ke{random.randrange(100000)}@{random.choice(_DOMAINS)}"
        household = Household(home, draw_home(random), landline, mailbox, self._new_mobile())
        youngest = 40 if children else 18
        head_born = self._born(random.triangular(youngest, 88, 50))
        head = self._person(household, family, "male" if random.random() < 0.5 else "female", head_born)
        head.mobile = household.mobile
        people = [head]
        if adults == 2:
            people.append(self._spouse(people[0]))
        people.extend(self._children(people[0], children))
        return people

    def _born(self, age: float) -> date:
        return self.today - timedelta(days=int(age * 365.25) + self.random.randrange(365))

    def _spouse(self, head: Person) -> Person:
        sex = "female" if head.sex == "male" else "male"
        born = head.birth_date + timedelta(days=self.random.randint(-2200, 2200))
        born = min(born, self._born(18))
        spouse = self._person(head.household, head.family, sex, born)
        if sex == "female" and self.random.random() < 0.9:
            spouse.former_family = self.names.surname(self.random)
        return spouse

    def _children(self, head: Person, number: int) -> list[Person]:
        random = self.random
        oldest_age = max(15.0, (self.today - head.birth_date).days / 365.25 - random.uniform(23, 35))
        children: list[Person] = []
        for position in range(number):
            born = self._born(max(15.0, oldest_age - 3 * position * random.random()))
            sex = "male" if random.random() < 0.5 else "female"
            if children and random.random() < 0.08:  # twins
                born, sex = children[0].birth_date, children[0].sex
            child = self._person(head.household, head.family, sex, born)
            if children and child.given == children[0].given:
                other = "male" if sex == "female" else "female"
                child.given = self.names.given_name(random, other, born.year)
            children.append(child)
        return children

    def _person(self, household: Household, family: Name, sex: str, born: date) -> Person:
        given = self.names.given_name(self.random, sex, born.year)
        return Person(
            number=next(self._number),
            household=household,
            family=family,
            given=given,
            former_family=family,
            sex=sex,
            birth_date=born,
            mobile=self._new_mobile(),
            former_mobile=self._old_mobile(),
            emails=self._emails(family, given),
        )

    def _new_mobile(self) -> str:
        # Carriers hand a number that was given up to somebody else.
        if self._given_up and self.random.random() < 0.01:
            return self._given_up.pop()
        return mobile_number(next(self._mobile))

    def _old_mobile(self) -> str:
        number = mobile_number(next(self._mobile))
        if self.random.random() < 0.01:
            self._given_up.append(number)
        return number

    def _emails(self, family: Name, given: Name) -> tuple[str, str]:
        first, second = self._email(family, given), self._email(family, given)
        local, _, domain = first.partition("@")
        if domain != "gmail.com" and self.random.random() < 0.3:  # the same name at another provider
            second = f"{local}@{_DOMAINS[_DOMAINS.index(domain) - 1]}"
        return first, second

    def _email(self, family: Name, given: Name) -> str:
        random = self.random
        # Unique, and without a trace of who else it belongs to.
        tail = next(self._mailbox) * 611_953 % 1_000_000
        first, last = romaji(given.kana), romaji(family.kana)
        if random.random() < 0.3:
            # Gmail knows no account with an underscore, so this address cannot be anybody's.
            return f"zz_demo.{first}.{tail}@gmail.com"
        local = random.choice((f"{first}.{last}{tail}", f"{last}-{first}{tail}", f"{first[0]}{last}{tail}"))
        return f"{local}@{random.choice(_DOMAINS)}"
