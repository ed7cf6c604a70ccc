"""What somebody changed between a plan and its yes is left as they made it, and named; all else is carried out (P13).

Two plans whose rows others may touch meanwhile: classes in EC-CUBE, and the classes of a night. The others are
proved where they belong: answers from a review file in tests/review, an undo in tests/undo, a whole file that
changed in tests/members/test_import.py, a link by hand in tests/people.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from random import Random

import pytest
from sqlalchemy import update

from eccube_sync.services.classes.classing import plan_classes, write_classes
from eccube_sync.services.projection.projecting import apply_projection, plan_projection
from eccube_sync.services.running import Run
from eccube_sync.tables.customers import customer, customer_class, projection_state
from eccube_sync.tables.runs import journal
from tests.promises.crowd import crowd
from tests.promises.scale import chance, parts, scale
from tests.support.rows import our_shop
from tests.support.shop import Shop
from tests.undo.story import CONFIGURATION, DAY, Story, classifying, expire, moved

pytestmark = pytest.mark.promise("P13")

GROUP = "plg_customer_group_customers_groups"
COLUMN = """
[[projection]]
kind = "column"
column = "customer_rank_id"
store_value = "2"
"""
GUARDS = "[guards]\nsurprise_downgrades = 1000\ndowngrades = 1000\n"
PEOPLE = 40


@pytest.fixture
def story(shop: Shop, tmp_path: Path) -> Iterator[Story]:
    """A shop with people of both kinds, its first night over, and the second one decided but not shown yet."""
    with our_shop(shop, tmp_path, CONFIGURATION + GUARDS) as ours:
        yield Story(ours, tmp_path)


def decided(story: Story, luck: Random, turn: int) -> None:
    """Some memberships end and others are renewed; EC-CUBE is to be told."""
    day = DAY + timedelta(days=turn)
    story.at(day)
    cards = crowd(Random(7), PEOPLE, DAY + timedelta(days=3000))
    if turn == 0:
        story.register(*cards)
    ended = set(luck.sample(range(PEOPLE), PEOPLE // 2))
    now = [
        moved(card, ends=DAY - timedelta(days=5)) if place in ended else card
        for place, card in enumerate(cards)
    ]
    story.run("night without projecting", story.importing(*now), classifying(), expire)


@pytest.mark.parametrize("part", parts(1, 4))
def test_a_row_somebody_touched_in_eccube_since_the_plan_is_left_and_named(
    story: Story, proof: Counter[str], part: int
) -> None:
    luck, ours = chance("touched in EC-CUBE", part), story.ours
    for turn in range(scale(6, 25)):
        decided(story, luck, turn)
        with ours.connect() as connection:
            plan = plan_projection(ours.service, connection)
        (pending,) = plan.pending.values()
        known = {row.customer_id: row for row in pending if row.written_class}
        touched = luck.sample(sorted(known), min(len(known), 5))
        before = story.shown()
        for one in touched:
            touch(story, known[one].eccube_id, shown=known[one].eccube_id in before)
        hands = story.shown()
        run_id = story.run("project", lambda run: apply_projection(run, plan))  # noqa: B023 - carried out at once
        settled = {row.customer_id: row.state for row in ours.rows(projection_state)}
        for one, row in known.items():
            number, wanted = row.eccube_id, row.wanted_class == "store"
            if one in touched:
                assert (number in story.shown()) == (number in hands)
            else:
                assert (number in story.shown()) == wanted
                assert settled[one] == "done"
        named = {
            row.subject_id: row.reason for row in ours.rows(journal, run_id=run_id, subject="projection")
        }
        assert {named[one] for one in touched} <= {"drift", "already"}
        assert {named[one] for one in known if one not in touched} <= {"written", "already"}
        proof["rows touched"] += len(touched)
        proof["rows applied as planned"] += len(pending) - len(touched)
        restore(story, touched)


@pytest.mark.parametrize("part", parts(1, 4))
def test_a_number_somebody_set_by_hand_since_the_plan_stays_as_it_is(
    shop: Shop, tmp_path: Path, proof: Counter[str], part: int
) -> None:
    """In a column others use as well, where what they set is neither what stood there nor what we want."""
    shop.execute("ALTER TABLE dtb_customer ADD COLUMN customer_rank_id SMALLINT DEFAULT NULL")
    with our_shop(shop, tmp_path, CONFIGURATION + COLUMN + GUARDS) as ours:
        story, luck = Story(ours, tmp_path), chance("touched in a column", part)
        decided(story, luck, 0)
        ours.apply(lambda run: apply_projection(run, plan_projection(run.shop, run.connection)))
        decided(story, luck, 1)
        with ours.connect() as connection:
            plan = plan_projection(ours.service, connection)
        (pending,) = [rows for key, rows in plan.pending.items() if key.startswith("column")]
        touched = {row.customer_id: row.eccube_id for row in luck.sample(pending, 5)}
        for eccube_id in touched.values():
            ours.eccube.execute("UPDATE dtb_customer SET customer_rank_id = 9 WHERE id = :id", id=eccube_id)
        run_id = story.run("project", lambda run: apply_projection(run, plan))
        ranks = dict(ours.eccube.rows("SELECT id, customer_rank_id FROM dtb_customer"))
        for row in pending:
            wanted = 2 if row.wanted_class == "store" else None
            assert ranks[row.eccube_id] == (9 if row.customer_id in touched else wanted)
        named = ours.rows(journal, run_id=run_id, subject="projection", reason="drift")
        assert {row.subject_id for row in named} == set(touched)
    proof["rows touched"] += len(touched)
    proof["rows applied as planned"] += len(pending) - len(touched)


def touch(story: Story, eccube_id: int, *, shown: bool) -> None:
    """Somebody in the shop does by hand what we were about to do, or takes away what we were about to keep."""
    if shown:
        story.ours.eccube.execute(f"DELETE FROM {GROUP} WHERE customer_id = :id", id=eccube_id)
    else:
        story.ours.eccube.insert(GROUP, [{"customer_id": eccube_id, "group_id": 1}])


def restore(story: Story, touched: list[int]) -> None:
    """The shop's people settle what they did, so that the next turn begins clean."""
    for row in story.ours.rows(projection_state):
        if row.customer_id in touched:
            eccube_id = story.ours.row(customer, id=row.customer_id).eccube_id
            story.ours.eccube.execute(f"DELETE FROM {GROUP} WHERE customer_id = :id", id=eccube_id)
            if row.written_value:
                story.ours.eccube.insert(GROUP, [{"customer_id": eccube_id, "group_id": 1}])
    story.ours.apply(lambda run: apply_projection(run, plan_projection(run.shop, run.connection)))


@pytest.mark.parametrize("part", parts(1, 2))
def test_a_class_another_process_changed_since_the_plan_is_left_and_counted(
    story: Story, proof: Counter[str], part: int
) -> None:
    luck, ours = chance("changed by another process", part), story.ours
    for turn in range(scale(6, 50)):
        decided(story, luck, turn)
        later = DAY + timedelta(days=4000 + turn)
        with ours.connect() as connection:
            changes = plan_classes(ours.settings, connection, later, [row.id for row in ours.rows(customer)])
            connection.rollback()
        touched = luck.choice([change for change in changes if change.before is not None])
        other = "no_policy" if touched.before is None or touched.before.reason == "unlimited" else "unlimited"
        with ours.connect() as connection, connection.begin():
            of = customer_class.c.customer_id == touched.customer_id
            connection.execute(update(customer_class).where(of).values(reason=other))
        stale = Counter[str]()

        def step(run: Run) -> None:
            run.transaction(write_classes, run, changes)  # noqa: B023 - carried out at once
            stale.update(run.counts)  # noqa: B023

        run_id = story.run("expire", step)
        rows = {row.customer_id: row for row in ours.rows(customer_class)}
        assert stale["stale"] == 1
        assert rows[touched.customer_id].reason == other
        assert ours.rows(journal, run_id=run_id, subject_id=touched.customer_id) == []
        for change in changes:
            if change is not touched:
                assert rows[change.customer_id].run_id == run_id
        proof["rows touched"] += 1
        proof["rows applied as planned"] += len(changes) - 1
