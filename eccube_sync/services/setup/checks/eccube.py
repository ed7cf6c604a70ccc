"""EC-CUBE's side: its generation, its tables, its plugins, and the places our classes are shown in."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Connection

from eccube_sync.db import reading
from eccube_sync.eccube import GENERATIONS, detect
from eccube_sync.i18n import _
from eccube_sync.services.projection.places import places
from eccube_sync.services.projection.projecting import plan_projection
from eccube_sync.services.running import Shop
from eccube_sync.services.setup.findings import Finding, fine, note, wrong
from eccube_sync.services.setup.granting import eccube_connection
from eccube_sync.services.setup.soundness import schema_findings, trigger_findings


def generation(_shop: Shop, connection: Connection) -> Iterator[Finding]:
    """Which EC-CUBE this is."""
    with reading(connection):
        found = detect(connection)
        customers = GENERATIONS[found].count_by_state(connection)
    words = _("generation {generation}, {count} full customers")
    yield fine("generation", words.format(generation=found, count=customers["full"]))


def schema(shop: Shop, connection: Connection) -> Iterator[Finding]:
    """Whether every column we read is there and as EC-CUBE made it, and nothing fires where we write."""
    with reading(connection), eccube_connection(shop.settings) as seeing:
        findings = list(schema_findings(connection))
        # An account with few rights sees no triggers; EC-CUBE's own does.
        findings += trigger_findings(shop.settings, connection if seeing is None else seeing)
    yield from findings
    if not findings:
        yield fine("eccube_schema", _("every column we read is there"))


def plugins(shop: Shop, connection: Connection) -> Iterator[Finding]:
    """Plugins that put customers into groups by themselves fight with our projection."""
    with reading(connection):
        found = GENERATIONS[detect(connection)].group_rewriting_plugins(connection)
    names = ", ".join(f"{plugin.code} {plugin.version}" for plugin in found)
    grouped = any(section.kind == "customer_group" for section in shop.settings.projections)
    if not found:
        yield fine("plugins", _("none that rewrites customer groups"))
    elif grouped:
        yield wrong(
            "plugins",
            _(
                "{names} rewrites customer groups at login or by purchases; switch it off, or show the class elsewhere"
            ).format(names=names),
        )
    else:
        yield note("plugins", _("{names} rewrites customer groups; we use none").format(names=names))


def projections(shop: Shop, connection: Connection) -> Iterator[Finding]:
    """Whether the places can show a class, and whether what we wrote still stands there."""
    configured = places(shop.settings)
    if not configured:
        yield note("projections", _("none: the class is shown nowhere in EC-CUBE"))
        return
    plan = plan_projection(shop, connection)
    if plan.unadopted:
        yield wrong("projections", plan.refusal())
        return
    for place in configured:
        drifted = len(plan.drifted.get(place.key, ()))
        if drifted:
            yield wrong(
                "projections",
                _("{key}: somebody else changed {count} places; see: eccube-sync project").format(
                    key=place.key, count=drifted
                ),
            )
        else:
            yield fine("projections", place.key)
