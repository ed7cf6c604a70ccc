"""The mail server takes the mails and then hangs up, sleeps, or answers too late, while cron starts the night again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import select

from eccube_sync.errors import ExitCode
from eccube_sync.tables.notices import notice
from tests.outbox.conftest import ids_of
from tests.promises.scale import scale
from tests.promises.scenes import Scene
from tests.support.smtp import FaultyServer
from tests.support.watch import KILLED

pytestmark = pytest.mark.promise("P2", "P6")

Play = Callable[[str, str], Scene]
PATIENCE = 0.5
"""Seconds we wait for the answer to the dot; ten minutes in a shop."""


@pytest.mark.parametrize("kind", scale(["mysql"], ["sqlite", "mysql"]))
@pytest.mark.parametrize("fault", ["drop", "stall", "late"])
@pytest.mark.parametrize("killed", [False, True])
def test_three_runs_of_cron_and_a_server_that_does_not_answer(
    play: Play, fault: str, kind: str, killed: bool, tmp_path: Path, proof: Counter[str]
) -> None:
    night = play("night", kind)
    before = sent(night)
    usual, night.shop.mail_port = night.shop.mail_port, None
    with FaultyServer("dot", fault, delay=3 * PATIENCE, times=5) as server:
        night.shop.mail_port = server.port
        night.shop.configure()
        try:
            if killed:
                assert night.play(kill=night.clean.steps - 200, hurry={"dot": PATIENCE}).code == KILLED
                night.wait_for_the_server()
            second_went, until = tmp_path / "second", tmp_path / "until"
            hold = {"at": ("classify", 20), "holding": tmp_path / "holding", "until": until}
            first, *others = night.runs.together(
                night.shop,
                {"hold": hold, "hurry": {"dot": PATIENCE}},
                {"after": tmp_path / "holding", "then": second_went},
                {"after": second_went, "then": until},
                arguments=night.arguments,
            )
            assert first.code in (0, 1), first.output
            assert [one.code for one in others] == [ExitCode.LOCKED] * 2
            again = night.play(hurry={"dot": PATIENCE})
        finally:
            night.shop.mail_port = usual
            night.shop.configure()
        arrived = Counter(ids_of(server))
    check(night, before, arrived, again.code)
    proof["nights"] += 1
    proof["mails"] += arrived.total()
    night.again()


def sent(night: Scene) -> set[str]:
    """The Message-IDs of the mails that we think arrived."""
    return {row.message_id for row in night.shop.rows(select(notice).where(notice.c.state == "sent"))}


def check(night: Scene, before: set[str], arrived: Counter[str], code: int) -> None:
    """Each customer's mail at most once, each accounted for, each doubtful one listed."""
    came_back = notice.c.reason == "returned_hard"
    statement = select(notice.c.message_id, notice.c.state, notice.c.id).where(came_back.is_not(True))
    rows = night.shop.rows(statement)
    ours = {row.message_id for row in rows}
    assert all(number == 1 for message_id, number in arrived.items() if message_id in ours)
    assert sent(night) - before <= arrived.keys()
    assert code in (0, 1)
    states = Counter(row.state for row in rows)
    assert set(states) <= {"sent", "in_doubt", "queued", "cancelled", "baseline"}, states
    assert {row.message_id for row in rows if row.state == "in_doubt"}
    outcome = night.runs.run(night.shop, "notices", "list", "--state", "in_doubt")
    listed = sum(str(row.id) in outcome.output for row in rows if row.state == "in_doubt")
    assert listed == states["in_doubt"], outcome.output
