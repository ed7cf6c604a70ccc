"""A made-up Japanese shop: web customers, store members, and the truth of who is whom.

The same arguments give the same shop with the same release of Faker, whose name and place tables are used.
Nobody in it exists: phone numbers lie in ranges no carrier was given, and mail addresses in reserved domains
(or at gmail.com with an underscore, which Gmail does not allow).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from random import Random

from eccube_sync.population.customers import CustomerPerson, write_customer, write_second_account
from eccube_sync.population.eccube import customer_rows
from eccube_sync.population.members import (
    ACTIVE,
    SHOP_PHONE,
    MemberPerson,
    with_keys,
    write_member,
    write_older_card,
)
from eccube_sync.population.names import (
    BUILT_IN,
    Name,
    NameSource,
    WeightedNames,
    draw_fashionable_name,
    draw_rare_surname,
)
from eccube_sync.population.people import PeopleSource, Person
from eccube_sync.population.smaregi import (
    DEFAULT_COLUMNS,
    END_DATE_COLUMN,
    SELECTABLE_COLUMNS,
    write_smaregi_csv,
)

__all__ = [
    "DEFAULT_COLUMNS",
    "END_DATE_COLUMN",
    "SELECTABLE_COLUMNS",
    "SHOP_PHONE",
    "CustomerPerson",
    "MemberPerson",
    "Mix",
    "Name",
    "NameSource",
    "Population",
    "WeightedNames",
    "customer_rows",
    "draw_fashionable_name",
    "draw_rare_surname",
    "generate",
    "write_smaregi_csv",
]


@dataclass(frozen=True, slots=True)
class Mix:
    """How the two lists overlap, in shares of one, and how carelessly they were written."""

    overlap: float = 0.5  # of the customers' accounts: first accounts of people who also have a card
    extra_accounts: float = 0.02  # of the customers' accounts: second accounts
    older_cards: float = 0.05  # of the members' cards: older cards of people who have a newer one
    damage: float = 1.0  # 0 = everything written alike; 2 = twice the usual slips


@dataclass(frozen=True, slots=True)
class Population:
    """A whole shop. Positions in ``customers`` and ``members`` are what ``truth`` speaks of.

    ``truth`` pairs every account whose person has a card, whatever its status, with the card they use now.
    Where a pair is missed or chosen otherwise, equal ``person`` still says whether it is the same human.
    """

    customers: list[CustomerPerson]
    members: list[MemberPerson]
    truth: list[tuple[int, int]]


def generate(
    seed: int,
    customers: int,
    members: int,
    today: date,
    mix: Mix | None = None,
    names: NameSource = BUILT_IN,
) -> Population:
    """A shop with exactly that many customers and members, as it stands on the business date ``today``."""
    mix = mix or Mix()
    second_accounts = round(customers * mix.extra_accounts)
    older_cards = round(members * mix.older_cards)
    on_web, with_card = customers - second_accounts, members - older_cards
    both = min(round(customers * mix.overlap), on_web, with_card)
    people = PeopleSource(Random(f"{seed} people"), today, names).take(on_web + with_card - both)
    # Who is in which list has nothing to do with the household: a wife on the web, her husband with a card.
    Random(f"{seed} lists").shuffle(people)
    accounts = _accounts(seed, people[:on_web], second_accounts, today, mix)
    cards = _cards(seed, people[on_web - both :], older_cards, today, mix)
    return Population(accounts, cards, _truth(accounts, cards))


def _accounts(
    seed: int, people: Sequence[Person], second: int, today: date, mix: Mix
) -> list[CustomerPerson]:
    random = Random(f"{seed} customers")
    accounts = [write_customer(random, person, today, mix.damage) for person in people]
    for position in _positions(random, len(people), second):
        first, person = accounts[position], people[position]
        accounts.append(write_second_account(random, first, person, today, mix.damage))
    accounts.sort(key=lambda account: (account.created_at, account.person))
    return accounts


def _cards(seed: int, people: Sequence[Person], older: int, today: date, mix: Mix) -> list[MemberPerson]:
    random = Random(f"{seed} members")
    cards = [write_member(random, person, today, mix.damage) for person in people]
    for position in _positions(random, len(people), older):
        card, person = cards[position], people[position]
        cards.append(write_older_card(random, card, person, today, mix.damage))
    cards.sort(key=lambda card: (card.joined_on, card.person))
    return [with_keys(card, position) for position, card in enumerate(cards)]


def _positions(random: Random, available: int, wanted: int) -> list[int]:
    """``wanted`` positions; a few of them twice once everybody had a turn."""
    if wanted <= available:
        return random.sample(range(available), wanted)
    return random.choices(range(available), k=wanted) if available else []


def _truth(accounts: Sequence[CustomerPerson], cards: Sequence[MemberPerson]) -> list[tuple[int, int]]:
    current: dict[int, int] = {}
    for position, card in enumerate(cards):
        # Cards are in the order they were given out: a later one replaces an earlier one, a dead one does not
        # replace one that works.
        known = current.get(card.person)
        if known is None or card.status == ACTIVE or cards[known].status != ACTIVE:
            current[card.person] = position
    return [
        (position, current[account.person])
        for position, account in enumerate(accounts)
        if account.person in current
    ]
