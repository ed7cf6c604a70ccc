"""What becomes of a link when its card is lost, merged, replaced, or wanted by a second account."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from email import message_from_bytes, policy
from pathlib import Path

import pytest
from sqlalchemy import select

from eccube_sync.db import AnyRow
from eccube_sync.services.links.linking import end_link
from eccube_sync.services.matching.classifyplan import plan_classify
from eccube_sync.services.notices.judging import judge
from eccube_sync.services.review.answering import Answer, AnswerRefusedError, Decision, answer_case
from eccube_sync.services.review.file import QUESTIONS
from eccube_sync.tables.cases import review_case
from eccube_sync.tables.codes import claim
from eccube_sync.tables.customers import customer
from eccube_sync.tables.links import link
from eccube_sync.tables.notices import notice
from eccube_sync.tables.runs import journal
from tests.codes.counter import Counter
from tests.support.rows import our_shop
from tests.support.shop import Shop
from tests.undo.story import AOKI, BABA, CHIBA, CONFIGURATION, DAY, Story, moved

LOST = moved(AOKI, status="紛失")
MERGED = moved(AOKI, status="名寄せ")
NEW_CARD = moved(AOKI, code="2900000000055")


def _shop(shop: Shop, folder: Path) -> Iterator[Story]:
    """Aoki proved her card with her birth date; Baba was matched."""
    with our_shop(shop, folder, CONFIGURATION) as ours:
        story = Story(ours, folder)
        story.at(DAY)
        story.register(AOKI, BABA)
        story.import_file(AOKI, BABA)
        claims_card(story, AOKI.code, AOKI.code, AOKI.born)
        story.classify()
        assert (story.linked(AOKI), story.linked(BABA)) == ("card", "match")
        yield story


@pytest.fixture
def story(shop: Shop, tmp_path: Path) -> Iterator[Story]:
    """Once on SQLite, once on MariaDB."""
    yield from _shop(shop, tmp_path)


@pytest.fixture
def small(sqlite_shop: Shop, tmp_path: Path) -> Iterator[Story]:
    """On SQLite, where the engine makes no difference."""
    yield from _shop(sqlite_shop, tmp_path)


def claims_card(story: Story, who: str, number: str, born: date) -> None:
    """Whoever's own card is ``who`` types a number and a birth date."""
    eccube_id = story.people[who]
    counter = Counter(story.ours, story.folder)
    header = ("customer_id", "card", "birth_date")
    counter.import_file(counter.write(header, [(eccube_id, number, born)]))


def next_night(story: Story, *cards: object) -> int:
    story.at(story.day + timedelta(days=1))
    return story.night(*cards)  # type: ignore[arg-type]


def questions(story: Story) -> list[str]:
    return [row.kind for row in story.ours.rows(review_case, state="open")]


def answer(story: Story, case: AnyRow, decision: Decision) -> None:
    given = Answer(case.id, case.version, decision, "Tanaka")
    story.run("review import", lambda run: run.transaction(lambda: answer_case(run, given)))


def mailed(story: Story) -> list[str]:
    return [row.kind for row in story.ours.rows(notice, state="queued")]


# --- the store's address is told --------------------------------------------------------------------


def test_the_address_the_store_has_is_told_once_that_its_card_was_entered(story: Story) -> None:
    story.register(CHIBA)
    story.import_file(AOKI, BABA, moved(CHIBA, email="chiba@store.example.jp"))
    claims_card(story, CHIBA.code, CHIBA.code, CHIBA.born)
    story.classify()
    (told,) = story.ours.rows(notice, kind="card_linked", state="queued")
    assert told.recipient == "chiba@store.example.jp"
    mail = message_from_bytes(told.message, policy=policy.default)
    text = mail.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    assert CHIBA.code[-4:] in text
    assert CHIBA.code not in text
    assert "千葉 由紀 様" in text
    story.classify(every=True)
    assert len(story.ours.rows(notice, kind="card_linked")) == 1
    assert judged(story) == [None]
    story.ours.apply(lambda run: run.transaction(end_link, run, told.link_id, "ended_by_person"))
    assert judged(story) == ["link_ended"]


def judged(story: Story) -> list[str | None]:
    """What would become of the mails to the store's addresses if they left now."""
    rows = story.ours.rows(notice, kind="card_linked", state="queued")
    with story.ours.connect() as connection:
        return list(judge(story.ours.settings, connection, rows, story.ours.clock.now()).values())


def test_no_second_mail_goes_to_the_accounts_own_address_or_to_none(small: Story) -> None:
    small.register(CHIBA)
    own = str(small.ours.eccube.rows("SELECT email FROM dtb_customer ORDER BY id DESC")[0][0])
    small.import_file(AOKI, BABA, moved(CHIBA, email=own.upper()))
    claims_card(small, CHIBA.code, CHIBA.code, CHIBA.born)
    small.classify()
    assert small.linked(CHIBA) == "card"
    assert not small.ours.rows(notice, kind="card_linked")  # neither Chiba's, nor Aoki's without an address


# --- lost, merged, reissued -------------------------------------------------------------------------


@pytest.mark.parametrize(("card", "kind"), [(LOST, "replacement_card"), (MERGED, "merged_into_whom")])
def test_without_a_successor_the_class_stays_and_a_person_is_asked_once(
    story: Story, card: object, kind: str
) -> None:
    story.at(DAY + timedelta(days=1))
    story.import_file(card, BABA)  # type: ignore[arg-type]
    with story.ours.connect() as connection:
        assert plan_classify(story.ours.service, connection).counts()["cases_to_ask"] == 1
    story.classify()
    assert (questions(story), story.class_of(AOKI), story.linked(AOKI)) == ([kind], "store", "card")
    assert "Dealt with" in QUESTIONS[kind]
    next_night(story, card, BABA)
    assert questions(story) == [kind]
    answer(story, story.ours.row(review_case, state="open"), "done")
    next_night(story, card, BABA)
    assert (questions(story), story.class_of(AOKI)) == ([], "store")


def test_the_new_card_of_the_same_person_takes_the_link_over_with_its_proof_and_without_a_mail(
    story: Story,
) -> None:
    before = mailed(story)
    next_night(story, LOST, BABA, NEW_CARD)
    story.people[NEW_CARD.code] = story.people[AOKI.code]
    assert (story.linked(AOKI), story.linked(NEW_CARD)) == (None, "card")
    assert story.ours.row(link, active=1, method="card").proven_by == "card"
    assert (story.class_of(AOKI), questions(story), mailed(story)) == ("store", [], before)
    assert [row.reason for row in story.ours.rows(journal, field="moved_from")] == ["successor"]


def test_the_question_closes_by_itself_when_the_new_card_comes_later_or_the_old_one_is_found(
    small: Story,
) -> None:
    next_night(small, LOST, BABA)
    assert questions(small) == ["replacement_card"]
    next_night(small, AOKI, BABA)
    assert questions(small) == []
    next_night(small, LOST, BABA)
    assert questions(small) == ["replacement_card"]
    next_night(small, LOST, BABA, NEW_CARD)
    small.people[NEW_CARD.code] = small.people[AOKI.code]
    assert (questions(small), small.linked(NEW_CARD)) == ([], "card")


def test_a_card_that_is_only_perhaps_the_new_one_is_asked_about_instead(small: Story) -> None:
    unsure = moved(NEW_CARD, born=date(1969, 11, 28))
    before = mailed(small)
    next_night(small, LOST, BABA, unsure)
    small.people[unsure.code] = small.people[AOKI.code]
    assert questions(small) == ["successor"]
    assert (small.linked(AOKI), small.class_of(AOKI)) == ("card", "store")
    next_night(small, LOST, BABA, unsure)
    assert questions(small) == ["successor"]
    answer(small, small.case_of(unsure), "same")
    assert (small.linked(AOKI), small.linked(unsure)) == (None, "review")
    assert small.ours.row(link, active=1, method="review").proven_by == "card"
    assert mailed(small) == before
    next_night(small, LOST, BABA, unsure)
    assert questions(small) == []


def test_after_the_night_is_undone_the_question_closes_by_itself_until_the_card_is_lost_again(
    story: Story,
) -> None:
    night = next_night(story, LOST, BABA)
    story.undo(night)
    story.classify()
    assert questions(story) == []
    next_night(story, LOST, BABA)
    assert questions(story) == ["replacement_card"]


def test_undoing_the_night_of_a_move_gives_the_old_card_its_link_back(story: Story) -> None:
    night = next_night(story, LOST, BABA, NEW_CARD)
    story.people[NEW_CARD.code] = story.people[AOKI.code]
    assert story.linked(NEW_CARD) == "card"
    story.undo(night)
    assert (story.linked(AOKI), story.linked(NEW_CARD), story.class_of(AOKI)) == ("card", None, "store")


def test_whoever_types_a_lost_card_is_told_nothing_and_links_nothing(small: Story) -> None:
    small.register(CHIBA)
    next_night(small, LOST, BABA)
    claims_card(small, CHIBA.code, AOKI.code, AOKI.born)
    next_night(small, LOST, BABA)
    assert sorted(questions(small)) == ["lost_card_claim", "replacement_card"]
    assert small.ours.rows(claim)[-1].state == "conflict"
    assert small.class_of(CHIBA) == "ec_only"


# --- families and second accounts --------------------------------------------------------------------


def test_a_second_account_with_a_proven_card_is_a_question_that_ends_when_the_first_link_does(
    small: Story,
) -> None:
    small.register(CHIBA)
    claims_card(small, CHIBA.code, AOKI.code, AOKI.born)
    small.classify()
    (case,) = small.ours.rows(review_case, state="open")
    assert (case.kind, small.linked(AOKI)) == ("claimed_twice", "card")
    with pytest.raises(AnswerRefusedError, match="linked_otherwise"):
        answer(small, case, "same")
    answer(small, case, "different")
    assert (questions(small), small.linked(AOKI)) == ([], "card")


def test_a_shop_that_allows_it_links_the_whole_family_to_one_card(sqlite_shop: Shop, tmp_path: Path) -> None:
    configuration = CONFIGURATION.replace('name = "本店"', 'name = "本店"\naccounts_per_member = 2')
    with our_shop(sqlite_shop, tmp_path, configuration) as ours:
        story = Story(ours, tmp_path)
        story.at(DAY)
        story.register(AOKI, BABA, CHIBA)
        story.import_file(AOKI)
        for who in (AOKI, BABA, CHIBA):
            claims_card(story, who.code, AOKI.code, AOKI.born)
        story.classify()
        story.expire()
        assert [story.class_of(one) for one in (AOKI, BABA, CHIBA)] == ["store", "store", "ec_only"]
        assert questions(story) == ["claimed_twice"]
        assert sorted(row.slot for row in ours.rows(link, active=1)) == [1, 2]


def test_a_question_about_a_member_alone_is_dealt_with_though_it_names_the_customer(small: Story) -> None:
    for _night in range(2):
        next_night(small, BABA)
    (case,) = small.ours.rows(review_case, state="open")
    assert (case.kind, case.customer_id) == (
        "missing_member", small.ours.row(customer, eccube_id=small.people[AOKI.code]).id,
    )  # fmt: skip
    answer(small, case, "done")
    assert (questions(small), small.linked(AOKI)) == ([], "card")
    assert not small.rows(select(review_case.c.id).where(review_case.c.state == "open"))
