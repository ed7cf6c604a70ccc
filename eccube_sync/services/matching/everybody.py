"""Both sides whole and normalised, read in pieces so that the raw rows are never in memory together."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from sqlalchemy import Connection

from eccube_sync.eccube import GENERATIONS, Generation, detect
from eccube_sync.linkage.people import People
from eccube_sync.linkage.prepare import prepare_chunks
from eccube_sync.matchers import Prepared
from eccube_sync.services.matching.people import Ignored, people_of_customers, people_of_members
from eccube_sync.services.running import Shop
from eccube_sync.tables import matching

PIECE = 20_000


class Everybody(NamedTuple):
    """Full customers by their EC-CUBE ids, current members by ours."""

    customers: Prepared
    members: Prepared


def read_everybody(shop: Shop, connection: Connection) -> Everybody:
    """All full customers and all current members."""
    generation = GENERATIONS[detect(connection)]
    ignored = Ignored.of(shop.settings.matching, generation.shop(connection))
    members = matching.all_members(connection)
    pieces = (members[start : start + PIECE] for start in range(0, max(len(members), 1), PIECE))
    return Everybody(
        prepare_chunks(_customers(connection, generation, ignored)),
        prepare_chunks(people_of_members(connection, piece, ignored) for piece in pieces),
    )


def _customers(connection: Connection, generation: Generation, ignored: Ignored) -> Iterator[People]:
    after = 0
    while page := generation.customers(connection, after, PIECE):
        full = [one for one in page if one.state == "full"]
        yield people_of_customers([one.eccube_id for one in full], full, ignored)
        after = page[-1].eccube_id
    if not after:
        yield people_of_customers([], [], ignored)
