"""A call at the support desk, from finding somebody to a link and back, as the runtime account may do it."""

from __future__ import annotations

import json

import pytest
from sqlalchemy import select

from eccube_sync.tables.customers import customer_class
from eccube_sync.tables.links import link
from eccube_sync.tables.members import member
from tests.support.installed import TODAY, InstalledShop


def test_from_the_call_to_the_link_and_back(
    installed: InstalledShop, capsys: pytest.CaptureFixture[str]
) -> None:
    installed.fill(30, 40)
    installed.drop_export(TODAY)
    assert installed.run("nightly") in {0, 1}
    caller = installed.eccube.add_customer(id=900, name01="長谷", kana01="ハセ", phone_number="08024681357")
    free = select(member.c.store_key).where(
        member.c.id.not_in(select(link.c.member_id)), member.c.current == 1
    )
    code = installed.rows(free.order_by(member.c.id))[0].store_key

    def told(*arguments: str) -> str:
        capsys.readouterr()
        assert installed.run(*arguments) == 0, capsys.readouterr().err
        return capsys.readouterr().out

    found = json.loads(told("customers", "find", "ﾊｾ ﾊﾅｺ", "--json"))["listings"][0]["rows"]
    assert [row[0] for row in found] == [caller]
    told("customers", "link", str(caller), code, "--reason", "showed the card", "--apply")
    assert installed.rows(select(customer_class).order_by(customer_class.c.customer_id.desc()))[0].member_id
    assert "showed the card" in told("customers", "show", str(caller))
    told("customers", "unlink", str(caller), "--reason", "the wrong card", "--apply")
    shown = json.loads(told("customers", "show", str(caller), "--json"))
    (case,) = next(one["rows"] for one in shown["listings"] if one["title"] == "Cases")
    told("review", "reopen", case[0], "--reason", "it was the right one", "--apply")
    told("review", "html", "--output", str(installed.folder / "page.html"))
    assert case[0] in (installed.folder / "page.html").read_text(encoding="utf-8")
