"""For developers: write what follows from ``eccube_sync/tables/`` into ``sql/``.

``python -m eccube_sync.services.setup.schemafiles`` writes ``sql/schema/<dialect>.sql``. With ``--migrations``
it first writes what is missing in ``sql/migrations/``, one file a DDL step. Read them before they are
committed: Alembic takes a renamed column for one dropped and one added.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from alembic.autogenerate import produce_migrations, render_python_code
from alembic.operations import ops
from alembic.runtime.migration import MigrationContext
from sqlalchemy import BLANK_SCHEMA, Connection, MetaData, create_engine, make_url
from sqlalchemy.schema import CreateIndex, CreateTable

from eccube_sync.services.setup.migrations import upgrade
from eccube_sync.tables import OWN_SCHEMA, metadata
from eccube_sync.tables.version import schema_version

DIALECTS = ("mysql", "sqlite")
SQL_FOLDER = Path(__file__).parents[3] / "sql"

_HEADER = """\
-- Our own tables on {dialect}, as eccube_sync/tables/ defines them. Made by `make schema`; do not edit.
-- For reading; the program makes them with `eccube-sync migrate`. The schema {schema} has the name that
-- [database] own gives it.
"""

_IMPORTS = {
    "sa": "import sqlalchemy as sa",
    "op": "from alembic import op",
    "mysql": "from sqlalchemy.dialects import mysql",
}

_MIGRATION = '''\
"""{title}"""

{imports}

revision = "{revision}"
down_revision = {down_revision}


def upgrade() -> None:
    {body}
'''


def schema_sql(dialect_name: str) -> str:
    """The text of ``sql/schema/<dialect>.sql``."""
    dialect = make_url(f"{dialect_name}://").get_dialect()()
    parts = [_HEADER.format(dialect=dialect_name, schema=OWN_SCHEMA)]
    for table in metadata.sorted_tables:
        parts.append(f"{str(CreateTable(table).compile(dialect=dialect)).strip()};\n")
        for index in sorted(table.indexes, key=lambda one: str(one.name)):
            parts.append(f"{CreateIndex(index).compile(dialect=dialect)};\n")
    lines = "\n".join(parts).replace("\t", "    ").splitlines()
    return "\n".join(line.rstrip() for line in lines) + "\n"


def migration_texts(number: int) -> dict[str, str]:
    """Migrations from what those so far make to what the tables are now: file name → text, unformatted.

    ``number`` is that of the first of them.
    """
    with create_engine("sqlite://").connect() as connection:
        if number > 1:
            upgrade(connection)
        context = _context(connection)
        found = produce_migrations(context, without_schema()).upgrade_ops
        assert found is not None
        return dict(_text(step, place, context) for place, step in enumerate(_single_steps(found), number))


def _text(step: ops.MigrateOperation, number: int, context: MigrationContext) -> tuple[str, str]:
    name, title = _words(step)
    lines = render_python_code(ops.UpgradeOps([step]), migration_context=context).splitlines()
    body = "\n".join(line for line in lines if not line.lstrip().startswith("#"))
    text = _MIGRATION.format(
        title=title,
        imports="\n".join(line for name, line in _IMPORTS.items() if f"{name}." in body),
        revision=f"{number:04}",
        down_revision=f'"{number - 1:04}"' if number > 1 else None,
        body=body,
    )
    return f"{number:04}_{name}.py", text


def _words(step: ops.MigrateOperation) -> tuple[str, str]:
    if isinstance(step, ops.CreateTableOp):
        return f"create_{step.table_name}", f"Make the table {step.table_name}."
    if isinstance(step, ops.CreateIndexOp):
        name = str(step.index_name)
        return f"create_{name}", f"Index {step.table_name}: {name}."
    if isinstance(step, ops.AddColumnOp):
        return f"add_{step.table_name}_{step.column.name}", f"Add {step.table_name}.{step.column.name}."
    return "change", "Say what this changes, in this line and in the file's name."


def without_schema() -> MetaData:
    """Our tables as migrations see them: ours is the default database then."""
    copy = MetaData(naming_convention=metadata.naming_convention)
    for table in metadata.sorted_tables:
        # SQLAlchemy documents None, and takes what it calls blank, but its annotations know neither.
        table.to_metadata(copy, schema=None, referred_schema_fn=lambda *_: BLANK_SCHEMA)  # type: ignore[arg-type]
    return copy


def _context(connection: Connection) -> MigrationContext:
    def ours(name: str | None, _kind: str, _parents: Any) -> bool:
        return name != schema_version.name

    return MigrationContext.configure(connection=connection, opts={"include_name": ours})


def _single_steps(container: ops.OpContainer) -> Iterator[ops.MigrateOperation]:
    for step in container.ops:
        if isinstance(step, ops.OpContainer):
            yield from _single_steps(step)
            continue
        if isinstance(step, ops.CreateTableOp | ops.CreateIndexOp | ops.AddColumnOp):
            step.if_not_exists = True
        yield step


def write_schema() -> None:
    """Write ``sql/schema/``."""
    (SQL_FOLDER / "schema").mkdir(exist_ok=True)
    for dialect in DIALECTS:
        (SQL_FOLDER / "schema" / f"{dialect}.sql").write_text(schema_sql(dialect), encoding="utf-8")


def write_migrations() -> None:
    """Write the migrations that are missing."""
    folder = SQL_FOLDER / "migrations" / "versions"
    folder.mkdir(parents=True, exist_ok=True)
    texts = migration_texts(len(list(folder.glob("*.py"))) + 1)
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")
    paths = [folder / name for name in texts]
    for arguments in (["check", "--select=I", "--fix", "--quiet"], ["format", "--quiet"]):
        subprocess.run([sys.executable, "-m", "ruff", *arguments, *paths], check=True)  # noqa: S603


def main() -> None:
    """Write the files of ``sql/schema/``, and with ``--migrations`` the migrations first."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--migrations", action="store_true", help="write what migrations are missing, too")
    if parser.parse_args().migrations:
        write_migrations()
    write_schema()


if __name__ == "__main__":
    main()
