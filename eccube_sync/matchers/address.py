"""Where two people live: the same house, the same block, the same town."""

from __future__ import annotations

import numpy as np

from eccube_sync.matchers import Level, Levels, Prepared, Rows, Verdict

MISSING, DIFFERENT, TOWN, BLOCK, HOUSE = range(5)


class AddressMatcher:
    """Compares postal code, town and house numbers as one fact, because each of them implies the one before."""

    levels = (
        Level("missing", Verdict.SILENT),
        Level("different", Verdict.DIFFERS),
        Level("same_town", Verdict.WEAK),
        Level("same_block", Verdict.STRONG),
        Level("same_house", Verdict.STRONG),
    )

    def compare(self, left: Prepared, right: Prepared, i: Rows, j: Rows) -> Levels:
        """The same area is the same postal code or the same town in words: people mistype either."""
        postal_left, postal_right = left.postal[i], right.postal[j]
        town_left, town_right = left.town[i], right.town[j]
        both_postal = (postal_left != 0) & (postal_right != 0)
        both_town = (town_left != 0) & (town_right != 0)
        area = (both_postal & (postal_left == postal_right)) | (both_town & (town_left == town_right))
        block_left, house_left = left.block[i], left.house[i]
        same_block = area & (block_left != 0) & (block_left == right.block[j])
        same_house = area & (house_left != 0) & (house_left == right.house[j])
        levels = np.where(both_postal | both_town, DIFFERENT, MISSING).astype(np.uint8)
        levels[area] = TOWN
        levels[same_block] = BLOCK
        levels[same_house] = HOUSE
        return levels
