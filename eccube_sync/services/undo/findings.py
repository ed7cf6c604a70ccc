"""Everything an undo of one run would do, found without writing anything."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection

from eccube_sync.services.notices import consents
from eccube_sync.services.undo import cases as undocases
from eccube_sync.services.undo import claims as undoclaims
from eccube_sync.services.undo import classes as undoclasses
from eccube_sync.services.undo import links as undolinks
from eccube_sync.services.undo import models as undomodels
from eccube_sync.services.undo import notices as undonotices
from eccube_sync.services.undo import overrides as undooverrides
from eccube_sync.services.undo.facts import Finding, to_reverse
from eccube_sync.services.undo.imports import ImportUndo, find_imports


@dataclass(frozen=True, slots=True)
class Findings:
    """The changes of a run, each to be reversed or kept for a reason."""

    imports: tuple[ImportUndo, ...]
    others: tuple[Finding, ...]

    def all(self) -> list[Finding]:
        """Imports with their members first, then newest first within each kind."""
        return [one for each in self.imports for one in each.findings()] + list(self.others)

    def reversed(self, *what: str) -> list[Finding]:
        """Those of these kinds that will be reversed."""
        return to_reverse(self.others, *what)

    def decisions(self) -> list[Finding]:
        """All but the mails: they may leave between the plan and its execution."""
        return [one for one in self.all() if one.what != "notice"]


def find_all(connection: Connection, run_id: int, today: date) -> Findings:
    """What the run changed, and what undoing it makes of that; part of a read-only stretch."""
    imports = tuple(find_imports(connection, run_id))
    return Findings(imports, tuple(_others(connection, run_id, today, imports)))


def _others(
    connection: Connection, run_id: int, today: date, imports: tuple[ImportUndo, ...]
) -> Iterator[Finding]:
    made = undolinks.find_made(connection, run_id)
    answers = undocases.find_answers(connection, run_id)
    overrides = undooverrides.find_set(connection, run_id)
    yield from undonotices.find_unsent(connection, run_id)
    yield from consents.find_given(connection, run_id)
    yield from made
    yield from undolinks.find_confirmed(connection, run_id)
    yield from answers
    yield from undoclaims.find_claims(connection, run_id)
    before = undolinks.Before(
        ending={one.subject_id for one in to_reverse(made, "link_made")},
        reopening=undocases.pairs_of(connection, answers),
        leaving={one for each in imports for one in each.leaving},
        returning={one for each in imports for one in each.returning},
    )
    yield from undolinks.find_ended(connection, run_id, before)
    yield from overrides
    ending = [one.subject_id for one in to_reverse(overrides, "override_set")]
    yield from undooverrides.find_ended(connection, run_id, today, ending)
    yield from undoclasses.find_downgrades(connection, run_id)
    yield from undoclaims.find_codes(connection, run_id)
    yield from undomodels.find_models(connection, run_id)
