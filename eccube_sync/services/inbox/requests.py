"""What the shop's admins ask for about one customer: carried out as they would at the command line, in their name."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from eccube_sync.errors import UsageError
from eccube_sync.i18n import _
from eccube_sync.services.classes.overriding import apply_override, plan_override
from eccube_sync.services.inbox.payloads import Asked, Request
from eccube_sync.services.links.linkbyhand import apply_unlink, plan_unlink
from eccube_sync.services.running import Run


@dataclass(frozen=True, slots=True)
class Answer:
    """What the plugin shows to whoever asked; ``secret`` is sealed for the plugin, ``file`` cut into parts."""

    state: str
    text: str
    counts: dict[str, int] = field(default_factory=dict)
    secret: dict[str, Any] | None = None
    file: tuple[str, bytes] | None = None


def actor_of(asked: Asked) -> str:
    """The admin as the journal names them."""
    return f"{asked.actor} ({asked.permission or 'EC-CUBE'})"


@contextmanager
def acting_for(run: Run, asked: Asked) -> Iterator[Run]:
    """The run, in the name of an admin."""
    shop = run.shop
    run.shop = replace(shop, actor=actor_of(asked))
    try:
        yield run
    finally:
        run.shop = shop


def carry_out(run: Run, eccube_id: int, request: Request) -> Answer:
    """Do what was asked. Raises the same errors as the command would."""
    with acting_for(run, request):
        if request.action == "store_until":
            return _store_until(run, eccube_id, request)
        if request.action == "unlink":
            plan = plan_unlink(run.connection, eccube_id, request.reason)
            report = apply_unlink(run, plan)
            return Answer("done", report.headline, report.counts)
    return Answer("done", _("Customer {id} was looked at again.").format(id=eccube_id))


def _store_until(run: Run, eccube_id: int, request: Request) -> Answer:
    if request.until is None or request.until < run.today:
        raise UsageError(_("The date is missing or in the past."))
    plan = plan_override(run.connection, eccube_id, "store", request.until, request.reason)
    report = apply_override(run, plan)
    return Answer("done", report.headline, report.counts)
