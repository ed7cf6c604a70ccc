"""Every way in which a mail server can fail, at every point of the session, is judged rightly, and nobody pays for it.

A mail that may have arrived is never called "not sent", and one that cannot have arrived never "sent".
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any

import pytest

from eccube_sync.errors import EccubeSyncError, ExitCode
from eccube_sync.maildelivery import MailServerError, Phase, Verdict
from eccube_sync.mailer import Session, open_session
from eccube_sync.services.notices import sending
from eccube_sync.tables.notices import suspended_address
from tests.outbox.conftest import ON_SQLITE, Outbox, ids_of, make_outbox, outbox
from tests.promises.scale import CAMPAIGN, chance
from tests.support.delivering import MAIL, attempt, server_at
from tests.support.smtp import FaultyServer

__all__ = ["make_outbox", "outbox"]
pytestmark = pytest.mark.promise("P3")

# What each fault (columns) means at each phase (rows).
FAULTS = (
    "drop",
    "stall",
    "421 4.3.2 closing",
    "451 4.7.1 later",
    "500 what",
    "550 5.0.0 no",
    "554 no",
    "garbage",
)
MEANING = {
    "banner": ("retry", "retry", "retry", "retry", "stop_run", "stop_run", "stop_run", "stop_run"),
    "ehlo": ("retry", "retry", "retry", "retry", "stop_run", "stop_run", "stop_run", "retry"),
    "starttls": ("retry", "retry", "retry", "retry", "stop_run", "stop_run", "stop_run", "retry"),
    "auth": ("retry", "retry", "retry", "retry", "stop_run", "stop_run", "stop_run", "retry"),
    "mail": ("retry", "retry", "retry", "retry", "stop_run", "stop_run", "stop_run", "retry"),
    "rcpt": (
        *("retry", "retry", "retry", "retry"),
        *("permanent_message", "permanent_address", "permanent_message", "retry"),
    ),
    "data": (
        *("retry", "retry", "retry", "retry"),
        *("permanent_message", "permanent_message", "permanent_message", "retry"),
    ),
    "body": (
        *("retry", "retry", "retry", "retry"),
        *("permanent_message", "permanent_message", "permanent_message", "retry"),
    ),
    "dot": (
        *("in_doubt", "in_doubt", "retry", "retry"),
        *("permanent_message", "permanent_message", "permanent_message", "in_doubt"),
    ),
}
MATRIX = [
    (phase, fault, verdict)
    for phase, verdicts in MEANING.items()
    for fault, verdict in zip(FAULTS, verdicts, strict=True)
]
SPECIAL = [
    ("mail", "530 5.7.0 log in first", "stop_run"),
    ("mail", "552 5.3.4 too large", "permanent_message"),
    ("mail", "553 5.7.1 not your address", "stop_run"),
    ("mail", "299 odd but kind", "sent"),
    ("rcpt", "550 5.1.1 unknown", "permanent_address"),
    ("rcpt", "551 5.1.6 moved", "permanent_address"),
    ("rcpt", "553 5.1.3 malformed", "permanent_address"),
    ("rcpt", "501 5.1.3 malformed", "permanent_address"),
    ("rcpt", "556 5.1.10 takes no mail", "permanent_address"),
    ("rcpt", "550 unknown user", "permanent_address"),
    ("rcpt", "550 5.4.1 access denied", "permanent_address"),
    ("rcpt", "550 5.1.8 your sender's domain", "stop_run"),
    ("rcpt", "550 5.7.1 relaying denied", "permanent_message"),
    ("rcpt", "554 5.7.1 relay access denied", "permanent_message"),
    ("rcpt", "552 5.2.2 mailbox full", "permanent_message"),
    ("rcpt", "550 5.2.2 mailbox full", "permanent_message"),
    ("rcpt", "530 5.7.0 log in first", "stop_run"),
    ("rcpt", "535 5.7.8 who are you", "stop_run"),
    ("rcpt", "452 4.2.2 mailbox full", "retry"),
    ("rcpt", "450 4.2.0 greylisted", "retry"),
    ("rcpt", "251 will forward", "sent"),
    ("data", "250 not what was asked for", "retry"),
    ("body", "250 too early to be an answer", "retry"),
    ("dot", "452 4.3.1 disk full", "retry"),
    ("dot", "552 5.3.4 too large", "permanent_message"),
    ("dot", "554 5.7.1 looks like spam", "permanent_message"),
    ("dot", "354 again", "in_doubt"),
    ("dot", "250-accepted, but the reply never ends", "in_doubt"),
    ("dot", "250 " + "x" * 20_000, "in_doubt"),
    ("dot", "25", "in_doubt"),
    ("quit", "drop", "sent"),
    ("quit", "stall", "sent"),
    ("quit", "550 no", "sent"),
]


def patience(phase: str, fault: str) -> dict[str, Any]:
    """Short only where the server stays silent, so that a busy machine is not taken for a silent server."""
    if phase == "dot":
        return {"dot_timeout": 0.4 if fault == "stall" or "never ends" in fault else 20}
    return {"command_timeout": 0.4 if phase != "quit" else 2} if fault == "stall" else {}


@pytest.mark.parametrize(("phase", "fault", "verdict"), MATRIX + SPECIAL)
def test_a_fault_at_any_point_of_the_session_is_judged_rightly(
    phase: str, fault: str, verdict: str, proof: Counter[str]
) -> None:
    settings = patience(phase, fault)
    if phase == "starttls":
        settings["security"] = "starttls"
    if phase == "auth":
        settings |= {"user": "shop", "password": "secret"}
    content = MAIL + b"x" * 78 * 1000 * 150 if (phase, fault) == ("body", "stall") else MAIL
    with FaultyServer(phase, fault) as faulty:
        delivery = attempt(faulty, content, **settings)
    assert delivery.verdict == verdict
    # Whatever the client concludes, it never contradicts what truly happened.
    if faulty.accepted:
        assert delivery.verdict in {Verdict.SENT, Verdict.IN_DOUBT}
    else:
        assert delivery.verdict is not Verdict.SENT
    proof["cases"] += 1


def test_an_answer_that_comes_after_our_patience_leaves_the_mail_in_doubt() -> None:
    with FaultyServer("dot", "late", delay=0.8) as faulty:
        delivery = attempt(faulty, dot_timeout=0.3)
    assert (delivery.verdict, delivery.phase) == (Verdict.IN_DOUBT, Phase.AFTER)
    assert len(faulty.accepted) == 1


def test_an_answer_that_is_slow_but_in_time_counts() -> None:
    with FaultyServer("dot", "late", delay=0.6) as faulty:
        assert attempt(faulty).verdict is Verdict.SENT


def test_nobody_listening_is_a_matter_of_trying_again() -> None:
    with FaultyServer() as faulty:
        port = faulty.port
    with pytest.raises(MailServerError) as refusal, open_session(server_at(port)):
        pass
    assert refusal.value.delivery.verdict is Verdict.RETRY
    assert refusal.value.delivery.phase is Phase.CONNECT
    assert refusal.value.exit_code is ExitCode.LOCKED


def test_a_refused_login_is_tried_once_and_is_a_matter_of_configuration() -> None:
    with (
        FaultyServer("auth", "535 5.7.8 wrong password") as faulty,
        pytest.raises(MailServerError) as refusal,
    ):
        Session(server_at(faulty.port, user="shop", password="secret")).prepare()
    assert refusal.value.exit_code is ExitCode.CONFIGURATION
    assert sum(line.startswith(b"AUTH") for line in faulty.heard) == 1


# A server that says 250 before it has the mail, and hangs up, cannot be found out once our dot is on its way.
LIES = ("body", "250 too early to be an answer")
WITHOUT_TLS = [
    one
    for one in MATRIX + SPECIAL
    if one[0] not in {"starttls", "auth", "quit"} and one[:2] not in (LIES, ("body", "stall"))
]
THROUGH = WITHOUT_TLS if CAMPAIGN else chance("through").sample(WITHOUT_TLS, 8)


@ON_SQLITE
@pytest.mark.promise("P3", "P2")
@pytest.mark.parametrize(("phase", "fault", "verdict"), THROUGH)
def test_after_any_fault_every_mail_arrives_once_or_waits_for_a_person(
    outbox: Outbox,
    phase: str,
    fault: str,
    verdict: str,
    monkeypatch: pytest.MonkeyPatch,
    proof: Counter[str],
) -> None:
    """The whole outbox: a server that fails at first, and is well an hour and four days later."""
    usual = sending.mail_server
    monkeypatch.setattr(sending, "mail_server", lambda shop: replace(usual(shop), **patience(phase, fault)))
    outbox.expire(*outbox.people(3))
    sent: list[str] = []
    with FaultyServer(phase, fault) as server:
        outbox.use(server)
        for _hour in range(2):
            try_to_send(outbox)
            outbox.later(hours=1)
        sent += ids_of(server)
    with FaultyServer() as server:
        outbox.use(server)
        for _day in range(4):
            try_to_send(outbox)
            outbox.later(days=1)
        sent += ids_of(server)
    states = Counter(outbox.states())
    assert set(states) <= {"sent", "failed", "in_doubt"}, (states, verdict)
    assert max(Counter(sent).values(), default=0) <= 1
    assert {row.message_id for row in outbox.notices(state="sent")} <= set(sent)
    assert not {row.message_id for row in outbox.notices(state="failed")} & set(sent)
    # Blamed is an address only where the server spoke of the address.
    assert bool(outbox.ours.rows(suspended_address)) == (verdict == "permanent_address")
    proof["cases through the outbox"] += 1


def try_to_send(outbox: Outbox) -> None:
    try:
        outbox.send()
    except EccubeSyncError as error:
        assert error.exit_code in {ExitCode.LOCKED, ExitCode.CONFIGURATION}
