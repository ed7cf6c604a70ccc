"""The private MariaDB must behave as the tests of crashes assume."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from tests.support.mariadb import running_mariadb


def test_what_was_committed_survives_a_killed_server_and_what_was_not_does_not() -> None:
    directory = Path(tempfile.mkdtemp(prefix="eccube-sync-"))
    try:
        with running_mariadb(directory) as server:
            server.execute("CREATE DATABASE shop", "CREATE TABLE shop.kept (id INT PRIMARY KEY)")
            server.execute("INSERT INTO shop.kept VALUES (1)")
            unfinished = server.connect("shop")
            unfinished.begin()
            unfinished.cursor().execute("INSERT INTO kept VALUES (2)")
            port = server.port
            server.restart()
            unfinished.close()
            assert server.port == port
            connection = server.connect("shop")
            with connection, connection.cursor() as cursor:
                cursor.execute("SELECT id FROM kept")
                assert cursor.fetchall() == ((1,),)
    finally:
        shutil.rmtree(directory)
