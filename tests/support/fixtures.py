"""Fixtures of shops; the root conftest loads them with ``pytest_plugins``."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme

from tests.support.browser import Browser, running_browser
from tests.support.installed import InstalledShop, install, remove
from tests.support.maildir import Maildir
from tests.support.mariadb import Server, running_mariadb
from tests.support.quickfolder import quick_folder
from tests.support.runs import Runs, running_runs
from tests.support.shop import Shop, mariadb_shop, sqlite_shop
from tests.support.smtp import Sink, mail_sink


@pytest.fixture(scope="session")
def mariadb_server() -> Iterator[Server]:
    """One private MariaDB for the whole session; tests make databases of their own on it."""
    # Not below pytest's own folder: only root may enter that, and the server runs as another account.
    with quick_folder() as folder, running_mariadb(folder / "server") as server:
        yield server


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """One real browser for the whole session; a test opens pages of its own in it."""
    with running_browser(tmp_path_factory.mktemp("browser")) as found:
        yield found


@pytest.fixture(scope="session")
def runs() -> Iterator[Runs]:
    """A server of runs that can be killed, held and failed."""
    with running_runs() as server:
        yield server


@pytest.fixture(scope="session")
def mail_server() -> Iterator[Sink]:
    """One well-behaved mail server for the whole session."""
    with mail_sink() as server:
        yield server


@pytest.fixture
def sink(mail_server: Sink) -> Sink:
    """The mail server, with nothing received yet."""
    mail_server.mails.clear()
    return mail_server


@pytest.fixture
def maildir(tmp_path: Path) -> Maildir:
    """Where undeliverable mails arrive; nothing has yet."""
    return Maildir(tmp_path / "Maildir")


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    """Who signs the certificates of the servers of tests."""
    return trustme.CA()


@pytest.fixture(scope="session")
def ca_file(authority: trustme.CA, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The certificate of that authority, as a shop would name it in its configuration."""
    path = tmp_path_factory.mktemp("tls") / "ca.pem"
    authority.cert_pem.write_to_path(path)
    return path


@pytest.fixture(name="sqlite_shop")
def new_sqlite_shop(tmp_path: Path) -> Iterator[Shop]:
    """A new, empty EC-CUBE 4.3 shop on SQLite."""
    with sqlite_shop(tmp_path / "eccube.db") as shop:
        yield shop


@pytest.fixture(name="mariadb_shop")
def new_mariadb_shop(mariadb_server: Server) -> Iterator[Shop]:
    """A new, empty EC-CUBE 4.3 shop on the private MariaDB."""
    with mariadb_shop(mariadb_server) as shop:
        yield shop


@pytest.fixture(params=["sqlite", "mariadb"])
def shop(request: pytest.FixtureRequest) -> Shop:
    """A new, empty EC-CUBE 4.3 shop; the test runs once on SQLite and once on MariaDB."""
    found: Shop = request.getfixturevalue(f"{request.param}_shop")
    return found


@pytest.fixture
def installed(shop: Shop, tmp_path: Path) -> Iterator[InstalledShop]:
    """A shop with eccube-sync installed, still empty; once on SQLite, once on MariaDB as the runtime account."""
    made = install(shop, tmp_path / "sync")
    yield made
    remove(made)
