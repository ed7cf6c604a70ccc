"""One mail goes to one address, and no name, subject or link can add a header to it."""

from __future__ import annotations

from datetime import UTC, datetime
from email import message_from_bytes, policy

import pytest

from eccube_sync.mailmessage import MessageRefusedError, Sender, build_message, check_address, message_id

HEADERS = ["From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "MIME-Version", "Content-Type"]
WHEN = datetime(2027, 3, 1, 1, 30, tzinfo=UTC)


def build(**changes: object) -> bytes:
    usual: dict[str, object] = {
        "subject": "【見本書店】店舗会員の有効期限のお知らせ" * 3,
        "text": "山田 髙﨑 様\n\n有効期限：2027年3月31日（水）\n",
        "html": "<p>山田 髙﨑 様</p>",
        "sender": Sender('見本書店, "本店"', "shop@example.jp"),
        "recipient": "hanako@example.jp",
        "message_id": message_id("installation", "expiring:1:30:2027-03-31", "example.jp"),
        "date": WHEN,
    }
    return build_message(**(usual | changes))  # type: ignore[arg-type]


def test_a_japanese_mail_reads_back_as_it_was_written() -> None:
    content = build()
    mail = message_from_bytes(content, policy=policy.default)
    assert mail.keys() == HEADERS
    assert mail["Subject"] == "【見本書店】店舗会員の有効期限のお知らせ" * 3
    assert mail["From"].addresses[0].display_name == '見本書店, "本店"'
    assert mail["To"] == "hanako@example.jp"
    assert mail["Date"] == "Mon, 01 Mar 2027 10:30:00 +0900"
    assert mail["Auto-Submitted"] == "auto-generated"
    parts = [part.get_content().replace("\r\n", "\n") for part in mail.iter_parts()]
    assert parts == ["山田 髙﨑 様\n\n有効期限：2027年3月31日（水）\n", "<p>山田 髙﨑 様</p>\n"]
    assert content.isascii()
    assert max(map(len, content.split(b"\r\n"))) <= 78
    assert b"\n" not in content.replace(b"\r\n", b"")


def test_only_text_makes_a_simple_mail() -> None:
    mail = message_from_bytes(build(html=None), policy=policy.default)
    assert mail.get_content_type() == "text/plain"
    assert mail.get_content().startswith("山田 髙﨑 様")


def test_the_same_event_makes_the_same_message_id_and_another_event_another() -> None:
    first = message_id("installation", "expired:1:2027-03-31", "example.jp")
    assert first == message_id("installation", "expired:1:2027-03-31", "example.jp")
    assert first != message_id("installation", "expired:2:2027-03-31", "example.jp")
    assert first != message_id("copy", "expired:1:2027-03-31", "example.jp")
    assert message_from_bytes(build(message_id=first))["Message-ID"] == first


def test_a_long_domain_leaves_the_message_id_on_one_line() -> None:
    domain = "mail.a-shop-with-a-rather-long-name.example.jp"
    content = build(
        message_id=message_id("7f1c", "linked:1", domain), sender=Sender("みほん堂", f"shop@{domain}")
    )
    (line,) = [line for line in content.split(b"\r\n") if line.lower().startswith(b"message-id")]
    assert line.endswith(f"@{domain}>".encode())


def test_a_promotion_carries_its_long_unsubscribe_link_unbroken() -> None:
    link = "https://shop.example.jp/unsubscribe?token=" + "a1b2c3" * 40
    assert f"\r\nList-Unsubscribe: <{link}>\r\n".encode() in build(unsubscribe_url=link)


@pytest.mark.parametrize(
    "link",
    [
        "javascript:alert(1)",
        "https://a.jp/\r\nBcc: b@example.jp",
        "https://a.jp/> , <mailto:b@c.jp",
        "",
        "/stop",
    ],
)
def test_a_link_that_is_no_link_is_refused(link: str) -> None:
    with pytest.raises(MessageRefusedError):
        build(unsubscribe_url=link)


@pytest.mark.parametrize(
    "address",
    [
        "hanako@example.jp",
        "hanako.yamada+shop@mail.example.co.jp",
        "a@localhost",
        "o'neill@example.jp",
        "x_y@a-b.jp",
    ],
)
def test_a_usual_address_is_taken_as_it_is(address: str) -> None:
    assert check_address(address) == address


@pytest.mark.parametrize(
    ("address", "quoted"),
    [
        ("hana..ko@docomo.ne.jp", '"hana..ko"@docomo.ne.jp'),
        ("hanako.@ezweb.ne.jp", '"hanako."@ezweb.ne.jp'),
        (".hanako@docomo.ne.jp", '".hanako"@docomo.ne.jp'),
    ],
)
def test_an_old_mobile_address_is_quoted_and_reached(address: str, quoted: str) -> None:
    assert check_address(address) == quoted
    mail = message_from_bytes(build(recipient=address), policy=policy.default)
    assert [one.username for one in mail["To"].addresses] == [address.rpartition("@")[0]]
