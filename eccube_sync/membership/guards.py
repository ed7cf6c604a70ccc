"""Guards on a night's plan: may it be applied? Counts go in, verdicts come out; nothing is read or written.

The number that overrules the guards on downgrades is the plan's total, one number for all of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from eccube_sync.i18n import _
from eccube_sync.membership.forecast import DowngradePlan
from eccube_sync.membership.verdicts import Figures, GuardNumbers, GuardVerdict, limit_of, verdict


def surprise_downgrades(
    plan: DowngradePlan, numbers: GuardNumbers, expected: int | None = None
) -> GuardVerdict:
    """Downgrades that no earlier import foresaw: the real signal of a bad file."""
    limit = limit_of(numbers.surprise_minimum, numbers.surprise_share, plan.active)
    surprises = plan.surprises
    figures: Figures = {
        "surprises": surprises,
        "downgrades": plan.total,
        "active": plan.active,
        "limit": limit,
    }
    message = _(
        "{surprises} of {downgrades} downgrades were not foreseen by the last store files; at most {limit} "
        "may be, as {active} customers have the store class. Nothing was changed. Look at the plan and at "
        "the newest store file."
    ).format(**figures)
    tripped = surprises > limit
    return verdict(
        "surprise_downgrades", "downgrades", tripped, figures, message, count=plan.total, expected=expected
    )


def all_downgrades(plan: DowngradePlan, numbers: GuardNumbers, expected: int | None = None) -> GuardVerdict:
    """All downgrades of one night, less those approved for their date."""
    limit = limit_of(numbers.downgrades_minimum, numbers.downgrades_share, plan.active)
    open_ones = plan.not_approved
    figures: Figures = {
        "downgrades": plan.total,
        "not_approved": open_ones,
        "active": plan.active,
        "limit": limit,
    }
    message = _(
        "{downgrades} of {active} customers would lose the store class, {not_approved} of them not approved "
        "beforehand; at most {limit} may. Nothing was changed. Look at the plan."
    ).format(**figures)
    tripped = open_ones > limit
    return verdict(
        "all_downgrades", "downgrades", tripped, figures, message, count=plan.total, expected=expected
    )


def stale_after(export_every_hours: float, numbers: GuardNumbers) -> timedelta:
    """The age at which store data is stale: 1.5 times the export interval, at least 36 hours."""
    return timedelta(hours=max(numbers.stale_hours, numbers.stale_factor * export_every_hours))


def is_stale(
    data_as_of: datetime | None, now: datetime, export_every_hours: float, numbers: GuardNumbers
) -> bool:
    """Whether a source's store data (None: it gave none) is too old to downgrade on; both moments aware."""
    return data_as_of is None or now - data_as_of > stale_after(export_every_hours, numbers)


def stale_store_data(
    plan: DowngradePlan,
    numbers: GuardNumbers,
    expected: int | None = None,
    *,
    source: str,
    resting: int,
    data_as_of: datetime | None,
    now: datetime,
    export_every_hours: float,
) -> GuardVerdict:
    """No downgrade rests on stale store data; ``resting`` of the plan's rest on ``source``."""
    hours = round((now - data_as_of).total_seconds() / 3600) if data_as_of else 0
    limit = round(stale_after(export_every_hours, numbers).total_seconds() / 3600)
    figures: Figures = {"hours": hours, "limit": limit, "resting": resting, "downgrades": plan.total}
    if data_as_of:
        text = _(
            "The newest store data of {source} is {hours} hours old (limit {limit}), so {resting} of "
            "{downgrades} downgrades cannot be trusted. No class was taken away. "
            "Export a new file from the POS."
        )
    else:
        text = _(
            "{source} has given no store data yet, so {resting} of {downgrades} downgrades cannot be "
            "trusted. No class was taken away. Export a file from the POS."
        )
    tripped = resting > 0 and is_stale(data_as_of, now, export_every_hours, numbers)
    message = text.format(source=source, **figures)
    return verdict(
        "stale_store_data", "downgrades", tripped, figures, message, count=plan.total, expected=expected
    )


def mails_per_run(
    mails: Mapping[str, int],
    events: Mapping[str, int],
    numbers: GuardNumbers,
    expected: int | None = None,
) -> GuardVerdict:
    """More mails of a kind than its events warrant (``expired``: the downgrades), or too many in all."""
    total = sum(mails.values())
    loops = {kind: n for kind, n in mails.items() if n > numbers.mails_factor * events.get(kind, 0)}
    unexplained = sum(n - events.get(kind, 0) for kind, n in loops.items())
    figures: Figures = {"mails": total, "unexplained": unexplained, "limit": numbers.mails_maximum}
    if unexplained:
        text = _("{unexplained} of {mails} mails have no event that explains them. None was queued.")
    else:
        text = _("{mails} mails in one run, at most {limit} may be. None was queued. Look at the plan.")
    tripped = unexplained > 0 or total > numbers.mails_maximum
    return verdict(
        "mails_per_run", "mails", tripped, figures, text.format(**figures), count=total, expected=expected
    )


def clock(
    host_now: datetime, database_now: datetime, last_run_at: datetime | None, numbers: GuardNumbers
) -> GuardVerdict:
    """The machine's clock against the database's and against the last run; all moments aware."""
    skew = abs((host_now - database_now).total_seconds())
    back = (last_run_at - host_now).total_seconds() if last_run_at else 0.0
    figures: Figures = {"skew": round(skew), "back": max(0, round(back)), "limit": numbers.clock_seconds}
    if back > 0:
        text = _(
            "The clock is {back} seconds before the last run. Nothing was started. Set the machine's clock."
        )
    else:
        text = _(
            "The clock differs from the database's by {skew} seconds (limit {limit:g}). Nothing was started. "
            "Set the machine's clock."
        )
    tripped = back > 0 or skew > numbers.clock_seconds
    return verdict("clock", "run", tripped, figures, text.format(**figures))
