"""A decision that was tampered with, that is about data since changed, or that was given before, is never applied."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eccube_sync.errors import ConfigurationError
from eccube_sync.services.review.fromfile import apply_review_import, plan_review_import
from eccube_sync.services.review.token import ALPHABET, tidy, token, verify
from eccube_sync.tables import metadata
from eccube_sync.tables.cases import review_case, review_decision
from eccube_sync.tables.links import link
from eccube_sync.tables.runs import installation, run
from tests.promises.scale import chance, scale
from tests.review.files import column, exported, fill, save, take_back
from tests.support.rows import OurShop, our_shop
from tests.support.shop import Shop

pytestmark = pytest.mark.promise("P27")


def tables_but_runs() -> list[Any]:
    return [table for table in metadata.sorted_tables if table not in (run, installation)]


@pytest.fixture
def ours(shop: Shop, tmp_path: Path) -> Iterator[OurShop]:
    """Our tables beside a shop, once on SQLite and once on MariaDB."""
    with our_shop(shop, tmp_path) as found:
        yield found


@pytest.fixture
def small(sqlite_shop: Shop, tmp_path: Path) -> Iterator[OurShop]:
    """Our tables beside a shop on SQLite."""
    with our_shop(sqlite_shop, tmp_path) as found:
        yield found


@pytest.fixture
def three(small: OurShop) -> list[str]:
    """Three cases of three customers."""
    return [small.add_case(small.add_customer(), small.add_member()) for _number in range(3)]


def test_the_same_file_twice_changes_nothing(ours: OurShop) -> None:
    customer = ours.add_customer()
    cases = [ours.add_case(customer, ours.add_member()) for _number in range(2)]
    later, dealt = (
        ours.add_case(ours.add_customer(), ours.add_member()),
        ours.add_case(None, ours.add_member(), "missing_member"),
    )
    decisions = {cases[0]: "同一", cases[1]: "別人", later: "保留", dealt: "対応済み"}
    cells = fill(exported(ours), decisions)
    take_back(ours, save(ours, cells))
    before = ours.snapshot(*tables_but_runs())
    again = take_back(ours, save(ours, cells))
    assert again.counts == {"decisions_known": 4}
    saved_anew = take_back(ours, save(ours, cells, "workbook"))
    assert saved_anew.counts == {"decisions_known": 4}
    assert ours.snapshot(*tables_but_runs()) == before


def test_the_same_file_again_puts_nothing_off_that_came_back_meanwhile(small: OurShop) -> None:
    case = small.add_case(small.add_customer(), small.add_member())
    path = save(small, fill(exported(small), {case: "保留"}))
    take_back(small, path)
    small.clock.advance(timedelta(days=31))
    exported(small)
    assert take_back(small, path).counts == {"decisions_known": 1}
    assert small.row(review_case).state == "open"


def test_a_newer_export_does_not_void_an_older_one(small: OurShop) -> None:
    case = small.add_case(small.add_customer(), small.add_member())
    older = exported(small)
    newer = exported(small)
    assert column(older, "Token") != column(newer, "Token")
    assert take_back(small, save(small, fill(older, {case: "別人"}))).refused == {}


def test_an_answer_about_data_that_changed_since_is_refused(ours: OurShop) -> None:
    changed, unchanged = (ours.add_case(ours.add_customer(), ours.add_member()) for _number in range(2))
    path = save(ours, fill(exported(ours), {changed: "同一", unchanged: "同一"}))
    ours.raise_version(changed)
    result = take_back(ours, path)
    assert set(result.refused) == {changed}
    assert "newer file" in result.refused[changed]
    assert result.counts["decisions_same"] == 1


def test_an_answer_is_refused_whose_case_changed_between_plan_and_apply(ours: OurShop) -> None:
    case = ours.add_case(ours.add_customer(), ours.add_member())
    path = save(ours, fill(exported(ours), {case: "同一"}))
    with ours.connect() as connection:
        plan = plan_review_import(ours.service, connection, path)
    ours.raise_version(case)
    report = ours.apply(lambda run: apply_review_import(run, plan))
    assert report.counts["decisions_same"] == 0
    assert report.needs_person == 1
    assert ours.rows(link) == []


def test_an_answer_is_refused_when_somebody_was_linked_between_plan_and_apply(ours: OurShop) -> None:
    member = ours.add_member()
    case = ours.add_case(ours.add_customer(), member)
    path = save(ours, fill(exported(ours), {case: "同一"}))
    with ours.connect() as connection:
        plan = plan_review_import(ours.service, connection, path)
    ours.add_link(ours.add_customer(), member, "link_code")
    report = ours.apply(lambda run: apply_review_import(run, plan))
    assert (report.counts["decisions_same"], report.needs_person) == (0, 1)
    assert ours.row(review_case, public_id=case).state == "open"
    assert ours.rows(review_decision) == []


def test_changed_fingerprints_void_a_token_even_under_the_same_version(small: OurShop) -> None:
    case = small.add_case(small.add_customer(), small.add_member())
    path = save(small, fill(exported(small), {case: "同一"}))
    small.raise_version(case, version=1, member_fingerprint="0" * 32)
    assert set(take_back(small, path).refused) == {case}


def test_no_changed_character_of_id_or_token_is_ever_applied(
    small: OurShop, three: list[str], proof: Counter[str]
) -> None:
    cells = fill(exported(small), {three[0]: "同一"})
    (row,) = [row for row in cells[1:] if row[0]]
    tampered = [cells[0]]
    for title in ("ID", "Token"):
        at = cells[0].index(title)
        for changed in changes_of(row[at]):
            copy = list(row)
            copy[at] = changed
            tampered.append(copy)
    result = take_back(small, save(small, tampered))
    assert result.counts == {"decisions_refused": len(tampered) - 1}
    assert small.rows(review_decision) == []
    proof["changed characters"] += len(tampered) - 1


def changes_of(text: str) -> set[str]:
    """Every text with one character replaced, left out, doubled, exchanged with its neighbour, or added at the end."""
    found = {text + more for more in ("0", "Z", "-1")}
    for position, sign in enumerate(text):
        before, after = text[:position], text[position + 1 :]
        found |= {before + other + after for other in (*ALPHABET, "-", "あ", "", sign * 2)}
        found.add(before + after[:1] + sign + after[1:])
    return {one for one in found if tidy(one) != tidy(text)}


def test_no_made_up_token_is_ever_applied(small: OurShop, three: list[str], proof: Counter[str]) -> None:
    chosen = chance("made-up tokens")
    cells = fill(exported(small), {three[0]: "同一"})
    (row,) = [row for row in cells[1:] if row[0]]
    at = cells[0].index("Token")
    head = row[at][: -len(row[at].rpartition("-")[2])]
    forged = [cells[0]]
    for _guess in range(scale(300, 10_000)):
        copy = list(row)
        copy[at] = head + "".join(chosen.choices(ALPHABET, k=17))
        forged.append(copy)
    result = take_back(small, save(small, forged))
    assert result.counts == {"decisions_refused": len(forged) - 1}
    assert small.rows(review_decision) == []
    proof["made-up tokens"] += len(forged) - 1


def test_a_token_copied_from_another_row_is_refused(small: OurShop, three: list[str]) -> None:
    cells = fill(exported(small), dict.fromkeys(three, "同一"))
    at = cells[0].index("Token")
    cells[1][at], cells[2][at] = cells[2][at], cells[1][at]
    assert len(take_back(small, save(small, cells)).refused) == 2


def test_without_the_key_no_file_is_believed(small: OurShop, three: list[str]) -> None:
    path = save(small, fill(exported(small), {three[0]: "同一"}))
    (small.settings.folders.secrets / "review.key").unlink()
    with pytest.raises(ConfigurationError), small.connect() as connection:
        plan_review_import(small.service, connection, path)


@given(
    version=st.integers(1, 10**6),
    fingerprints=st.tuples(st.text(max_size=5), st.text(max_size=5)),
    key=st.binary(min_size=1, max_size=9),
)
def test_a_token_is_good_for_its_own_case_version_and_key_only(
    version: int, fingerprints: tuple[str, str], key: bytes
) -> None:
    def case(version: int, public_id: str = "R-1") -> Any:
        left, right = fingerprints
        return SimpleNamespace(
            public_id=public_id, version=version, customer_fingerprint=left, member_fingerprint=right
        )

    signed = token(key, case(version), "ABCDFGHJ")
    assert signed[0].isalpha()
    assert set(signed) <= {*ALPHABET, "-"}
    assert "E" not in signed
    assert verify(key, case(version), signed) == "genuine"
    assert verify(key, case(version + 1), signed) == "stale"
    assert verify(key, case(version, "R-2"), signed) == "tampered"
    assert verify(key + b"x", case(version), signed) == "tampered"
