"""When the next mail may leave: send window, caps, retries and the breaker, as pure functions of time."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from eccube_sync.clock import TOKYO
from eccube_sync.errors import ConfigurationError
from eccube_sync.i18n import _
from eccube_sync.maildelivery import Verdict

RETRY_AFTER = (
    timedelta(minutes=5),
    timedelta(minutes=15),
    timedelta(minutes=45),
    timedelta(hours=2),
    timedelta(hours=6),
    timedelta(hours=24),
)
GIVE_UP_AFTER = timedelta(hours=72)
_JITTER = 0.2


def retry_at(message_id: str, attempts: int, first_tried: datetime, last_tried: datetime) -> datetime | None:
    """When a mail is tried again after ``attempts`` (1 or more) failures; None = give up.

    The jitter of ±20 % follows from the Message-ID, so a repeated run comes to the same moment.
    """
    delay = RETRY_AFTER[min(attempts, len(RETRY_AFTER)) - 1]
    digest = hashlib.sha256(f"{message_id}:{attempts}".encode()).digest()
    share = int.from_bytes(digest[:4]) / (2**32 - 1)  # 0 to 1
    moment = last_tried + delay * (1 - _JITTER + 2 * _JITTER * share)
    return moment if moment <= first_tried + GIVE_UP_AFTER else None


@dataclass(frozen=True, slots=True)
class Caps:
    """How many mails may leave within any minute, hour and day; None = no limit."""

    per_minute: int | None = 60
    per_hour: int | None = None
    per_day: int | None = None

    def next_allowed(self, sent: Sequence[datetime], now: datetime) -> datetime:
        """The first moment from ``now`` on at which one more mail breaks no cap.

        ``sent`` holds the moments of earlier mails in any order; those of the last 24 hours are enough.
        """
        newest_first = sorted(sent, reverse=True)
        moments = [now]
        for cap, span in self._limits():
            if len(newest_first) >= cap:
                moments.append(newest_first[cap - 1] + span)
        return max(moments)

    def in_a_day(self, window: SendWindow) -> int | None:
        """How many mails can leave on one day; None = no limit."""
        opens, closes = (part.hour * 60 + part.minute for part in (window.opens, window.closes))
        minutes = closes - opens
        spans = ((self.per_minute, minutes), (self.per_hour, minutes / 60), (self.per_day, 1))
        return min((int(cap * spans_a_day) for cap, spans_a_day in spans if cap), default=None)

    def _limits(self) -> list[tuple[int, timedelta]]:
        spans = (
            (self.per_minute, timedelta(minutes=1)),
            (self.per_hour, timedelta(hours=1)),
            (self.per_day, timedelta(days=1)),
        )
        return [(cap, span) for cap, span in spans if cap]


@dataclass(frozen=True, slots=True)
class SendWindow:
    """The hours of a Tokyo day in which mails may leave; the end is the first moment they may not."""

    opens: time = time(10)
    closes: time = time(18)

    @classmethod
    def parse(cls, text: str) -> SendWindow:
        """The window written as ``10:00-18:00``; ``24:00`` is not a time, ``23:59`` is close enough."""
        opens, dash, closes = text.partition("-")
        try:
            window = cls(_time_of(opens), _time_of(closes))
        except ValueError:
            dash = ""
        if not dash or window.opens >= window.closes:
            raise ConfigurationError(
                _(
                    "The send window {text!r} is not of the form 10:00-18:00; write opening and closing time."
                ).format(text=text)
            )
        return window

    def contains(self, moment: datetime) -> bool:
        """Whether mails may leave at this aware moment."""
        return self.opens <= moment.astimezone(TOKYO).time() < self.closes

    def next_open(self, moment: datetime) -> datetime:
        """The moment itself when the window is open, else when it opens next."""
        if self.contains(moment):
            return moment
        local = moment.astimezone(TOKYO)
        day = local.date() if local.time() < self.opens else local.date() + timedelta(days=1)
        return datetime.combine(day, self.opens, tzinfo=TOKYO)


def _time_of(text: str) -> time:
    return datetime.strptime(text.strip(), "%H:%M").time()  # noqa: DTZ007 - an hour of a Tokyo day, no moment


@dataclass(slots=True)
class Breaker:
    """Stops a run of sending that goes badly, before it harms the shop's name as a sender."""

    in_a_row: int = 10
    share: float = 0.2
    share_from: int = 50
    attempts: int = 0
    failures: int = 0
    failures_in_a_row: int = 0

    def record(self, verdict: Verdict) -> None:
        """Count one more outcome; everything but ``sent`` is a failure."""
        self.attempts += 1
        failed = verdict is not Verdict.SENT
        self.failures += failed
        self.failures_in_a_row = self.failures_in_a_row + 1 if failed else 0

    @property
    def reason(self) -> str | None:
        """Why this run must stop sending (``failures_in_a_row`` or ``failures_share``), or None."""
        if self.failures_in_a_row >= self.in_a_row:
            return "failures_in_a_row"
        if self.attempts >= self.share_from and self.failures > self.share * self.attempts:
            return "failures_share"
        return None
