"""A code handed to somebody who joined a moment ago: it waits for the store's data, and may lend the class."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from eccube_sync.db import AnyRow
from eccube_sync.services.claims.words import shown_to_customer
from eccube_sync.services.classes.expiring import plan_expiry
from eccube_sync.services.codes.listing import apply_revoke, plan_revoke
from eccube_sync.services.matching.classifyplan import plan_classify
from eccube_sync.tables.codes import claim, link_code
from eccube_sync.tables.customers import customer, customer_class
from eccube_sync.tables.notices import notice
from tests.codes.counter import Counter, Label
from tests.support.rows import our_shop
from tests.support.shop import Shop
from tests.undo.story import AOKI, BABA, CHIBA, CONFIGURATION, DAY, DOI, Story

LENDING = CONFIGURATION + "[codes]\nprovisional_days = 7\n"


def _shop(shop: Shop, folder: Path, configuration: str) -> Iterator[Story]:
    """A shop after its first night; Chiba has an account, and joins at the counter today."""
    with our_shop(shop, folder, configuration) as ours:
        story = Story(ours, folder)
        story.at(DAY)
        story.register(AOKI, BABA, CHIBA, DOI)
        story.night(AOKI, BABA)
        yield story


@pytest.fixture
def waiting(shop: Shop, tmp_path: Path) -> Iterator[Story]:
    """As shipped: the class waits for the data."""
    yield from _shop(shop, tmp_path, CONFIGURATION)


@pytest.fixture
def lending(shop: Shop, tmp_path: Path) -> Iterator[Story]:
    """A shop that lends the class for seven days."""
    yield from _shop(shop, tmp_path, LENDING)


@pytest.fixture
def small(sqlite_shop: Shop, tmp_path: Path) -> Iterator[Story]:
    """The same, where the engine makes no difference."""
    yield from _shop(sqlite_shop, tmp_path, LENDING)


def customer_id(story: Story, code: str = CHIBA.code) -> int:
    return int(story.ours.row(customer, eccube_id=story.people[code]).id)


def joins(story: Story, *, assigned: bool = True) -> Label:
    """Chiba gets a code at the counter and types it on the web."""
    counter = Counter(story.ours, story.folder)
    (label,) = counter.issue()
    if assigned:
        counter.assign((label.serial, CHIBA.code))
    counter.typed((customer_id(story), label.code))
    return label


def mails(story: Story) -> list[str]:
    """The kinds of mail queued to Chiba."""
    return [row.kind for row in story.ours.rows(notice, customer_id=customer_id(story), state="queued")]


def class_row(story: Story) -> AnyRow:
    return story.ours.row(customer_class, customer_id=customer_id(story))


def later(story: Story, days: int) -> date:
    story.at(DAY + timedelta(days=days), hour=12)
    return story.day


def test_a_code_typed_before_the_import_is_linked_by_the_next_one_and_mailed_once(waiting: Story) -> None:
    joins(waiting)
    waiting.classify()
    typed = waiting.ours.row(claim)
    assert (typed.state, typed.reason) == ("waiting_for_store", "member_not_imported")
    assert shown_to_customer(typed.kind, typed.state) == "waiting"
    assert (waiting.class_of(CHIBA), mails(waiting)) == ("ec_only", [])
    later(waiting, 1)
    waiting.night(AOKI, BABA, CHIBA)
    assert waiting.linked(CHIBA) == "link_code"
    assert (waiting.class_of(CHIBA), mails(waiting)) == ("store", ["linked"])
    later(waiting, 2)
    waiting.night(AOKI, BABA, CHIBA)
    assert mails(waiting) == ["linked"]


@pytest.mark.parametrize("assigned", [True, False])
def test_a_shop_may_lend_the_class_until_the_member_is_there(lending: Story, assigned: bool) -> None:
    label = joins(lending, assigned=assigned)
    with lending.ours.connect() as connection:
        assert plan_classify(lending.ours.service, connection).counts()["became_store"] == 1
    lending.classify()
    lent = class_row(lending)
    assert (lent.membership_class, lent.reason, lent.valid_through) == (
        "store", "provisional", DAY + timedelta(days=7),
    )  # fmt: skip
    assert lending.people[CHIBA.code] in lending.shown()
    assert mails(lending) == []
    later(lending, 1)
    if not assigned:
        Counter(lending.ours, lending.folder).assign((label.serial, CHIBA.code))
    lending.night(AOKI, BABA, CHIBA)
    assert class_row(lending).reason == "current"
    assert mails(lending) == ["linked"]


def test_what_was_lent_falls_on_its_day_without_a_mail_and_without_a_guard(lending: Story) -> None:
    joins(lending)
    lending.classify()
    later(lending, 7)
    lending.night(AOKI, BABA)
    assert lending.class_of(CHIBA) == "store"
    later(lending, 8)
    with lending.ours.connect() as connection:
        plan = plan_expiry(lending.ours.service, connection)
    assert [change.foreseen for change in plan.changes if change.downgraded] == [True]
    lending.night(AOKI, BABA)
    assert (class_row(lending).membership_class, class_row(lending).reason) == ("ec_only", "provisional_over")
    assert lending.people[CHIBA.code] not in lending.shown()
    assert mails(lending) == []
    later(lending, 9)
    lending.night(AOKI, BABA, CHIBA)
    assert (class_row(lending).reason, mails(lending)) == ("current", ["linked"])


def test_a_code_lends_nothing_to_the_second_who_types_it(small: Story) -> None:
    label = joins(small)
    Counter(small.ours, small.folder).typed((customer_id(small, DOI.code), label.code))
    small.classify()
    assert (small.class_of(CHIBA), small.class_of(DOI)) == ("store", "ec_only")


def test_a_revoked_code_lends_nothing_any_more(small: Story) -> None:
    label = joins(small)
    small.classify()
    with small.ours.connect() as connection:
        plan = plan_revoke(connection, [label.serial], None)
    small.ours.apply(lambda run: apply_revoke(run, plan))
    small.classify()
    small.expire()
    assert class_row(small).reason == "not_linked"
    assert small.people[CHIBA.code] not in small.shown()


def test_a_card_number_lends_nothing_for_anybody_can_make_one_up(small: Story) -> None:
    counter = Counter(small.ours, small.folder)
    counter.claims_card(customer_id(small), CHIBA.code, "birth_date", str(CHIBA.born))
    small.classify()
    assert small.class_of(CHIBA) == "ec_only"
    later(small, 1)
    small.night(AOKI, BABA, CHIBA)
    assert (small.linked(CHIBA), mails(small)) == ("card", ["linked"])


def test_undoing_the_classification_takes_back_what_it_lent(lending: Story) -> None:
    joins(lending)
    before = lending.standing()
    run_id = lending.classify()
    lending.undo(run_id)
    assert lending.class_of(CHIBA) == "ec_only"
    assert lending.people[CHIBA.code] not in lending.shown()
    assert lending.standing()["claim"] == before["claim"]
    lending.classify()
    assert lending.class_of(CHIBA) == "store"


def test_undoing_the_night_that_linked_lets_the_code_be_used_again_and_cancels_the_mail(
    waiting: Story,
) -> None:
    joins(waiting)
    waiting.classify()
    later(waiting, 1)
    night = waiting.night(AOKI, BABA, CHIBA)
    assert mails(waiting) == ["linked"]
    waiting.undo(night)
    assert waiting.linked(CHIBA) is None
    assert (mails(waiting), waiting.ours.row(link_code).state) == ([], "assigned")
    assert waiting.rows(select(claim.c.state))[0].state == "undone"
