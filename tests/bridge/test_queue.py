"""The bridge's queue: whoever was told about is looked at, once, whatever is killed in between."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from eccube_sync.services.bridge.queue import Queue, Told, Waiting

IDS = st.sets(st.integers(1, 6), max_size=4)
NONCES = st.sampled_from(["a" * 32, "b" * 32, None])


class QueueMachine(RuleBasedStateMachine):
    """The queue beside what a person would expect of it; reopening stands for a crash."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.path = Path(self.folder.name) / "bridge" / "queue.sqlite"
        self.queue = Queue(self.path)
        self.now = 1000.0
        self.owed: dict[int, int] = {}
        self.nonces: set[str] = set()
        self.taken: list[Waiting] = []

    @rule(ids=IDS, nonce=NONCES)
    def tell(self, ids: set[int], nonce: str | None) -> None:
        """Something is told; a nonce is good once."""
        new = nonce is None or nonce not in self.nonces
        assert self.queue.put([Told(frozenset(ids), nonce)], self.now) == [new]
        if new:
            self.nonces |= {nonce} - {None}  # type: ignore[arg-type]
            for one in ids:
                self.owed[one] = self.owed.get(one, 0) + 1

    @rule(limit=st.integers(1, 10))
    def take(self, limit: int) -> None:
        """The worker takes some; nobody is taken twice in one batch."""
        self.taken = self.queue.take(limit, self.now)
        ids = [one.eccube_id for one in self.taken]
        assert len(set(ids)) == len(ids) <= limit
        assert set(ids) <= self.owed.keys()

    @precondition(lambda self: self.taken)
    @rule()
    def finish(self) -> None:
        """What was taken is done; what came in meanwhile is still owed."""
        self.queue.cross_out(self.taken)
        for one in self.taken:
            if self.owed.get(one.eccube_id) == one.number:
                del self.owed[one.eccube_id]
        self.taken = []

    @precondition(lambda self: self.taken)
    @rule()
    def fail(self) -> None:
        """What was taken failed: it stays, for later."""
        self.queue.postpone(self.taken, self.now, 10)
        self.taken = []

    @rule()
    def crash(self) -> None:
        """The process dies; the file stays."""
        self.queue.close()
        self.queue = Queue(self.path)
        self.taken = []

    @rule()
    def wait(self) -> None:
        """Time goes by."""
        self.now += 11

    @invariant()
    def nobody_is_lost(self) -> None:
        assert self.queue.waiting()[0] == len(self.owed)

    def teardown(self) -> None:
        """In the end everybody is dealt with, in spite of those that fail."""
        self.now += 10_000
        for _round in range(100):
            batch = self.queue.take(3, self.now)
            if not batch:
                break
            self.queue.cross_out(batch)
        assert self.queue.waiting()[0] == 0
        self.queue.close()
        self.folder.cleanup()


TestQueue = QueueMachine.TestCase
TestQueue.settings = settings(max_examples=25, stateful_step_count=20, deadline=None)


def test_what_was_acknowledged_survives_kill_9(tmp_path: Path) -> None:
    script = (
        "import os, signal, sys; from pathlib import Path; from eccube_sync.services.bridge.queue import Queue, Told\n"
        f"queue = Queue(Path({str(tmp_path / 'queue.sqlite')!r}))\n"
        "for number in range(1, 10000):\n"
        "    queue.put([Told(frozenset({number}))], 1.0); print(number, flush=True)\n"
        "    if number == 50: os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == -9
    queue = Queue(tmp_path / "queue.sqlite")
    assert queue.waiting()[0] == int(done.stdout.split()[-1]) == 50
    queue.close()


def test_one_that_fails_holds_up_nobody_else(tmp_path: Path) -> None:
    queue = Queue(tmp_path / "queue.sqlite")
    queue.put([Told(frozenset({1}))], 1.0)
    queue.postpone(queue.take(10, 1.0), 1.0, 0)
    queue.put([Told(frozenset({2, 3}))], 2.0)
    first = queue.take(10, 3.0)
    assert {one.eccube_id for one in first} == {2, 3}
    queue.cross_out(first)
    assert [one.eccube_id for one in queue.take(10, 3.0)] == [1]
    queue.close()
