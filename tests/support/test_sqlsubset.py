"""Statements some server of ours would not understand are found before a shop finds them."""

from __future__ import annotations

import pytest
from sqlalchemy import create_engine, func, literal, select, text

from eccube_sync import resources
from tests.support.sqlsubset import outside_the_subset

FOREIGN = [
    "WITH latest AS (SELECT 1) SELECT * FROM latest",
    "with recursive t(n) as (select 1) select n from t",
    "SELECT row_number() OVER (ORDER BY id) FROM member",
    "INSERT INTO run (id) VALUES (1) RETURNING id",
    "SELECT id FROM a INTERSECT SELECT id FROM b",
    "SELECT * FROM a, LATERAL (SELECT 1) b",
    "SELECT JSON_EXTRACT(counts, '$.new') FROM run",
    "SELECT counts->'$.new' FROM run",
    "SELECT id FROM notice FOR UPDATE SKIP LOCKED",
    "INSERT INTO a (id) VALUES (1) ON DUPLICATE KEY UPDATE id = 1",
    "INSERT INTO a (id) VALUES (1) ON CONFLICT DO NOTHING",
    "REPLACE INTO a (id) VALUES (1)",
    "SELECT count(*) FILTER (WHERE x) FROM a",
    "SELECT * FROM (VALUES (1), (2)) t",
    "SELECT id FROM a ORDER BY id NULLS LAST",
    "SELECT a || b FROM c",
    "SELECT id FROM a WHERE (x, y) IN ((%s, %s))",
    "DELETE FROM a WHERE id IN (SELECT id FROM b ORDER BY id LIMIT 5)",
]
COMMON = [
    "SELECT a.id FROM a JOIN b ON b.id = a.id WHERE a.name = 'WITH x AS (SELECT 1) RETURNING ||'",
    "UPDATE a SET x = (SELECT max(b.y) FROM b WHERE b.id = a.id) WHERE a.id IN (%s, %s)",
    "SELECT id FROM notice ORDER BY id LIMIT 5",
    "DELETE FROM a WHERE id IN (SELECT id FROM b)",
    "SELECT 1 -- WITH x AS (SELECT 1)",
]


@pytest.mark.parametrize("statement", FOREIGN)
def test_what_one_server_lacks_is_found(statement: str) -> None:
    assert outside_the_subset(statement)


@pytest.mark.parametrize("statement", COMMON)
def test_what_all_servers_know_passes(statement: str) -> None:
    assert outside_the_subset(statement) is None


def test_every_statement_the_suite_runs_is_looked_at() -> None:
    with create_engine("sqlite://").connect() as connection:
        with pytest.raises(AssertionError, match="window function"):
            connection.execute(select(func.row_number().over(order_by=literal(1))))
        with pytest.raises(AssertionError, match="common table expression"):
            connection.execute(text("WITH one AS (SELECT 1) SELECT * FROM one"))


def test_the_statements_we_keep_in_files_are_in_the_subset() -> None:
    def files(folder):  # type: ignore[no-untyped-def]
        for entry in folder.iterdir():
            yield from files(entry) if entry.is_dir() else [entry]

    found = [one for one in files(resources.folder("sql", "eccube")) if one.name.endswith(".sql")]
    assert len(found) > 5
    for one in found:
        for statement in one.read_text(encoding="utf-8").split(";\n"):
            assert outside_the_subset(statement, sqlite=one.name.endswith(".sqlite.sql")) is None, one.name
