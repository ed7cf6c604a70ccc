"""Whether EC-CUBE's tables are as we know them, and our account may do what it must and no more.

``check`` tells it line by line; a run that decides or writes anything looks first, and refuses.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from sqlalchemy import Connection

from eccube_sync.db import reading
from eccube_sync.dbcolumns import triggers_of
from eccube_sync.eccube import GENERATIONS, SchemaProblem, detect
from eccube_sync.errors import ConfigurationError
from eccube_sync.i18n import _
from eccube_sync.projections import PROJECTIONS
from eccube_sync.services.setup.findings import Finding, note, wrong
from eccube_sync.services.setup.rights import (
    WRITING,
    Held,
    Right,
    eccube_rights,
    held_rights,
    missing_rights,
    own_rights,
)
from eccube_sync.settings import Settings

_SHOWN = 8
"""So many names of a long list are printed."""


def require_sound(settings: Settings, connection: Connection) -> None:
    """Raise ``ConfigurationError`` with the reasons why nothing may be written.

    The plugin's tables come and go with the plugin, so they are left to what needs them.
    """
    with reading(connection):
        generation = GENERATIONS[detect(connection)]
        found = [*schema_findings(connection), *trigger_findings(settings, connection)]
        if settings.database.kind != "sqlite":
            needed = [*own_rights(settings), *eccube_rights(settings, generation)]
            found += rights_findings(settings, needed, held_rights(connection))
        for section in settings.projections:
            if section.kind != "plugin":
                PROJECTIONS[section.kind](section).validate(connection)
    reasons = [one.message for one in found if one.state == "wrong"]
    if reasons:
        raise ConfigurationError(
            _("Nothing was written: {reasons}. All of it: eccube-sync check").format(
                reasons="; ".join(reasons)
            )
        )


# --- EC-CUBE's tables --------------------------------------------------------------------------------


def schema_findings(connection: Connection) -> Iterator[Finding]:
    """What is wrong with the tables of EC-CUBE that we read."""
    for problem in GENERATIONS[detect(connection)].check_schema(connection):
        yield wrong("eccube_schema", _words(problem))


def trigger_findings(settings: Settings, connection: Connection) -> Iterator[Finding]:
    """Triggers where we write, as far as the account of this connection may see them."""
    words = _(
        "{table} has the trigger {trigger}, which does more than we would write; remove it, or show the class elsewhere"
    )
    for name in written_tables(settings):
        for trigger in triggers_of(connection, name):
            yield wrong("eccube_schema", words.format(table=name, trigger=trigger))


def written_tables(settings: Settings) -> list[str]:
    """The tables of EC-CUBE's database that the configured places are written to."""
    grants = [grant for one in settings.projections for grant in PROJECTIONS[one.kind](one).needed_grants()]
    return sorted({grant.table for grant in grants if grant.privilege in WRITING})


def _words(problem: SchemaProblem) -> str:
    place = f"{problem.table}.{problem.column}" if problem.column else problem.table
    said = {
        "missing": _("{place} is not there, or our account may not read it; see the line about rights"),
        "narrowed": _("{place} was made too short for what EC-CUBE stores; find out who changed it"),
        "retyped": _("{place} has another type than EC-CUBE gave it; find out who changed it"),
        "nullable": _("{place} may be empty now, which EC-CUBE never allows; find out who changed it"),
        "charset": _("{place} is in a character set that cannot hold every name; find out who changed it"),
    }
    return said[problem.kind].format(place=place)


# --- rights --------------------------------------------------------------------------------------------


def rights_findings(settings: Settings, needed: Iterable[Right], held: Held) -> Iterator[Finding]:
    """Too few: something will fail some night. Too many: a fault of ours could reach what is not ours."""
    needed = list(needed)
    if missing := missing_rights(needed, held):
        words = _("missing: {rights}; run what `eccube-sync grants` prints")
        yield wrong("rights", words.format(rights=_listed(missing)))
    if held.server:
        words = _("rights on the whole server: {names}; use an account as `eccube-sync grants` prints it")
        yield wrong("rights", words.format(names=_listed(sorted(held.server))))
    yield from _on_databases(settings, held)
    yield from _surplus(settings, needed, held)


def _on_databases(settings: Settings, held: Held) -> Iterator[Finding]:
    single = settings.database.accounts == "single"
    ours = {settings.database.own, settings.database.eccube}
    for pattern, privileges in sorted(held.on_databases().items()):
        name = pattern.replace("\\", "")
        words = _("{privileges} on all of {name}").format(privileges=_listed(sorted(privileges)), name=name)
        if single and name in ours:
            yield note("rights", words + _("; with a single account eccube-sync keeps to its own list"))
        else:
            yield wrong("rights", words + _("; the account of every day needs named tables and columns only"))


def _surplus(settings: Settings, needed: Iterable[Right], held: Held) -> Iterator[Finding]:
    """What is left of a place no longer configured lies in a plugin's table, and stops no night."""
    surplus = sorted(held.tables - set(needed), key=repr)
    ours = settings.database.own
    writing = [
        right
        for right in surplus
        if right.privilege in WRITING and right.database != ours and not right.table.startswith("plg_")
    ]
    if writing:
        yield wrong("rights", _("more than needed: {rights}; revoke them").format(rights=_listed(writing)))
    elif surplus and settings.database.accounts != "single":
        yield note("rights", _("more than needed: {rights}").format(rights=_listed(surplus)))


def _listed(things: list[Right] | list[str]) -> str:
    names = [str(thing) for thing in things]
    more = _(" and {count} more").format(count=len(names) - _SHOWN) if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more
