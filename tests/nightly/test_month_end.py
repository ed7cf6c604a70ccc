"""Many memberships that end on one day pass unattended once somebody approved the day."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.nightly.monthend import MonthEnd, play
from tests.support.installed import InstalledShop
from tests.support.smtp import Sink


@pytest.mark.parametrize("shop", ["mariadb"], indirect=True)
def test_a_mass_end_is_announced_approved_and_mailed_over_days(installed: InstalledShop, sink: Sink) -> None:
    caps = "per_minute = 3\nper_hour = 3\nper_day = 15"
    month_end = MonthEnd(installed, sink, 45, caps, every=timedelta(minutes=60))
    found = play(month_end)
    assert int(str(found["ending"])) > 30
    most = month_end.check_caps(3, 3, 15)
    assert most["day"] == 15, "the caps were put to the test"
