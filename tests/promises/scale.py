"""How far a promise is put to the test: a little with all tests, at length in a campaign.

``ECCUBE_SYNC_CAMPAIGN`` names the file a campaign's results go to, and makes it one. All chance comes from
``ECCUBE_SYNC_SEED`` and the name of what is left to it, so that a line of the results can be played again.
"""

from __future__ import annotations

import os
from random import Random
from typing import TypeVar

Size = TypeVar("Size")

RESULTS = os.environ.get("ECCUBE_SYNC_CAMPAIGN", "")
CAMPAIGN = bool(RESULTS)
SEED = int(os.environ.get("ECCUBE_SYNC_SEED", "1"))


def scale(short: Size, campaign: Size) -> Size:
    """The size of a test: the first with all tests, the second in a campaign."""
    return campaign if CAMPAIGN else short


def parts(short: int, campaign: int) -> range:
    """Numbers to parametrize a long test with, so that a broken-off campaign goes on where it was."""
    return range(scale(short, campaign))


def chance(*names: object) -> Random:
    """Chance of its own for what bears these names; the same seed gives the same again."""
    return Random(":".join(str(one) for one in (SEED, *names)))
