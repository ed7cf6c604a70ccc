"""The made-up shop: sizes, truth, and the difficulties a real shop has."""

from __future__ import annotations

import unicodedata
from collections import Counter, defaultdict
from datetime import date, timedelta
from random import Random

import jaconv
from hypothesis import given, settings
from hypothesis import strategies as st

from eccube_sync.population import (
    CustomerPerson,
    MemberPerson,
    Mix,
    Name,
    Population,
    customer_rows,
    generate,
)
from tests.population.conftest import TODAY

RESERVED = ("example.jp", "example.com", "example.net")


def plain(text: str | None) -> str:
    return jaconv.hira2kata(unicodedata.normalize("NFKC", text or ""))


def phone_digits(written: str) -> str:
    digits = "".join(filter(str.isdigit, unicodedata.normalize("NFKC", written)))
    return f"0{digits.removeprefix('81').removeprefix('0')}"


def linked(shop: Population) -> list[tuple[CustomerPerson, MemberPerson]]:
    return [(shop.customers[customer], shop.members[member]) for customer, member in shop.truth]


def test_the_same_seed_gives_the_same_shop_and_another_seed_another(shop: Population) -> None:
    assert generate(7, 2000, 3000, TODAY) == shop
    assert generate(8, 2000, 3000, TODAY) != shop


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 60), st.integers(0, 60), st.floats(0, 1), st.floats(0, 0.4))
def test_any_mix_has_the_sizes_asked_for_and_a_truth_that_holds(
    customers: int, members: int, overlap: float, extra: float
) -> None:
    shop = generate(1, customers, members, TODAY, Mix(overlap, extra, extra))
    assert (len(shop.customers), len(shop.members)) == (customers, members)
    assert all(customer.person == member.person for customer, member in linked(shop))
    cards = {member.person for member in shop.members}
    in_truth = {position for position, _ in shop.truth}
    assert in_truth == {i for i, customer in enumerate(shop.customers) if customer.person in cards}


def test_about_half_of_the_customers_have_a_card(shop: Population) -> None:
    assert 0.45 < len(shop.truth) / len(shop.customers) < 0.6


def test_people_with_several_cards_are_paired_with_one_that_works_where_they_have_one(
    shop: Population,
) -> None:
    cards = defaultdict(list)
    for member in shop.members:
        cards[member.person].append(member)
    several = [member for _, member in linked(shop) if len(cards[member.person]) > 1]
    assert several
    for member in several:
        assert member.status == 0 or all(card.status != 0 for card in cards[member.person])


def test_without_damage_the_two_lists_agree() -> None:
    shop = generate(3, 300, 400, TODAY, Mix(damage=0, extra_accounts=0, older_cards=0))
    for customer, member in linked(shop):
        assert (customer.family_name, customer.given_name) == (member.family_name, member.given_name)
        assert (customer.family_kana, customer.given_kana) == (member.family_kana, member.given_kana)
        assert customer.birth_date == member.birth_date
        assert customer.postal_code == member.postal_code.replace("-", "")


def test_true_pairs_differ_as_in_life_but_keep_something_in_common(shop: Population) -> None:
    pairs = linked(shop)
    same_name = sum(c.family_name + c.given_name == m.family_name + m.given_name for c, m in pairs)
    same_phone = sum(c.phone in {phone_digits(m.phone), phone_digits(m.mobile)} for c, m in pairs)
    same_mail = sum(c.email in m.emails for c, m in pairs)
    same_birth = sum(c.birth_date is not None and c.birth_date == m.birth_date for c, m in pairs)
    assert 0.6 < same_name / len(pairs) < 0.9
    assert 0.5 < same_phone / len(pairs) < 0.85
    assert 0.25 < same_mail / len(pairs) < 0.6
    assert 0.55 < same_birth / len(pairs) < 0.85


def test_every_kind_of_damage_occurs(shop: Population) -> None:
    members, customers = shop.members, shop.customers
    phones = [phone for member in members for phone in (member.phone, member.mobile) if phone]
    emails = [customer.email for customer in customers]
    assert any(phone.startswith("+81") for phone in phones)
    assert any(unicodedata.east_asian_width(phone[0]) == "F" for phone in phones)
    assert any(phone[0] in "123456789" for phone in phones)
    assert "000-0000-0000" in phones
    assert any("+shop@gmail.com" in email for email in emails)
    assert any(member.family_name == "未入力" for member in members)
    assert any(member.birth_date == date(1900, 1, 1) for member in members)
    assert any("ｱ" <= member.family_kana[:1] <= "ﾝ" for member in members)
    assert any("ぁ" <= member.family_kana[:1] <= "ん" for member in members)
    assert any(not member.given_name and len(member.family_name) > 3 for member in members)
    assert any("髙" in person.family_name for person in [*members, *customers])
    assert any(customer.family_kana is None for customer in customers)
    assert any(customer.birth_date is None for customer in customers)
    assert any(customer.postal_code is None for customer in customers)
    swapped = [m for c, m in linked(shop) if (m.family_name, m.given_name) == (c.given_name, c.family_name)]
    assert swapped


def test_some_cards_say_no_more_than_a_name_and_a_phone(shop: Population) -> None:
    bare = [m for m in shop.members if not (m.address or m.emails or m.birth_date)]
    assert 0.1 < len(bare) / len(shop.members) < 0.2


def test_names_may_come_from_elsewhere() -> None:
    class OneFamily:
        def surname(self, random: Random) -> Name:
            return Name("勅使河原", "テシガワラ")

        def given_name(self, random: Random, sex: str, birth_year: int) -> Name:
            return Name("一", "ハジメ") if sex == "male" else Name("ひかる", "ヒカル")

    shop = generate(3, 30, 40, TODAY, Mix(damage=0), OneFamily())
    assert {customer.family_kana for customer in shop.customers} == {"テシガワラ"}
    assert {member.given_name for member in shop.members} <= {"一", "ひかる"}


def test_different_people_share_names_and_households_share_a_landline(shop: Population) -> None:
    people = defaultdict(set)
    for member in shop.members:
        people[member.family_name, member.given_name].add(member.person)
    assert sum(len(sharing) > 1 for (_, given_name), sharing in people.items() if given_name) > 20
    landlines = defaultdict(set)
    for member in shop.members:
        if member.phone and phone_digits(member.phone)[1:3] != "90":
            landlines[phone_digits(member.phone)].add(member.person)
    assert sum(len(sharing) > 1 for sharing in landlines.values()) > 100


def test_there_are_twins_of_one_surname_and_address(shop: Population) -> None:
    born = defaultdict(set)
    for member in shop.members:
        if member.birth_date and member.address:
            key = (member.birth_date, member.family_name, member.postal_code)
            born[key].add((member.person, member.given_name))
    twins = [people for people in born.values() if len({person for person, _ in people}) > 1]
    assert twins
    assert all(len({given_name for _, given_name in people}) > 1 for people in twins)


def test_some_surnames_are_far_more_frequent_than_others(shop: Population) -> None:
    surnames = Counter(customer.family_name for customer in shop.customers)
    assert surnames["佐藤"] / len(shop.customers) > 0.012
    assert sum(count == 1 for count in surnames.values()) > 100


def test_kana_reads_the_kanji_for_everybody_whose_kana_was_given(shop: Population) -> None:
    # One written name has at most a few readings in the whole shop, whoever bears it.
    readings = defaultdict(set)
    for customer in shop.customers:
        if customer.family_kana and customer.status == 2:
            readings[customer.family_name].add(plain(customer.family_kana).replace("ー", "オ"))
    assert all(
        len(found) <= 3 for name, found in readings.items() if len(name) > 1 and name not in {"未入力"}
    )


def test_nobody_real_can_be_called_or_mailed(shop: Population) -> None:
    emails = {c.email for c in shop.customers if c.status != 3}
    emails |= {email for member in shop.members for email in member.emails}
    for email in emails:
        local, _, domain = email.lower().rpartition("@")
        assert domain.endswith(RESERVED) or (domain == "gmail.com" and "_" in local), email
    rows = customer_rows(shop.customers)
    mobiles = [str(row["phone_number"]) for row in rows if str(row["phone_number"]).startswith("090")]
    assert sum(number.startswith("0900") for number in mobiles) > 0.97 * len(mobiles)


def test_a_batch_of_memberships_has_expired_and_some_end_soon(shop: Population) -> None:
    ends = [member.end_date for member in shop.members if member.end_date and member.status == 0]
    assert sum(TODAY - timedelta(days=10) < end < TODAY for end in ends) > 50
    assert any(end == TODAY + timedelta(days=30) for end in ends)
    assert date(2027, 3, 31) in ends
    assert any(member.unlimited for member in shop.members)
    assert any(not member.unlimited and member.end_date is None for member in shop.members)


def test_no_date_lies_in_the_future_of_the_shop_and_nobody_joined_as_a_small_child(shop: Population) -> None:
    for member in shop.members:
        assert member.joined_on < TODAY
        assert member.left_on is None or member.joined_on <= member.left_on < TODAY
        assert member.last_visit_at is None or member.last_visit_at.date() <= TODAY
        assert (member.status == 3) == (member.left_on is not None)
    for customer in shop.customers:
        assert customer.created_at.date() < TODAY
        assert (
            customer.last_bought_at is None
            or customer.created_at.date() <= customer.last_bought_at.date() <= TODAY
        )


def test_card_codes_are_unique_ean_13_and_numbers_keep_leading_zeros(shop: Population) -> None:
    codes = [member.code for member in shop.members]
    assert len(set(codes)) == len(codes)
    for code in codes:
        assert len(code) == 13
        assert sum(int(digit) * (3 if index % 2 else 1) for index, digit in enumerate(code)) % 10 == 0
    assert all(len(member.number) == 8 and member.number.startswith("0") for member in shop.members)
