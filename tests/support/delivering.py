"""One mail handed to a faulty server, as the outbox hands it over."""

from __future__ import annotations

from eccube_sync.maildelivery import Delivery, MailServerError
from eccube_sync.mailer import MailServer, open_session
from tests.support.smtp import FaultyServer

MAIL = b"Subject: test\r\n\r\nHello\r\n.a line that begins with a dot\r\nBye\r\n"
SENDER, RECIPIENT = "shop@example.jp", "hanako@example.jp"


def server_at(port: int, **settings: object) -> MailServer:
    usual: dict[str, object] = {
        "security": "plain",
        "local_hostname": "shop.test",
        "connect_timeout": 20,
        "command_timeout": 20,
        "dot_timeout": 20,
    }
    return MailServer("127.0.0.1", port, **(usual | settings))  # type: ignore[arg-type]


def attempt(faulty: FaultyServer, content: bytes = MAIL, **settings: object) -> Delivery:
    """One delivery through a fresh session, as the outbox makes it."""

    def before_dot() -> None:
        if faulty.phase == "body" and faulty.fault != "stall":
            assert faulty.hung_up.wait(5)

    try:
        with open_session(server_at(faulty.port, **settings)) as session:
            return session.deliver(content, sender=SENDER, recipient=RECIPIENT, before_dot=before_dot)
    except MailServerError as error:
        return error.delivery
