"""A way to call each command of the program, on the shop of ``tests/privacy`` with its one person."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import time
from pathlib import Path

import click

from eccube_sync.commands import COMMANDS
from tests.outbox.returned import RETURNED
from tests.privacy.conftest import DAY_2, Canary

MONTH = "2026-04"


def command_paths(commands: Mapping[str, click.Command] = COMMANDS, above: str = "") -> Iterator[str]:
    """Every command that does something, as it is typed."""
    for name, command in commands.items():
        path = f"{above} {name}".strip()
        if not isinstance(command, click.Group) or command.invoke_without_command:
            yield path
        if isinstance(command, click.Group):
            yield from command_paths(command.commands, path)


def calls(canary: Canary, folder: Path) -> list[tuple[str, ...]]:
    """Each command at least once, by the words of its path and its arguments; what destroys comes last."""
    shop, one, code = canary.shop, str(canary.eccube_id), canary.code
    exported = str(shop.drop_export(DAY_2, at=time(12, 15)))
    claims = _file(
        folder / "claims.csv", f"customer_id,card,phone_last4\n{one},{code},7745\n{one},{code},0000\n"
    )
    links = _file(folder / "links.csv", f"customer_id,member_code\n{one},{code}\n")
    handed = _file(folder / "handed.csv", f"serial,member_code\nA-0000001,{code}\n")
    broken = _file(
        folder / "broken.csv", "会員コード,氏名\n1,鏑木\n1,柊花,09011927745,canary.kaburagi@example.jp\n"
    )
    returned = _file(
        folder / "returned.eml", RETURNED["no such user"][0]("<x@y.example>", "canary.kaburagi@example.jp")
    )
    decisions = _file(folder / "answers.csv", "回答,ID,確認コード\n鏑木,柊花,canary.kaburagi\n")
    return [
        ("check",), ("check", "--json"), ("grants",), ("migrate",), ("migrate", "--sql"), ("adopt",),
        ("init", "--directory", str(folder / "new"), "--format", "generic"),
        ("members inspect", exported), ("members inspect", broken), ("members import", exported, "--apply"),
        ("members import", broken, "--apply"), ("members show", code), ("members show", "鏑木"),
        ("classify",), ("classify", "--apply"), ("expire",), ("expire", "--apply"), ("expire preview",),
        ("customers show", one), ("customers show", "鏑木柊花"), ("customers find", "鏑木"),
        ("customers find", "09011927745"), ("customers find", "canary.kaburagi@example.jp"), ("customers find", code),
        ("customers unlink", one, "--reason", "鏑木様の電話", "--apply"),
        ("customers link", one, code, "--reason", "鏑木様の電話", "--apply"),
        ("links import", links, "--apply"), ("links import", broken, "--apply"),
        ("codes issue", "--count", "3", "--apply"), ("codes list",), ("codes claims",),
        ("codes import", claims, "--apply"), ("codes import", broken, "--apply"),
        ("codes assign", handed, "--apply"), ("codes assign", broken, "--apply"), ("codes revoke", "A-0000002"),
        ("codes sheet", broken, "--apply"), ("codes invite",), ("codes rotate-key",),
        ("overrides list",), ("overrides end", one, "--reason", "鏑木様", "--apply"),
        ("overrides set", one, "--class", "store", "--reason", "鏑木様の電話", "--apply"),
        ("guards list",), ("guards approve", "2026-05-31", "10"),
        ("review export",), ("review html",), ("review import", decisions, "--apply"), ("review import", broken),
        ("review reopen", "R-CANARY", "--reason", "鏑木様", "--apply"), ("review reopen", "鏑木"),
        ("project", "--apply"), ("notices list",), ("notices preview", "expired"), ("notices resolve", "1", "--resend"),
        ("notices test", "expired", "--to", "canary.kaburagi@example.jp"), ("notify",), ("inbox",),
        ("notices bounces",), ("notices bounces", returned, "--apply"), ("notices bounces", broken),
        ("nightly",), ("nightly", "--json"), ("matcher report",), ("matcher calibrate",), ("matcher train", "--apply"),
        ("plugin connect",), ("bridge", "--openapi"), ("report month", MONTH), ("report affected", "1"),
        ("report affected", "2", "--csv", str(folder / "affected.csv")),
        ("runs list",), ("runs exports",), ("runs show", "1", "--rows"), ("runs undo", "1"), ("purge", "--apply"),
        ("export", one), ("export", "--member", code), ("export", "鏑木"),
        ("forget customer", one), ("forget member", code), ("forget member", "鏑木"),
        ("restore",), ("restore", broken), ("uninstall",), ("demo", "--directory", str(folder / "demo")),
    ]  # fmt: skip


def _file(path: Path, text: str) -> str:
    path.write_text(text, encoding="utf-8")
    path.chmod(0o600)
    return str(path)
