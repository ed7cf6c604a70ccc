"""Somebody who installed the program with pip can try it at once."""

from __future__ import annotations

from email import message_from_bytes, policy
from pathlib import Path

from tests.packaging.conftest import run


def test_the_demo_runs_from_the_installed_wheel_and_leaves_mails_to_read(
    installed: Path, tmp_path: Path
) -> None:
    run(installed / "eccube-sync", "demo", "--directory", "demo-shop", cwd=tmp_path)
    mails = sorted((tmp_path / "demo-shop").rglob("*.eml"))
    assert mails
    for path in mails:
        message = message_from_bytes(path.read_bytes(), policy=policy.default)
        assert message["Subject"] and message["To"], path.name
        assert message.get_body(("plain",)), path.name
