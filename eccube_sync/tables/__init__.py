"""Our own tables: the truth about links, classes, notices and runs (DESIGN §3.1)."""

from eccube_sync.tables import cases, codes, customers, inbox, later, links, members, notices, runs
from eccube_sync.tables.metadata import OWN_SCHEMA, metadata

__all__ = [
    "OWN_SCHEMA",
    "cases",
    "codes",
    "customers",
    "inbox",
    "later",
    "links",
    "members",
    "metadata",
    "notices",
    "runs",
]
