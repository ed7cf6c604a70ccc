"""The index of blocking keys: a changed person's are replaced; the whole of it is written part by part.

The table is kept by key, and once more by person. In either order alone, every row would go to another place of the
other one, which a million members make very slow on a small server. A sixteenth of the keys fits in its memory, and
within that part the rows come person by person.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial

import numpy as np
from sqlalchemy import Connection

from eccube_sync.db import CHUNK, in_transaction, reading
from eccube_sync.eccube import GENERATIONS, detect
from eccube_sync.matchers import Prepared
from eccube_sync.services.matching.candidates import Keys, Reader
from eccube_sync.services.matching.everybody import PIECE
from eccube_sync.services.matching.people import Ignored
from eccube_sync.services.running import Run
from eccube_sync.settings import Settings
from eccube_sync.tables import matching
from eccube_sync.tables.matching import CUSTOMER, MEMBER

_AT_ONCE = 100 * CHUNK
_DELETED_AT_ONCE = 64
_PART_BITS = 60
"""A key has 64 bits; what is above these names its part."""


def part_of(keys: Keys, first: int, last: int) -> Keys:
    """The keys of owners from ``first`` through ``last``; owners are sorted."""
    start, end = np.searchsorted(keys.owners, first, "left"), np.searchsorted(keys.owners, last, "right")
    return Keys(keys.keys[start:end], keys.owners[start:end])


def write_members(run: Run, members: Sequence[int], keys: Keys) -> None:
    """Index these members, sorted by id. Derived data: doing it again changes nothing."""
    for start in range(0, len(members), 10 * CHUNK):
        part = members[start : start + 10 * CHUNK]
        own = part_of(keys, part[0], part[-1])
        own = Keys(*(column[np.isin(own.owners, part)] for column in (own.keys, own.owners)))
        run.transaction(matching.replace_keys, run.connection, MEMBER, part, own.keys, own.owners)


def rebuild(settings: Settings, connection: Connection) -> None:
    """Index everybody as they stand now, read piece by piece."""
    with reading(connection):
        generation = GENERATIONS[detect(connection)]
        ignored = Ignored.of(settings.matching, generation.shop(connection))
        reader = Reader(connection, generation, (), ignored)
        members = _keys_of(matching.all_members(connection), reader.members)
        customers = _keys_of(matching.linkable_customers(connection), reader.customers)
    write_whole(connection, members, customers, {})


def _keys_of(ids: Sequence[int], read: Callable[[Sequence[int]], Prepared]) -> Keys:
    pieces = [Keys.of(read(ids[start : start + PIECE])) for start in range(0, max(len(ids), 1), PIECE)]
    return Keys(np.concatenate([one.keys for one in pieces]), np.concatenate([one.owners for one in pieces]))


def write_whole(connection: Connection, members: Keys, customers: Keys, ids: Mapping[int, int]) -> None:
    """Index everybody anew. ``ids`` is the id of every customer whose keys are under another number."""
    for low, high in _ranges():
        in_transaction(connection, partial(matching.delete_key_range, connection, low, high))
    owners, place = np.unique(customers.owners, return_inverse=True)
    renamed = np.array([ids.get(owner, owner) for owner in owners.tolist()], np.int64)[place]
    keys = np.concatenate([members.keys, customers.keys])
    sides = np.repeat(np.array([MEMBER, CUSTOMER]), [len(members.keys), len(customers.keys)])
    subjects = np.concatenate([members.owners, renamed])
    order = np.lexsort((keys, subjects, sides, keys >> _PART_BITS))
    for start in range(0, len(order), _AT_ONCE):
        part = order[start : start + _AT_ONCE]
        columns = keys[part], sides[part], subjects[part]
        in_transaction(connection, partial(matching.add_keys, connection, *columns))


def _ranges() -> list[tuple[int, int]]:
    """All keys there can be, cut into parts that one transaction deletes."""
    width = 2**64 // _DELETED_AT_ONCE
    return [(low, low + width - 1) for low in range(-(2**63), 2**63, width)]
