"""A mail goes to one address with the headers we gave it, whatever stands in names, subjects, addresses, templates."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from email import message_from_bytes, policy
from pathlib import Path

import pytest
from hypothesis import example, given, seed, settings
from hypothesis import strategies as st

from eccube_sync.mailmessage import MessageRefusedError, Sender
from eccube_sync.mailsandbox import Limits
from eccube_sync.mailtemplates import MailTemplateError
from tests.outbox.conftest import MAIL, Outbox, first_classified, parsed
from tests.promises.scale import SEED, chance, scale
from tests.support.rows import our_shop
from tests.support.shop import Shop
from tests.support.smtp import mail_sink
from tests.test_mailmessage import HEADERS, build
from tests.test_mailtemplates import VALUES, shop

pytestmark = pytest.mark.promise("P28")

HOSTILE_ADDRESSES = [
    "", " ", "@", "a@", "@b.jp", "hanako", "a@b.jp, evil@c.jp", "a@b.jp;evil@c.jp", "a@b.jp evil@c.jp",
    "a@b.jp\nevil@c.jp", "a@b.jp\r\nBcc: evil@c.jp", "a@b.jp\x00", "a@b.jp\u2028Bcc: x@y.jp", "a@b.jp\x85x",
    "<a@b.jp>", "Hanako <a@b.jp>", '"a b"@b.jp', "a@b@c.jp", "a@[127.0.0.1]", "a@b..jp", "a@-b.jp", "a@b.jp.",
    "evil@c.jp:a@b.jp", "group:a@b.jp,c@d.jp;", "a(comment)@b.jp", "a@b.jp(comment)", "花子@example.jp",
    "a@例え.jp", "a@ｅxample.jp", "a" * 65 + "@b.jp", "a@" + "b" * 64 + ".jp", "a@" + "b." * 130 + "jp",
    "a%40b@c.jp\t", " a@b.jp", "a@b.jp ", "=?utf-8?q?a?=@b.jp\n", "a\\@b.jp", "a,b@c.jp",
]  # fmt: skip


@pytest.mark.parametrize("address", HOSTILE_ADDRESSES)
def test_what_is_not_exactly_one_address_is_refused(address: str) -> None:
    with pytest.raises(MessageRefusedError) as refusal:
        build(recipient=address)
    assert refusal.value.reason == "address_invalid"
    assert address.strip() == "" or len(address) < 4 or address not in str(refusal.value)


injections = st.sampled_from(
    ["\r\n", "\n", "\r", "\x00", "\x0b", "\x0c", "\x1c", "\x85", "\u2028", "\u2029", "Bcc: evil@example.net", ":", ",",
     ";", "<", ">", '"', "\\", "=?utf-8?b?DQpCY2M6IHhAeS5qcA==?=", "@", " ", "\t", "髙", "\ud800", "\u202e", "."]
)  # fmt: skip


hostile = st.lists(st.one_of(injections, st.text(max_size=8)), max_size=12).map("".join)


@seed(SEED)
@settings(max_examples=scale(80, 10_000), deadline=None)
@given(subject=hostile, name=hostile, recipient=st.one_of(st.just("hanako@example.jp"), hostile))
@example(subject="a\r\nBcc: x@y.jp", name="b", recipient="hanako@example.jp")
@example(subject="a", name="=?utf-8?q?=0D=0ABcc=3A_x=40y=2Ejp?=", recipient="hanako@example.jp")
def test_no_hostile_text_adds_a_header_or_a_recipient(subject: str, name: str, recipient: str) -> None:
    try:
        content = build(subject=subject, sender=Sender(name, "shop@example.jp"), recipient=recipient)
    except MessageRefusedError:
        return
    mail = message_from_bytes(content, policy=policy.default)
    assert mail.keys() == HEADERS
    assert len(mail["To"].addresses) == 1
    assert [one.addr_spec for one in mail["From"].addresses] == ["shop@example.jp"]
    names = [
        line.split(b":")[0] for line in content.partition(b"\r\n\r\n")[0].split(b"\r\n") if line[:1].isalpha()
    ]
    assert [one.decode() for one in names] == HEADERS


@seed(SEED)
@settings(max_examples=scale(40, 2_000), deadline=None)
@given(text=hostile)
def test_a_text_is_either_refused_or_arrives_as_it_is(text: str) -> None:
    try:
        content = build(text=text + "\n", html=None)
    except MessageRefusedError as refusal:
        assert refusal.reason == "text_invalid"
        return
    arrived = message_from_bytes(content, policy=policy.default).get_content()
    assert arrived.replace("\r\n", "\n") == text + "\n"


# --- customers who typed it -------------------------------------------------------------------------------

NAMES = (
    "山田\r\nBcc: evil@example.net", "山田\nTo: evil@example.net", "{{ 7*7 }}", "{% for x in range(9) %}x{% endfor %}",
    "<script>alert(1)</script>", "山田 <evil@example.net>", "=?utf-8?q?=0D=0ABcc=3A_evil=40example=2Enet?=",
    "\u202e山田", "山田\u2028Bcc: evil@example.net", "a" * 255, "', '') --", "%s%n{0}", "山\x00田", ".\r\n.\r\nQUIT",
)  # fmt: skip
ADDRESSES = (
    "a@example.jp, evil@example.net", "a@example.jp;evil@example.net", "a@example.jp\r\nRCPT TO:<evil@example.net>",
    "<a@example.jp>,<evil@example.net>", "a@example.jp evil@example.net", "a@example.jp\nBcc: evil@example.net",
    "group:a@example.jp,evil@example.net;", "\"a b\"@example.jp", "evil@example.net:a@example.jp", "a@[127.0.0.1]",
)  # fmt: skip


@pytest.fixture
def outbox(sqlite_shop: Shop, tmp_path: Path) -> Iterator[Outbox]:
    with our_shop(sqlite_shop, tmp_path, MAIL + "[notices]\nper_minute = 1000\nper_hour = 10000\n") as ours:
        yield first_classified(ours)


def test_each_customer_is_mailed_alone_or_not_at_all(outbox: Outbox, proof: Counter[str]) -> None:
    chosen = chance("customers")
    people = [
        outbox.person(
            name01=chosen.choice(NAMES),
            name02=chosen.choice(NAMES),
            **({"email": chosen.choice(ADDRESSES)} if number % 3 == 0 else {}),
        )
        for number in range(scale(30, 600))
    ]
    outbox.expire(*people)
    with mail_sink() as sink:
        mail = outbox.ours.settings.mail
        assert mail is not None
        outbox.set(mail=mail.model_copy(update={"port": sink.port}))
        outbox.send()
    own = {one.email for one in people}
    assert len(sink.mails) >= len(people) // 2
    for sender, recipients, content in sink.mails:
        message = parsed(content)
        assert (sender, len(recipients)) == ("bounce@example.jp", 1)
        assert recipients[0].replace('"', "") in own | {one.replace('"', "") for one in own}
        assert set(message.keys()) == set(HEADERS)
        assert [one.addr_spec for one in message["To"].addresses] == recipients
        assert b"evil@example.net" not in content.partition(b"\r\n\r\n")[0]
        proof["mails"] += 1
    assert len({tuple(to) for _sender, to, _content in sink.mails}) == len(sink.mails)
    proof["customers"] += len(people)


# --- templates ----------------------------------------------------------------------------------------------

PAYLOADS = [
    "{{ ''.__class__ }}",
    "{{ ''['__class__'] }}",
    "{{ ''|attr('__class__') }}",
    "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "{{ [].__class__.__base__.__subclasses__() }}",
    "{{ ().__class__.__bases__[0] }}",
    "{{ {}.__class__ }}",
    "{{ shop_name.__class__.__mro__ }}",
    "{{ shop_name['__init__']['__globals__'] }}",
    "{{ self.__init__.__globals__ }}",
    "{{ self._TemplateReference__context }}",
    "{{ self.__dict__ }}",
    "{{ config.items() }}",
    "{{ request.application.__globals__ }}",
    "{{ lipsum.__globals__['os'].popen('id').read() }}",
    "{{ lipsum(n=1000000) }}",
    "{{ cycler.__init__.__globals__.os.popen('id').read() }}",
    "{{ joiner.__init__.__globals__.os }}",
    "{{ namespace.__init__.__globals__.os }}",
    "{{ get_flashed_messages.__globals__ }}",
    "{{ url_for.__globals__ }}",
    "{{ dict(a=1) }}",
    "{{ range(10**9) }}",
    "{% for i in range(10000000) %}x{% endfor %}",
    "{{ 'A' * 10**9 }}",
    "{{ 10**10**10 }}",
    "{{ '%1000000000d' % 1 }}",
    "{{ '{:1000000000}'.format(1) }}",
    "{{ '{0.__class__}'.format(shop_name) }}",
    "{{ '{0.__class__.__init__.__globals__}'.format_map({'0': 1}) }}",
    "{{ shop_name | format(1) }}",
    "{{ 'a' | center(1000000000) }}",
    "{{ 'a' | indent(1000000000) }}",
    "{{ [shop_name] | map(attribute='__class__') | list }}",
    "{{ [1, 2] | groupby('__class__') }}",
    "{{ shop_name | xmlattr }}",
    "{{ customer_name | safe }}",
    "{{ shop_name | pprint }}",
    "{% autoescape false %}{{ customer_name }}{% endautoescape %}",
    "{% set x = 'a' ~ 'a' %}{{ x }}",
    "{% set x %}{{ shop_name }}{% endset %}{{ x }}",
    "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
    "{% import 'os' as os %}{{ os }}",
    "{% from 'linked/body.txt' import x %}",
    "{% include '/etc/passwd' %}",
    "{% include '../linked/body.txt' %}",
    "{% include 'linked/../../../etc/passwd' %}",
    "{% include ['/etc/passwd', '/etc/hostname'] %}",
    "{% include 'linked/promotion.txt' %}",
    "{% extends '/etc/passwd' %}",
    "{% filter upper %}{{ shop_name }}{% endfilter %}",
    "{% call shop_name() %}{% endcall %}",
    "{{ end_date.__class__ }}",
    "{{ end_date.today() }}",
    "{{ end_date.strftime('%1000000000d') }}",
    "{% for x in [1] %}{{ loop.__class__ }}{% endfor %}",
    "{% for x in [1] %}{{ loop._iterator }}{% endfor %}",
    "{% debug %}",
    "{% do shop_name.x() %}",
    "{{ caller() }}",
    "{{ varargs }}",
    "{{ context }}",
    "{{ environment }}",
    "{{ super.__globals__ }}",
]


@pytest.mark.parametrize("payload", PAYLOADS)
def test_a_template_cannot_break_out_of_its_mail(payload: str, tmp_path: Path) -> None:
    templates = shop(tmp_path, {"linked/body.txt": payload}, Limits(seconds=0.5))
    with pytest.raises(MailTemplateError):
        templates.render("linked", VALUES)


def test_a_mail_larger_than_the_limit_is_refused(tmp_path: Path) -> None:
    templates = shop(tmp_path, {"linked/body.txt": "{{ shop_name }}" * 100})
    with pytest.raises(MailTemplateError, match="too much"):
        templates.render("linked", VALUES | {"shop_name": "あ" * 1000})
