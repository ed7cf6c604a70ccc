"""``matcher train | calibrate | report`` as the admin of a shop runs them, and taking their models back."""

from __future__ import annotations

import json

import pytest

from eccube_sync.linkage.model import Model
from eccube_sync.matchers import MATCHERS
from eccube_sync.services.matching.report import FIELDS
from eccube_sync.tables.cases import review_case
from eccube_sync.tables.customers import customer
from eccube_sync.tables.links import link, match_key, match_model, scored_pair
from eccube_sync.tables.notices import notice
from eccube_sync.tables.runs import journal, run
from tests.members.terminal import Terminal


def models(terminal: Terminal) -> list[Model]:
    return [Model.from_json(row.body) for row in terminal.ours.rows(match_model)]


def newest_run(terminal: Terminal) -> str:
    return str(terminal.ours.rows(run)[-1].id)


def test_training_shows_what_it_learned_before_anything_changes(terminal: Terminal) -> None:
    before = terminal.ours.snapshot(match_model, run)
    report = terminal.json("matcher", "train")
    assert terminal.ours.snapshot(match_model, run) == before
    learned = {row[0]: row[2] for row in terminal.listing(report, "What was learned")}
    assert 40 <= learned["pairs of one person"] <= 90
    worth = {row[0]: row for row in terminal.listing(report, "What each fact is worth")}
    assert float(worth["same mobile number"][2]) > float(worth["same family name"][2])


def test_a_trained_model_is_in_force_for_the_next_night_which_looks_at_everybody(terminal: Terminal) -> None:
    assert terminal.run("matcher", "train", "--apply") == 0, terminal.errors
    old, new = models(terminal)
    assert new.number == 2
    assert new.weights != old.weights
    (entry,) = terminal.ours.rows(journal, subject="model", reason="trained")
    assert (entry.field, entry.new_value) == ("state", "in_force")
    plan = terminal.json("classify")
    assert plan["counts"]["customers_changed"] == plan["counts"]["customers_seen"]
    keys = terminal.ours.snapshot(match_key)
    assert terminal.run("classify", "--apply") == 0, terminal.errors
    assert terminal.json("classify")["counts"]["customers_changed"] == 0
    assert {row.state for row in terminal.ours.rows(notice)} <= {"baseline"}
    assert terminal.ours.snapshot(match_key) == keys
    # The links of the night before stand, whatever the new weights say.
    assert all(row.active == 1 for row in terminal.ours.rows(link))


def test_an_undone_training_puts_the_model_before_in_force_again(terminal: Terminal) -> None:
    assert terminal.run("matcher", "train", "--apply") == 0, terminal.errors
    assert terminal.run("runs", "undo", newest_run(terminal), "--apply") == 0, terminal.errors
    first, _, third = models(terminal)
    assert third.weights == first.weights
    assert third.number == 3


def test_a_training_with_a_later_model_cannot_be_undone(terminal: Terminal) -> None:
    assert terminal.run("matcher", "train", "--apply") == 0, terminal.errors
    training = newest_run(terminal)
    assert terminal.run("matcher", "train", "--apply") == 0, terminal.errors
    assert terminal.run("runs", "undo", training, "--apply") == 0, terminal.errors
    assert "changed since" in terminal.output
    assert len(models(terminal)) == 3


def test_without_an_answer_there_is_nothing_to_judge_by(terminal: Terminal) -> None:
    assert terminal.run("matcher", "calibrate") == 64
    assert "--ask 100" in terminal.errors


def test_a_sample_of_links_is_asked_about_once_and_the_links_stand(terminal: Terminal) -> None:
    links = [row for row in terminal.ours.rows(link) if row.active == 1]
    assert terminal.run("matcher", "calibrate", "--ask", "20", "--apply") == 0, terminal.errors
    cases = terminal.ours.rows(review_case, kind="sample", state="open")
    assert len(cases) == 20
    assert {(one.customer_id, one.member_id) for one in cases} <= {
        (one.customer_id, one.member_id) for one in links
    }
    assert terminal.run("classify", "--all", "--apply") == 0, terminal.errors
    assert len(terminal.ours.rows(review_case, kind="sample", state="open")) == 20
    assert terminal.run("matcher", "calibrate", "--ask", "5000", "--apply") == 0, terminal.errors
    assert len(terminal.ours.rows(review_case, kind="sample")) == len(links)


def answer(terminal: Terminal, wrong: int) -> None:
    """As if reviewers had answered all spot checks, some of them with 別人."""
    with terminal.ours.connect() as connection, connection.begin():
        for number, case in enumerate(terminal.ours.rows(review_case, kind="sample")):
            state = "different" if number < wrong else "same"
            connection.execute(review_case.update().where(review_case.c.id == case.id).values(state=state))


@pytest.mark.parametrize(("wrong", "stricter"), [(0, False), (8, True)])
def test_wrong_links_that_reviewers_found_draw_a_stricter_line(
    terminal: Terminal, wrong: int, stricter: bool
) -> None:
    assert terminal.run("matcher", "calibrate", "--ask", "40", "--apply") == 0, terminal.errors
    answer(terminal, wrong)
    report = terminal.json("matcher", "calibrate")
    assert sum(row[1] for row in terminal.listing(report, "What people said")) == 40
    assert terminal.run("matcher", "calibrate", "--apply") == 0, terminal.errors
    found = models(terminal)
    assert (found[-1].link_at > found[0].link_at) == stricter


def test_the_report_says_what_facts_are_worth_and_what_thresholds_would_bring(terminal: Terminal) -> None:
    report = terminal.json("matcher", "report")
    assert len(terminal.listing(report, "What each fact is worth")) == sum(
        len(matcher.levels) - 1 for matcher in MATCHERS.values()
    )
    assert [row[0] for row in terminal.listing(report, "How often a field is known")] == list(FIELDS.values())
    links = [row[1] for row in terminal.listing(report, "What each threshold would bring")]
    assert links == sorted(links, reverse=True)


def test_every_field_that_is_compared_has_a_name_in_the_report() -> None:
    assert list(FIELDS) == list(MATCHERS)


def test_the_page_has_the_charts_and_fetches_nothing(terminal: Terminal) -> None:
    file = terminal.folder / "matcher.html"
    assert terminal.run("matcher", "report", "--html", str(file)) == 0, terminal.errors
    text = file.read_text(encoding="utf-8")
    assert text.count("<svg") == 4
    assert "<script" not in text
    assert "src=" not in text
    assert file.stat().st_mode & 0o777 == 0o600
    assert json.dumps(str(file)) not in text


def test_looking_at_everybody_again_writes_nothing_about_those_who_are_as_they_were(
    terminal: Terminal,
) -> None:
    before = terminal.ours.snapshot(customer, match_key, scored_pair, link, review_case)
    assert terminal.run("classify", "--all", "--apply") == 0, terminal.errors
    assert terminal.ours.snapshot(customer, match_key, scored_pair, link, review_case) == before
