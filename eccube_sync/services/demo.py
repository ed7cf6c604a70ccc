"""The main job on a made-up shop, start to end, so that anybody can see it before trusting it with a real one."""

from __future__ import annotations

import csv
import shutil
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager, closing
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import openpyxl
from sqlalchemy import Connection, select

from eccube_sync.clock import FixedClock, tokyo_date
from eccube_sync.config import load
from eccube_sync.db import Database, reading
from eccube_sync.i18n import _
from eccube_sync.mailsink import mail_sink
from eccube_sync.report import Report
from eccube_sync.services.claims.fromfile import apply_claim_import, plan_claim_import
from eccube_sync.services.codes.assigning import apply_assign, plan_assign
from eccube_sync.services.codes.coding import apply_issue, plan_issue
from eccube_sync.services.demoshop import DemoShop, at, make_shop, write_configuration, write_tomorrow
from eccube_sync.services.matching.classifying import apply_classify, plan_report
from eccube_sync.services.matching.classifyplan import plan_classify
from eccube_sync.services.members.importing import apply_import, plan_import
from eccube_sync.services.nightly import run_nightly
from eccube_sync.services.notices.sending import send_notices
from eccube_sync.services.projection.projecting import apply_projection, plan_projection
from eccube_sync.services.review.export import ExportOptions, export_cases
from eccube_sync.services.review.file import FILLED, KEYS, WORDS
from eccube_sync.services.review.fromfile import apply_review_import, plan_review_import
from eccube_sync.services.running import Run, Shop, applied_run
from eccube_sync.services.setup.migrating import migrate
from eccube_sync.services.undo.undoing import apply_undo, plan_undo
from eccube_sync.tables.cases import review_case
from eccube_sync.tables.customers import customer
from eccube_sync.tables.members import member

DECIDED = 12

Wait = Callable[[str], AbstractContextManager[Any]]


@dataclass(slots=True)
class Stage:
    """What the demo speaks through: a line, a report, a progress bar."""

    say: Callable[[str], None]
    show: Callable[[Report], None]
    wait: Wait


@dataclass(slots=True)
class Play:
    """The demo under way."""

    demo: DemoShop
    shop: Shop
    connection: Connection
    clock: FixedClock
    stage: Stage

    def step(self, words: str, command: str) -> None:
        """Announce a step with the command a shop would use."""
        self.stage.say("")
        self.stage.say(f"■ {words}")
        self.stage.say(f"  $ {command}")

    def run(self, command: str) -> AbstractContextManager[Run]:
        """A run of its own."""
        return applied_run(self.shop, self.connection, command)


def run_demo(directory: Path, clock: FixedClock, stage: Stage, *, language: str) -> Report:
    """Play two days of a shop in ``directory``; returns what happened in plain words."""
    # Two days that are over, so that the real clock goes on from where the demo ends.
    today = tokyo_date(clock.now()) - timedelta(days=2)
    clock.moment = at(today, 11)
    with stage.wait(_("making up a shop")):
        demo = make_shop(directory, today, language=language)
    with mail_sink(demo.mails) as port:
        write_configuration(demo, port, language)
        settings = load(demo.config_path)
        settings.folders.create()
        migrate(settings, clock, "demo")
        shop = Shop(settings, Database(settings), clock, "demo")
        with shop.database.connect() as connection:
            play = Play(demo, shop, connection, clock, stage)
            _first_day(play)
            run_id = _second_day(play)
            return _summary(play, run_id)


def _first_day(play: Play) -> None:
    demo, shop, connection = play.demo, play.shop, play.connection
    export = demo.export_path(demo.today)
    play.step(
        _("Day 1, 11:00. The store's member export comes in (Smaregi, CP932)."),
        f"eccube-sync members import pos/{export.name}",
    )
    with play.stage.wait(_("importing")), play.run("members import") as run:
        play.stage.show(apply_import(run, plan_import(shop, connection, export)))
    _codes(play)
    play.step(
        _("Who is who? First the codes, then by comparing names, phones, mails, birth dates, addresses."),
        "eccube-sync classify",
    )
    with play.stage.wait(_("comparing")):
        plan = plan_classify(shop, connection)
    play.stage.show(plan_report(plan))
    with play.stage.wait(_("writing")), play.run("classify") as run:
        play.stage.show(apply_classify(run, plan))
    play.step(_("The classes are shown in EC-CUBE, as a customer group."), "eccube-sync project")
    with play.run("project") as run:
        play.stage.show(apply_projection(run, plan_projection(shop, connection)))
    play.step(
        _(
            "What could not be decided goes to a reviewer, in Excel. She decides a few and hands the file back."
        ),
        "eccube-sync review export",
    )
    with play.run("review export") as run:
        play.stage.show(export_cases(run, ExportOptions()))
    _fill_in(play, play.shop.settings.folders.review_in, first=0)


def _codes(play: Play) -> None:
    demo, shop, connection = play.demo, play.shop, play.connection
    typed = demo.typed_at_registration()
    play.step(
        _("Link codes are printed in the store; some customers typed theirs when they registered."),
        "eccube-sync codes issue --count 20; codes assign …; codes import …",
    )
    with play.run("codes issue") as run:
        plan = plan_issue(shop, connection, 20, label="demo")
        play.stage.show(apply_issue(run, plan))
    with plan.path.open(encoding="utf-8-sig", newline="") as file:
        printed = list(csv.DictReader(file))[: len(typed)]
    assigned = _write_csv(
        demo.directory / "pos" / "codes-assigned.csv",
        ("serial", "member_code"),
        [(code["serial"], person.code) for code, (_customer, person) in zip(printed, typed, strict=True)],
    )
    claims = _write_csv(
        demo.directory / "pos" / "codes-typed.csv",
        ("customer_id", "code"),
        [(eccube_id, code["code"]) for code, (eccube_id, _person) in zip(printed, typed, strict=True)],
    )
    with play.run("codes assign") as run:
        play.stage.show(apply_assign(run, plan_assign(shop, connection, assigned)))
    with play.run("codes import") as run:
        play.stage.show(apply_claim_import(run, plan_claim_import(shop, connection, claims)))


def _write_csv(path: Path, header: tuple[str, ...], rows: list[tuple[object, ...]]) -> Path:
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(header)
        writer.writerows(rows)
    path.chmod(0o600)
    return path


def _second_day(play: Play) -> int:
    demo, shop, connection, clock = play.demo, play.shop, play.connection, play.clock
    write_tomorrow(demo)
    clock.moment = at(demo.tomorrow, 3)
    export = demo.export_path(demo.tomorrow)
    shutil.copy(export, shop.settings.folders.drop / export.name)
    play.step(
        _(
            "Day 2, 03:00. Cron runs the night: new export, the reviewer's decisions, new customers, ended memberships."
        ),
        "eccube-sync nightly",
    )
    with play.stage.wait(_("running the night")):
        report, _code = run_nightly(shop, connection)
    play.stage.show(report)
    clock.moment = at(demo.tomorrow, 10, 30)
    play.step(_("10:30. The mails leave, in the window that was configured."), "eccube-sync notify")
    with play.stage.wait(_("sending")):
        # The cap per minute makes the program wait; here the clock moves on instead.
        play.stage.show(
            send_notices(shop, connection, wait=lambda seconds: clock.advance(timedelta(seconds=seconds)))
        )
    clock.moment = at(demo.tomorrow, 11)
    return _mistake(play)


def _mistake(play: Play) -> int:
    """A file is imported by mistake and the run taken back."""
    shop, connection = play.shop, play.connection
    folder = play.demo.directory / "mistake"
    folder.mkdir(mode=0o700)
    path = _fill_in(play, folder, first=DECIDED)
    play.step(
        _("11:00. A colleague imports decisions she did not mean."), f"eccube-sync review import {path.name}"
    )
    with play.run("review import") as run:
        play.stage.show(apply_review_import(run, plan_review_import(shop, connection, path, reviewer="demo")))
        mistaken = run.id
    play.step(_("She takes the whole run back."), f"eccube-sync runs undo {mistaken}")
    plan = plan_undo(shop, connection, mistaken)
    with applied_run(shop, connection, "runs undo", undoes=mistaken) as run:
        play.stage.show(apply_undo(run, plan))
    return mistaken


def _fill_in(play: Play, folder: Path, *, first: int) -> Path:
    """Do the reviewer's work: decide some cases of the newest review file as the truth has them."""
    source = min(play.shop.settings.folders.review_out.glob("*.xlsx"), key=lambda path: path.name)
    truth = _true_answers(play)
    with closing(openpyxl.load_workbook(source)) as workbook:
        sheet = workbook.worksheets[0]
        titles = {str(cell.value): number for number, cell in enumerate(sheet[1], start=1)}
        decision, case = titles[_(FILLED[0].title)], titles[_(KEYS[0].title)]
        for row in range(first + 2, min(first + DECIDED, sheet.max_row - 1) + 2):
            same = truth.get(str(sheet.cell(row, case).value))
            if same is not None:
                answer = WORDS["same" if same else "different"]
                sheet.cell(row, decision).value = _(answer)
        path = folder / source.name
        workbook.save(path)
    path.chmod(0o600)
    return path


def _true_answers(play: Play) -> dict[str, bool]:
    """Case id → whether the two really are one person; only the demo knows."""
    people = play.demo.population
    person_of_member = {str(one.store_key): one.person for one in people.members}
    with reading(play.connection):
        rows = play.connection.execute(
            select(review_case.c.public_id, customer.c.eccube_id, member.c.store_key)
            .join(customer, customer.c.id == review_case.c.customer_id)
            .join(member, member.c.id == review_case.c.member_id)
        ).all()
    return {
        row.public_id: people.customers[row.eccube_id - 1].person == person_of_member[row.store_key]
        for row in rows
    }


def _summary(play: Play, undone: int) -> Report:
    demo = play.demo
    mails = len(list(demo.mails.glob("*.eml")))
    review = max(play.shop.settings.folders.review_out.glob("*.xlsx"), key=lambda path: path.name)
    # In a virtual environment that is not active the program has no short name.
    program = "eccube-sync" if shutil.which("eccube-sync") else str(Path(sys.argv[0]).absolute())
    notes = [
        "",
        _(
            "What happened: the store's members were found among the customers of the web shop, some by the code they"
        ),
        _(
            "typed, most by comparing; what was doubtful went to a reviewer. In the night memberships ended, others"
        ),
        _("were renewed, and {mails} mails were written. Run {run} was a mistake and was taken back.").format(
            mails=mails, run=undone
        ),
        "",
        _("Open these:"),
        f"  {review}  " + _("the reviewer's file"),
        f"  {demo.mails}/*.eml  " + _("the mails to customers and to the owner"),
        f"  {demo.config_path}  " + _("the configuration"),
        "",
        _("Go on yourself:"),
        f"  cd {demo.directory}",
        f"  {program} runs list",
        f"  {program} customers show 1",
        f"  {program} expire preview",
    ]
    return Report(_("The demo is over."), notes=notes)
