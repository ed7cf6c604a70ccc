"""A shop that shows the class nowhere in EC-CUBE."""

from __future__ import annotations

from eccube_sync.projections import PROJECTIONS
from tests.projections.support import Entry, read, validate
from tests.support.shop import Shop


def test_both_classes_look_the_same_so_there_is_never_a_change(sqlite_shop: Shop) -> None:
    nowhere = PROJECTIONS["none"](Entry("none"))
    validate(sqlite_shop, nowhere)
    assert nowhere.needed_grants() == ()
    shown = {nowhere.value_of("store"), nowhere.value_of("ec_only"), *read(sqlite_shop, nowhere, 1).values()}
    assert shown == {None}
