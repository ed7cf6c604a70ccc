"""The files of a big shop and of the next day: ``python -m benchmarks.matching.files FOLDER MEMBERS CHANGES``."""

from __future__ import annotations

import sys
from pathlib import Path

from benchmarks.matching.names import PUBLISHED
from benchmarks.matching.rows import CUSTOMERS_PER_MEMBER
from benchmarks.matching.seeds import TRAIN
from benchmarks.nightly.shop import TODAY, write_next_night, write_shop
from eccube_sync.population import generate


def main() -> None:
    """Write them; ``CHANGES`` members and as many customers differ the next day."""
    folder, members, changes = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    folder.mkdir(parents=True, exist_ok=True)
    shop = generate(TRAIN[0], round(members * CUSTOMERS_PER_MEMBER), members, TODAY, names=PUBLISHED)
    write_shop(shop, folder)
    write_next_night(shop, folder, changes, TODAY)


if __name__ == "__main__":
    main()
