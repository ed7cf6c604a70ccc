"""Killed before or after anything it does, the next run ends as if nothing had happened: no mail twice, none lost.

Commands are killed at each of their external calls, at random moments, and again and again; then the same command
runs once more. Every row of our tables and of EC-CUBE's is compared with those of a shop in which it ran once.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest
from sqlalchemy import select

from eccube_sync.configsections import STAGES
from eccube_sync.tables.codes import link_code
from eccube_sync.tables.members import staged_member
from tests.nightly.spreadsheets import column, rewrite
from tests.promises.keeping import keep
from tests.promises.scale import CAMPAIGN, SEED, chance, parts, scale
from tests.promises.scenes import SCENES, Scene
from tests.support.installed import TODAY, install
from tests.support.runs import Runs
from tests.support.shop import Shop
from tests.support.watch import KILLED

pytestmark = pytest.mark.promise("P1", "P2")

Play = Callable[[str, str], Scene]
PARTS = 12
KINDS = ("sqlite", "mysql")
PLAYED = [
    (name, kind) for kind in KINDS for name in SCENES if CAMPAIGN or kind == "sqlite" or name == "night"
]


def points(steps: int, name: str, kind: str, part: int) -> list[int]:
    """The steps of a run to kill it at: in a campaign every second one, with the next seed the others.

    On a server every sixteenth, as it takes longer there.
    """
    if CAMPAIGN:
        every = {"sqlite": 2, "mysql": 16}[kind]
        return list(range(1 + part, steps + 1, PARTS))[SEED % every :: every]
    number = {"sqlite": 2, "mysql": 1}[kind] * (3 if name == "night" else 1)
    return sorted(chance("points", name, kind).sample(range(1, steps + 1), number))


@pytest.mark.parametrize("part", parts(1, PARTS))
@pytest.mark.parametrize(("name", "kind"), PLAYED)
def test_killed_at_any_point_and_run_again(
    play: Play, name: str, kind: str, part: int, proof: Counter[str]
) -> None:
    scene = play(name, kind)
    for point in points(scene.clean.steps, name, kind, part):
        scene.again()
        assert scene.play(kill=point).code == KILLED, point
        proof["crash points"] += 1
        in_doubt = scene.heal()
        assert len(in_doubt) <= 1, point
        proof["mails in doubt"] += len(in_doubt)


@pytest.mark.parametrize("part", parts(1, 4))
@pytest.mark.parametrize("kind", KINDS)
def test_killed_at_random_moments_again_and_again(
    play: Play, kind: str, part: int, proof: Counter[str]
) -> None:
    """By SIGKILL from outside, up to five times in a row."""
    random, wanted = chance("moments", kind, part), scale(4, 100)
    while proof["kills"] < wanted:
        scene = play(random.choice(["night", "night", *(SCENES if CAMPAIGN else [])]), kind)
        kills = 0
        for _attempt in range(random.randint(1, 5)):
            moment = random.uniform(0.02, 1.2 * scene.clean.seconds)
            kills += scene.play(kill_after=moment).code < 0
        in_doubt = scene.heal()
        assert len(in_doubt) <= kills
        proof["kills"] += kills
        proof["mails in doubt"] += len(in_doubt)


@pytest.mark.parametrize("part", parts(1, 3))
@pytest.mark.parametrize("kind", KINDS)
def test_a_night_killed_in_each_of_its_stages_in_turn(
    play: Play, kind: str, part: int, proof: Counter[str]
) -> None:
    scene, random = play("night", kind), chance("stages", kind, part)
    for before, stage in pairwise(("start", *STAGES)):
        place = (stage, random.randint(1, scene.clean.calls[stage]))
        killed = scene.play(kill=place)
        assert killed.code == KILLED, (before, place, killed.output)
        proof["kills"] += 1
    assert len(scene.heal()) <= 1
    assert scene.shop.count(staged_member) == 0


def test_a_code_handed_out_is_bound_wherever_the_import_is_killed(
    sqlite_shop: Shop, runs: Runs, tmp_path: Path
) -> None:
    """The store types a code's serial into the member's remark; a file that is known is not taken in again."""
    shop = install(sqlite_shop, tmp_path / "sync")
    shop.columns = 'link_code_serial = ["備考"]'
    shop.configure()
    assert shop.run("codes", "issue", "--count", "3", "--apply") == 0
    serials = iter([row.serial for row in shop.rows(select(link_code.c.serial))])
    shop.fill(20, 30)
    rewrite(shop.drop_export(TODAY), column("備考", lambda _cell: next(serials, "")))
    put_back = keep(shop, tmp_path / "kept")
    calls = runs.run(shop).calls["import"]
    for number in range(calls - 4, calls + 1):
        put_back()
        assert runs.run(shop, kill=("import", number)).code == KILLED
        assert runs.run(shop).code == 0
        assert shop.count(link_code, link_code.c.state == "assigned") == 3, number
