"""A shop with one person whose every word is found again wherever it stands."""

from __future__ import annotations

import gzip
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import insert, select, update

from eccube_sync.clock import to_database
from eccube_sync.tables import metadata
from eccube_sync.tables.cases import review_case, review_decision
from eccube_sync.tables.codes import claim
from eccube_sync.tables.customers import customer
from eccube_sync.tables.links import link
from tests.support.installed import TODAY, InstalledShop
from tests.support.smtp import mail_sink

WORDS = (
    "鏑木", "柊花", "カブラギ", "シュウカ", "canary.kaburagi", "09011927745", "090-1192-7745", "夕映町",
    "2999999911927", "91192774",
)  # fmt: skip
"""Names, kana, mail, phone, address, card and number of the person; nobody else has them."""

ON_SQLITE = pytest.mark.parametrize("shop", ["sqlite"], indirect=True)
"""For what does not hang on the database."""

DAY_2 = TODAY + timedelta(days=1)
DAY_3 = TODAY + timedelta(days=2)
DAY_4 = TODAY + timedelta(days=3)


@dataclass
class Canary:
    """The shop, and the person in it."""

    shop: InstalledShop
    eccube_id: int
    code: str = "2999999911927"

    def night(self, day: object, *, without_member: bool = False) -> None:
        """A night with a new export."""
        shop = self.shop
        shop.at(day, 3)  # type: ignore[arg-type]
        members = [one for one in shop.members if not (without_member and one.code == self.code)]
        shop.drop_export(day, members)  # type: ignore[arg-type]
        assert shop.run("-q", "nightly") in {0, 1}

    def withdraw(self) -> None:
        """Close the account, as EC-CUBE's admin page does: the row stays, with its name."""
        self.shop.eccube.execute(
            f"UPDATE dtb_customer SET customer_status_id = 3 WHERE id = {self.eccube_id}"
        )

    def found(self) -> set[str]:
        """The tables, and the files below our folder, in which any word of the person stands."""
        return {*self._tables(), *self._files()}

    def _tables(self) -> Iterator[str]:
        with self.shop.connect() as (_shop, connection):
            for table in metadata.sorted_tables:
                for row in connection.execute(select(table)):
                    if any(holds(_bytes(value)) for value in row):
                        yield table.name
                        break

    def _files(self) -> Iterator[str]:
        for path in self.shop.folder.rglob("*"):
            if path.is_file() and path.suffix != ".db" and any(map(holds, _contents(path))):
                yield str(path.relative_to(self.shop.folder).parent)


def _bytes(value: object) -> bytes:
    return value if isinstance(value, bytes) else str(value).encode()


def holds(content: bytes) -> bool:
    """Whether a word of the person stands in these bytes, in an encoding of ours or a mail's."""
    if any(word.encode(codec) in content for word in WORDS for codec in ("utf-8", "cp932")):
        return True
    return b"Content-Transfer-Encoding" in content and holds(_decoded(content))


def _decoded(mail: bytes) -> bytes:
    from email import message_from_bytes, policy

    message = message_from_bytes(mail, policy=policy.default)
    parts = [str(part.get_content()) for part in message.walk() if part.get_content_maintype() == "text"]
    return "\n".join([*parts, str(message["To"])]).encode()


def _contents(path: Path) -> Iterator[bytes]:
    if path.suffix == ".gz":
        yield gzip.decompress(path.read_bytes())
    elif path.suffix == ".xlsx":
        with zipfile.ZipFile(path) as archive:
            yield from (archive.read(name) for name in archive.namelist())
    else:
        yield path.read_bytes()


@pytest.fixture
def canary(installed: InstalledShop) -> Iterator[Canary]:
    """The person is linked, was mailed, was asked about and answered, and stands in every kind of file."""
    with canary_in(installed) as found:
        yield found


@contextmanager
def canary_in(shop: InstalledShop) -> Iterator[Canary]:
    """The person in this shop, while its mail server runs."""
    with mail_sink() as sink:
        shop.mail_port = sink.port
        shop.sections = '[notices]\nkinds = ["expired", "expiring", "restored"]\n'
        shop.configure()
        yield _filled(shop)


def _filled(shop: InstalledShop) -> Canary:
    shop.fill(customers=60, members=80, register=0)
    place, card = shop.truth[0]
    shop.customers[place] = replace(
        shop.customers[place], status=2, family_name="鏑木", given_name="柊花", family_kana="カブラギ",
        given_kana="シュウカ", email="canary.kaburagi@example.jp", phone="09011927745", street="夕映町九丁目1-1",
    )  # fmt: skip
    born = shop.customers[place].birth_date
    shop.members[card] = replace(
        shop.members[card], status=0, family_name="鏑木", given_name="柊花", family_kana="カブラギ",
        given_kana="シュウカ", emails=("canary.kaburagi@example.jp",), mobile="090-1192-7745", phone="",
        address="東京都夕映町九丁目1-1", code="2999999911927", number="91192774", birth_date=born, unlimited=False,
        end_date=DAY_2 - timedelta(days=1), left_on=None,
    )  # fmt: skip
    shop.add_customers(0, len(shop.customers))
    canary = Canary(shop, place + 1)
    canary.night(TODAY)
    canary.night(DAY_2)
    shop.at(DAY_2, 11)
    assert shop.run("-q", "notify") in {0, 1}
    _ask_and_answer(canary)
    assert (
        shop.run(
            "overrides",
            "set",
            str(canary.eccube_id),
            "--class",
            "store",
            "--reason",
            "鏑木様の電話",
            "--apply",
        )
        == 0
    )
    assert shop.run("-q", "export", "--member", canary.code) == 0
    return canary


def _ask_and_answer(canary: Canary) -> None:
    """A question about the person's link, written to a review file, and an answer with a memo."""
    shop = canary.shop
    with shop.connect() as (service, connection), connection.begin():
        mine = connection.execute(
            select(link.c.customer_id, link.c.member_id)
            .join(customer, customer.c.id == link.c.customer_id)
            .where(customer.c.eccube_id == canary.eccube_id, link.c.active == 1)
        ).one()
        asked = {
            "public_id": "R-CANARY", "subject_key": f"pair:{mine.customer_id}:{mine.member_id}", "kind": "uncertain",
            "customer_id": mine.customer_id, "member_id": mine.member_id, "state": "open", "opened_on": TODAY,
            "opened_run_id": 1, "changed_run_id": 1, "customer_fingerprint": "", "member_fingerprint": "",
        }  # fmt: skip
        case_id = connection.execute(insert(review_case).values(asked)).inserted_primary_key[0]
        answer = {
            "case_id": case_id, "case_version": 1, "decision": "hold", "reviewer": "店長", "note": "鏑木さんに電話する",
            "file_sha256": "0" * 64, "run_id": 1, "created_at": to_database(service.clock.now()),
        }  # fmt: skip
        connection.execute(insert(review_decision).values(answer))
        typed = {
            "claim_key": "c", "eccube_id": canary.eccube_id, "kind": "card", "code_hash": "x", "state": "refused",
            "customer_id": mine.customer_id,
            "card_number": canary.code, "received_at": to_database(service.clock.now()), "run_id": 1,
        }  # fmt: skip
        connection.execute(insert(claim).values(typed))
        connection.execute(
            update(link).where(link.c.customer_id == mine.customer_id).values(note="鏑木様が来店")
        )
    assert shop.run("-q", "review", "export") == 0
