"""The mail server is away, busy or refuses our login for a day: no address is suspended, and all mails arrive after."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from itertools import pairwise

import pytest

from eccube_sync.errors import EccubeSyncError, ExitCode
from eccube_sync.mailpace import RETRY_AFTER
from eccube_sync.tables.notices import suspended_address
from tests.outbox.conftest import Outbox, ids_of, make_outbox, outbox
from tests.promises.scale import scale
from tests.support.smtp import FaultyServer

__all__ = ["make_outbox", "outbox"]
pytestmark = pytest.mark.promise("P9")

ON_ONE_OR_BOTH = pytest.mark.parametrize("shop", scale(["sqlite"], ["sqlite", "mariadb"]), indirect=True)
MAILS = scale(6, 40)
CRON = timedelta(minutes=30)
OUTAGES = ("nobody listens", "banner drop", "banner 421 busy", "rcpt 451 4.7.1 greylisted", "data 451 4.3.0 later",
           "dot 452 4.3.1 disk full", "mail drop", "body drop")  # fmt: skip


@contextmanager
def failing(outage: str) -> Iterator[FaultyServer]:
    """A mail server with this fault; of one that nobody listens on only the port is known."""
    phase, _space, fault = outage.partition(" ")
    if phase == "nobody":
        with FaultyServer() as gone:
            pass
        yield gone
        return
    with FaultyServer(phase, fault) as server:
        yield server


def call(outbox: Outbox) -> int:
    """Cron calls ``notify``; its exit code."""
    try:
        return ExitCode.NEEDS_PERSON if outbox.send(ignore_window=True).needs_person else ExitCode.DONE
    except EccubeSyncError as error:
        return error.exit_code


def cron(outbox: Outbox, hours: float) -> Counter[int]:
    """Cron calls for so long, while the clock runs; exit codes."""
    codes: Counter[int] = Counter()
    end = outbox.ours.clock.now() + timedelta(hours=hours)
    while outbox.ours.clock.now() < end:
        codes[call(outbox)] += 1
        outbox.ours.clock.advance(CRON)
    return codes


@ON_ONE_OR_BOTH
@pytest.mark.parametrize("outage", scale([OUTAGES[0], OUTAGES[3]], list(OUTAGES)))
def test_a_day_without_mail_server(outbox: Outbox, outage: str, proof: Counter[str]) -> None:
    outbox.set_notices(per_minute=1000)
    people = outbox.people(MAILS)
    outbox.expire(*people)
    with failing(outage) as server:
        outbox.use(server)
        codes = cron(outbox, 24)
    assert set(codes) <= {ExitCode.DONE, ExitCode.NEEDS_PERSON, ExitCode.LOCKED}
    assert outbox.ours.rows(suspended_address) == []
    # Who hangs up amid the text may do so when our last dot has left: nobody can tell, so a person is asked.
    in_doubt = outbox.states().count("in_doubt")
    assert outage == "body drop" or not in_doubt
    assert outbox.states().count("queued") == MAILS - in_doubt
    attempts = [row.attempts for row in outbox.notices()]
    # The schedule allows so many tries in a day; a server that is not there costs none.
    assert max(attempts) <= len(RETRY_AFTER) + 1
    with FaultyServer() as server:
        outbox.use(server)
        cron(outbox, 30)
        arrived = Counter(ids_of(server))
    assert Counter(outbox.states()) == +Counter(sent=MAILS - in_doubt, in_doubt=in_doubt)
    assert set(arrived.values()) <= {1} and len(arrived) == MAILS - in_doubt
    proof["mails through an outage"] += MAILS - in_doubt
    proof["mails in doubt"] += in_doubt
    proof["calls of cron"] += codes.total()


@ON_ONE_OR_BOTH
def test_retries_keep_to_their_schedule(outbox: Outbox, proof: Counter[str]) -> None:
    """5 min, 15, 45, 2 h, 6 h, 24 h, each within a fifth; cron calls every minute, on the last day every ten."""
    outbox.expire(outbox.person())
    tried: list[datetime] = []
    wanted = scale(4, len(RETRY_AFTER) + 1)
    with FaultyServer("rcpt", "451 4.7.1 later") as server:
        outbox.use(server)
        end = outbox.ours.clock.now() + timedelta(days=3)
        while len(tried) < wanted and outbox.ours.clock.now() < end:
            (row,) = outbox.notices()
            call(outbox)
            if outbox.notices()[0].attempts > row.attempts:
                tried.append(outbox.ours.clock.now())
            outbox.later(minutes=1 if len(tried) < len(RETRY_AFTER) else 10)
    assert len(tried) == wanted
    for planned, (one, other) in zip(RETRY_AFTER, pairwise(tried), strict=False):
        until_cron = timedelta(minutes=10 if planned == RETRY_AFTER[-1] else 1)
        assert 0.8 * planned <= other - one <= 1.2 * planned + until_cron
    proof["retries"] += len(tried)


@ON_ONE_OR_BOTH
@pytest.mark.parametrize("refusal", ["535 5.7.8 wrong password", "534 5.7.9 too weak", "454 4.7.0 try later"])
def test_a_refused_login_is_tried_once_a_call_and_no_mail_pays_for_it(
    outbox: Outbox, refusal: str, proof: Counter[str]
) -> None:
    outbox.expire(*outbox.people(MAILS))
    password = outbox.ours.settings.path.parent / "mail-password"
    password.write_text("secret\n")
    password.chmod(0o600)
    with FaultyServer("auth", refusal) as server:
        outbox.use(server)
        assert outbox.ours.settings.mail is not None
        mail = outbox.ours.settings.mail.model_copy(update={"user": "shop", "password_file": password})
        outbox.set(mail=mail)
        code = call(outbox)
    assert code == (ExitCode.LOCKED if refusal[0] == "4" else ExitCode.CONFIGURATION)
    assert sum(line.startswith(b"AUTH") for line in server.heard) == 1
    assert {(row.state, row.attempts) for row in outbox.notices()} == {("queued", 0)}
    assert outbox.ours.rows(suspended_address) == []
    proof["refused logins"] += 1
