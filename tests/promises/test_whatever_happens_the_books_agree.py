"""Whatever people, cron, staff and bad luck do, in whatever order: links, classes, mails and journal agree (P5, P14).

Hypothesis makes up lives of a small shop and shortens what went wrong to the fewest steps. After every step of
each life: nobody has two links, no machine overturned a person, the class after a good night is the one a clerk
would work out, EC-CUBE's own columns are as they were, the journal names every change, and every mail has its
event and every event its mail.
"""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from eccube_sync.configsections import STAGES
from tests.promises import books
from tests.promises.life import GOOD, LOST, MERGED, PEOPLE, WITHDRAWN, Life, Outcome, settled, spoil
from tests.promises.scale import SEED, parts, scale
from tests.support.quickfolder import quick_folder
from tests.support.runs import running_runs
from tests.support.smtp import FaultyServer
from tests.support.watch import KILLED

pytestmark = pytest.mark.promise("P5", "P14")

people = st.integers(0, PEOPLE - 1)
members = st.integers(0, 2)
"""People who have a card and an account from the first."""
accounts = st.integers(0, 20)
words = st.lists(st.sampled_from(["Same person", "Different people", "Later"]), min_size=1, max_size=3)
classes = st.sampled_from(["store", "ec_only"])
mail_faults = st.sampled_from(
    [("banner", "drop"), ("rcpt", "550 5.1.1 unknown"), ("rcpt", "451 later"), ("data", "drop"), ("body", "drop"),
     ("dot", "drop"), ("dot", "451 later"), ("dot", "554 no"), ("dot", "garbage")]
)  # fmt: skip
bad_files = st.sampled_from(["half", "empty", "header", "shifted", "cut"])


def none(found: list[str]) -> None:
    """Nothing that should not be was found."""
    assert not found, found


class Lives(RuleBasedStateMachine):
    """One life of the shop; ``beginning`` is where each of them begins."""

    beginning: Life
    seen: Counter[str]
    """How many mails were queued, by kind."""

    def __init__(self) -> None:
        super().__init__()
        self.life = self.beginning.fresh()
        self.holds: books.FactsAtHold = {}
        self.foreign: set[int] = set()
        self.bad_file = False

    def account(self, number: int) -> int:
        """An account that was once opened."""
        return self.life.accounts[number % len(self.life.accounts)]

    def run(self, *arguments: str, codes: frozenset[int] = GOOD) -> Outcome:
        """Run the program and look whether every mail has its event, and every event its mail."""
        return self.ran(self.life.run(*arguments), codes)

    def ran(self, outcome: Outcome, codes: frozenset[int]) -> Outcome:
        assert outcome.code in codes, (outcome.code, outcome.said)
        for row in outcome.after["class_override"].values():
            if row["kind"] == "hold" and row["members_mark"] not in self.holds:
                self.holds[row["members_mark"]] = books.facts_of(outcome.after, row["customer_id"])
        none(books.mails_without_event(outcome.before, outcome.after))
        news = [row for one, row in outcome.after["notice"].items() if one not in outcome.before["notice"]]
        self.seen.update(f"{row['kind']} mails" for row in news if row["state"] != "baseline")
        assert list(books.events_without_mail(outcome.before, outcome.after)) == []
        return outcome

    # --- the web shop ---

    @rule(person=people)
    def somebody_registers(self, person: int) -> None:
        self.life.register(person)

    @rule(account=accounts, phone=st.sampled_from(["08000009999", "09011112222", None]))
    def somebody_edits(self, account: int, phone: str | None) -> None:
        self.life.eccube_set(self.account(account), phone_number=phone)

    @rule(account=accounts, birth=st.sampled_from(["1950-01-01 15:00:00", None]))
    def somebody_contradicts(self, account: int, birth: str | None) -> None:
        self.life.eccube_set(self.account(account), birth=birth)

    @rule(account=accounts)
    def somebody_withdraws(self, account: int) -> None:
        self.life.eccube_set(self.account(account), customer_status_id=3)

    @rule(account=accounts)
    def somebody_vanishes(self, account: int) -> None:
        self.life.vanish(self.account(account))

    @rule(account=accounts)
    def another_person_has_the_id(self, account: int) -> None:
        self.life.make_anew(self.account(account))

    @rule(person=people)
    def somebody_alike_registers(self, person: int) -> None:
        self.life.looks_like(person)

    # --- the store ---

    @rule(person=people, days=st.sampled_from([1, 8, 31, 365]))
    def store_renews(self, person: int, days: int) -> None:
        self.life.change_card(person, end_date=self.life.day + timedelta(days=days), status=0, left_on=None)

    @rule(person=people, days=st.integers(-3, 2))
    def membership_ends(self, person: int, days: int) -> None:
        self.life.change_card(person, end_date=self.life.day + timedelta(days=days), unlimited=False)

    @rule(person=people, days=st.sampled_from([1, 40, 365]), status=st.sampled_from([0, LOST, MERGED]))
    def store_reissues_a_card(self, person: int, days: int, status: int) -> None:
        self.life.change_card(person, status=status)
        self.life.new_card(person, self.life.day + timedelta(days=days))

    @rule(person=people, status=st.sampled_from([1, LOST, WITHDRAWN, MERGED]), days=st.integers(-1, 2))
    def store_changes_a_status(self, person: int, status: int, days: int) -> None:
        left = self.life.day + timedelta(days=days) if status == WITHDRAWN else None
        self.life.change_card(person, status=status, left_on=left)

    @rule()
    def store_exports(self) -> None:
        self.life.export()
        self.bad_file = False

    @rule(damage=bad_files)
    def store_exports_a_bad_file(self, damage: str) -> None:
        spoil(self.life.export(), damage)
        self.bad_file = True

    # --- time ---

    @rule(days=st.sampled_from([1, 1, 1, 2, 9]))
    def days_pass(self, days: int) -> None:
        self.life.at(self.life.day + timedelta(days=days), 3)

    @rule()
    def noon_comes(self) -> None:
        self.life.at(self.life.day, 12)
        self.run("notify", codes=GOOD | {75})

    # --- cron ---

    @rule()
    def nightly(self) -> None:
        outcome = self.run("nightly", codes=GOOD | {65, 70, 75})
        known = any(row["state"] == "accepted" for row in outcome.before["member_import"].values())
        if self.bad_file and known:  # without an import before, half a file is a whole one
            for table in ("member", "member_version", "member_import", "source"):
                assert outcome.after[table] == outcome.before[table]
        self.bad_file = False
        if outcome.code in GOOD:
            after, today = outcome.after, self.life.day
            none(books.wrong_classes(outcome.before, after, today, self.holds))
            none(books.not_shown(after, self.life.group(), self.foreign))

    @rule(days=st.sampled_from([1, 1, 2]))
    def a_usual_day(self, days: int) -> None:
        self.days_pass(days)
        self.store_exports()
        self.nightly()
        self.noon_comes()

    # --- what most members do, and chance alone seldom brings about ---

    @rule(person=people, days=st.sampled_from([8, 365]))
    def somebody_joins(self, person: int, days: int) -> None:
        """With a card and an account, the card first."""
        self.life.new_card(person, self.life.day + timedelta(days=days))
        self.life.register(person)
        self.a_usual_day(1)

    @rule(person=members, days=st.sampled_from([8, 365]), late=st.integers(1, 3))
    def somebody_renews_late(self, person: int, days: int, late: int) -> None:
        """The membership ends, is seen to have ended, and is renewed at the counter."""
        self.membership_ends(person, -1)
        self.a_usual_day(1)
        self.store_renews(person, days)
        self.a_usual_day(late)

    @rule(person=members)
    def somebody_does_not_renew(self, person: int) -> None:
        """Reminded on the last day, a member no longer two days later."""
        self.membership_ends(person, 1)
        for _day in range(3):
            self.a_usual_day(1)

    @rule(every=st.booleans())
    def classify(self, every: bool) -> None:
        self.run("classify", "--apply", *(["--all"] if every else []), codes=GOOD | {70})

    @rule(stage=st.sampled_from([*STAGES, "notify"]), call=st.integers(1, 50))
    def nightly_is_killed(self, stage: str, call: int) -> None:
        self.ran(self.life.run_and_kill(stage, call, "nightly"), GOOD | {65, 70, 75, KILLED})

    # --- the administrator and the staff ---

    @rule()
    def project(self) -> None:
        self.run("project", "--apply")

    @rule()
    def export_review(self) -> None:
        self.run("review", "export")
        self.life.exported()

    @precondition(lambda self: self.life.kept_files)
    @rule(back=st.integers(0, 3), words=words, by_night=st.booleans())
    def staff_decides(self, back: int, words: list[str], by_night: bool) -> None:
        """On the newest file, or on an older one that waited on somebody's desk."""
        files = self.life.kept_files
        filled = self.life.answers(files[max(0, len(files) - 1 - back)], words)
        if by_night:
            shutil.copy(filled, self.life.shop.settings().folders.review_in)
        else:
            self.run("review", "import", str(filled), "--apply", codes=GOOD | {65})

    @rule(account=accounts, chosen=classes, days=st.sampled_from([None, 1, 9]))
    def person_overrides(self, account: int, chosen: str, days: int | None) -> None:
        until = ["--until", str(self.life.day + timedelta(days=days))] if days else []
        arguments = ("--class", chosen, *until, "--reason", "by phone", "--apply")
        self.run("overrides", "set", str(self.account(account)), *arguments, codes=frozenset({0, 64}))

    @rule(account=accounts)
    def person_ends_an_override(self, account: int) -> None:
        end = ("overrides", "end", str(self.account(account)), "--reason", "over", "--apply")
        self.run(*end, codes=frozenset({0, 64}))

    @rule(account=accounts, person=people)
    def person_links(self, account: int, person: int) -> None:
        cards = self.life.cards_of(person)
        code = self.life.shop.members[cards[-1]].code if cards else "2999999999999"
        link = ("customers", "link", str(self.account(account)), code, "--reason", "asked", "--apply")
        self.run(*link, codes=frozenset({0, 1, 64, 75}))

    @rule(account=accounts)
    def person_unlinks(self, account: int) -> None:
        unlink = ("customers", "unlink", str(self.account(account)), "--reason", "asked", "--apply")
        self.run(*unlink, codes=frozenset({0, 64}))

    @rule(back=st.integers(0, 6), correction=st.booleans())
    def person_undoes_a_run(self, back: int, correction: bool) -> None:
        runs = sorted(self.life.tables()["run"])
        undo = ("runs", "undo", str(runs[max(0, len(runs) - 1 - back)]), "--apply")
        self.run(*undo, *(["--correction"] if correction else []), codes=GOOD | {64, 75})

    # --- bad luck ---

    @rule(fault=mail_faults, times=st.integers(1, 3))
    def mail_server_fails(self, fault: tuple[str, str], times: int) -> None:
        self.life.server.phase, self.life.server.fault = fault
        self.life.server.times = times

    @rule(resend=st.booleans())
    def person_settles_doubts(self, resend: bool) -> None:
        doubtful = [row for row in self.life.tables()["notice"].values() if row["state"] == "in_doubt"]
        if doubtful:
            how = "--resend" if resend else "--assume-sent"
            settled = self.life.resent if resend else self.life.assumed
            settled |= {row["message_id"] for row in doubtful}
            self.run("notices", "resolve", *(str(row["id"]) for row in doubtful), how)

    @rule()
    def backup_is_made(self) -> None:
        self.life.keep_backup()

    @precondition(lambda self: self.life.backup and self.life.counter() > self.life.backup[0])
    @rule(eccube=st.booleans())
    def backup_is_restored(self, eccube: bool) -> None:
        """The program mails nobody and writes nothing until a person says that this is right."""
        arrived = len(self.life.server.accepted)
        self.life.restore(eccube=eccube)
        self.foreign |= self.life.group()
        outcome = self.run("nightly", codes=frozenset({78}))
        assert outcome.after == outcome.before
        assert len(self.life.server.accepted) == arrived
        self.life.backup = None
        self.run("adopt", "--as", "production", "--apply", codes=frozenset({0}))

    @invariant()
    def links_obey_the_rules(self) -> None:
        none(books.links_that_must_not_be(self.life.tables()))

    @invariant()
    def mails_and_outbox_agree(self) -> None:
        life = self.life
        none(
            books.outbox_unlike_the_mails(
                life.tables(), life.received(), life.resent, life.assumed, life.forgotten
            )
        )


@pytest.fixture(scope="module")
def beginning() -> Iterator[Life]:
    """A settled shop, on the fastest disk there is."""
    with quick_folder() as folder, FaultyServer() as server, running_runs() as runs:
        place = folder / "shop"
        place.mkdir()
        with settled(place, server, runs) as life:
            yield life


@pytest.mark.parametrize("part", parts(1, 8))
def test_whatever_happens_the_books_agree(beginning: Life, proof: Counter[str], part: int) -> None:
    class Counted(Lives):
        def teardown(self) -> None:
            proof["lives"] += 1

    Counted.beginning, Counted.seen = beginning, proof
    machine = seed(SEED * 1000 + part)(Counted)
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=scale(10, 25),
            stateful_step_count=scale(25, 50),
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
            phases=(Phase.generate, Phase.shrink),
        ),
    )
    for kind in ("expiring", "expired", "restored", "linked"):
        assert proof[f"{kind} mails"], "these lives are too poor to show anything"
