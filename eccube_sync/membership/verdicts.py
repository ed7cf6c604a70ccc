"""What a guard's limits are and how it answers: the numbers, the verdict, the one rule for overruling it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from eccube_sync.errors import GuardRefusedError
from eccube_sync.i18n import _

Stops = Literal["run", "import", "downgrades", "mails"]
Figures = dict[str, int | float]


@dataclass(frozen=True, slots=True)
class GuardNumbers:
    """The limits, with their defaults; shares are parts of one, fill is in percentage points."""

    surprise_minimum: int = 5
    surprise_share: float = 0.005
    downgrades_minimum: int = 30
    downgrades_share: float = 0.10
    import_keeps_share: float = 0.98
    missing_minimum: int = 30
    missing_share: float = 0.10
    stale_hours: float = 36
    stale_factor: float = 1.5
    fill_drop_points: float = 5
    backwards_share: float = 0.01
    reused_minimum: int = 5
    reused_share: float = 0.01
    mails_factor: float = 1.2
    mails_maximum: int = 500
    clock_seconds: float = 120
    announce_days: int = 7


@dataclass(frozen=True, slots=True)
class GuardVerdict:
    """What one guard says about a plan.

    ``stops`` names what must not go on after a refusal. ``count`` is the number to name to overrule the guard
    (None: it cannot be overruled); ``overruled`` says somebody did. ``message`` is empty unless refused.
    """

    guard: str
    stops: Stops
    refused: bool
    figures: Figures
    message: str = ""
    count: int | None = None
    overruled: bool = False


def verdict(
    guard: str,
    stops: Stops,
    tripped: bool,
    figures: Figures,
    message: str,
    *,
    count: int | None = None,
    expected: int | None = None,
) -> GuardVerdict:
    """A tripped guard gives way only to the exact ``count``, and says which number that is."""
    if not tripped:
        return GuardVerdict(guard, stops, False, figures, count=count)
    if count is None:
        return GuardVerdict(guard, stops, True, figures, message)
    if expected == count:
        return GuardVerdict(guard, stops, False, figures, count=count, overruled=True)
    if expected is None:
        hint = _("If it is right, run again with --i-expect {count}.").format(count=count)
    else:
        hint = _("You expected {expected}, but it is {count}.").format(expected=expected, count=count)
    return GuardVerdict(guard, stops, True, figures, f"{message} {hint}", count)


def limit_of(minimum: int, share: float, whole: int) -> int:
    """The most that passes: the larger of the minimum and the share of the whole, rounded down."""
    return max(minimum, int(round(share * whole, 6)))


def raise_if_refused(verdicts: Sequence[GuardVerdict]) -> None:
    """Raise ``GuardRefusedError`` with the messages of all refusals, if there is one."""
    if messages := [each.message for each in verdicts if each.refused]:
        raise GuardRefusedError("\n".join(messages))
