"""A private MariaDB for the tests: its own files, socket and port, never the machine's server."""

from __future__ import annotations

import argparse
import os
import pwd
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pymysql
from sqlalchemy import URL

from tests.support import packages

#: The server without Debian's service wrapper: installing these starts nothing on the machine.
PACKAGES = ("mariadb-server-core", "mariadb-client-core")
PROGRAMS = ("mariadbd", "mariadb-install-db", "my_print_defaults")
START_SECONDS = 60
SEARCH_PATH = os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/sbin", "/usr/local/sbin"])


class MariaDBUnavailableError(RuntimeError):
    """The private server cannot be installed or started; the sentence says why."""


@dataclass(slots=True)
class Server:
    """A running private server; root has no password and is reached by the socket only."""

    directory: Path
    port: int
    options: tuple[str, ...] = ()
    """Options of the server besides our own, which they overrule."""
    process: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    @property
    def socket(self) -> Path:
        return self.directory / "s"

    @property
    def data(self) -> Path:
        return self.directory / "data"

    def connect(self, database: str | None = None) -> pymysql.Connection:
        """A new connection as root, in autocommit mode; the caller closes it."""
        return pymysql.connect(
            unix_socket=str(self.socket),
            user="root",
            database=database,
            charset="utf8mb4",
            autocommit=True,
        )

    def execute(self, *statements: str) -> None:
        """Run statements as root, one after another, outside a transaction."""
        connection = self.connect()
        try:
            with connection.cursor() as cursor:
                for statement in statements:
                    cursor.execute(statement)
        finally:
            connection.close()

    def url(self, database: str | None = None, user: str = "root", password: str | None = None) -> URL:
        """The SQLAlchemy address of a database by the socket."""
        return URL.create(
            "mysql+pymysql",
            username=user,
            password=password,
            host="localhost",
            database=database,
            query={"unix_socket": str(self.socket), "charset": "utf8mb4"},
        )

    def start(self) -> None:
        """Start the server on its files and wait until it answers."""
        log = self.directory / "server.log"
        command = [_program("mariadbd"), "--no-defaults", *self._options()]
        with log.open("ab") as output:
            self.process = subprocess.Popen(command, stdout=output, stderr=output, stdin=subprocess.DEVNULL)
        deadline = time.monotonic() + START_SECONDS
        while not self._listens():
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.kill()
                tail = log.read_text(errors="replace")[-2000:]
                raise MariaDBUnavailableError(f"mariadbd did not start:\n{tail}")
            time.sleep(0.05)

    def _listens(self) -> bool:
        with socket.socket(socket.AF_UNIX) as probe:
            try:
                probe.connect(str(self.socket))
            except OSError:
                return False
            return True

    def _options(self) -> list[str]:
        return [
            *_run_as(),
            f"--datadir={self.data}",
            f"--tmpdir={self.directory}",
            f"--socket={self.socket}",
            f"--pid-file={self.directory / 'pid'}",
            f"--port={self.port}",
            "--bind-address=127.0.0.1",
            "--skip-name-resolve",
            "--skip-log-bin",
            "--performance-schema=OFF",
            "--character-set-server=utf8mb4",
            "--collation-server=utf8mb4_bin",
            "--default-time-zone=+09:00",  # a shop's server: nothing may rely on the server's zone
            "--innodb-buffer-pool-size=64M",
            "--innodb-log-file-size=16M",
            "--innodb-flush-log-at-trx-commit=2",  # survives a killed server, not a power cut
            "--innodb-use-native-aio=OFF",
            *self.options,
        ]

    def kill(self) -> None:
        """End the server at once, as a power cut would."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """End the server in order."""
        self._end(signal.SIGTERM)

    def restart(self) -> None:
        """Kill the server if it runs, and start it again on the same files, socket and port."""
        self.kill()
        self.start()

    def _end(self, with_signal: signal.Signals) -> None:
        if self.process is None:
            return
        if self.process.poll() is None:
            self.process.send_signal(with_signal)
            try:
                self.process.wait(START_SECONDS)
            except subprocess.TimeoutExpired:
                self.process.kill()
        self.process.wait()
        self.process = None


@contextmanager
def running_mariadb(directory: Path, options: tuple[str, ...] = ()) -> Iterator[Server]:
    """Start a private server below ``directory`` (short path), and end it afterwards; its files stay.

    They are made where there are none. When root runs the tests the server runs as an ordinary account, so that
    account must be able to enter every parent of ``directory``.
    """
    install()
    directory.mkdir(parents=True, exist_ok=True)
    account = _account()
    if account is not None:
        shutil.chown(directory, account)
    server = Server(directory=directory, port=_free_port(), options=options)
    if not server.data.exists():
        _create_system_tables(server)
    server.start()
    try:
        _close_the_port_to_root(server)
        yield server
    finally:
        server.stop()


def install() -> None:
    """Install the server's programs by apt where they are missing, which only root can do."""
    if all(shutil.which(name, path=SEARCH_PATH) for name in PROGRAMS):
        return
    packages.install(PACKAGES)


def _create_system_tables(server: Server) -> None:
    command = [
        _program("mariadb-install-db"),
        "--no-defaults",
        *_run_as(),
        f"--datadir={server.data}",
        f"--tmpdir={server.directory}",  # a server that starts deletes what looks like temporary tables in its own
        "--auth-root-authentication-method=normal",
        "--skip-test-db",
        "--skip-name-resolve",
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise MariaDBUnavailableError(
            f"mariadb-install-db failed:\n{done.stdout[-1000:]}{done.stderr[-1000:]}"
        )


def _close_the_port_to_root(server: Server) -> None:
    """Root has no password here, so only the socket, which the file system guards, may let it in."""
    server.execute(
        "DELETE FROM mysql.global_priv WHERE User = '' OR (User = 'root' AND Host <> 'localhost')",
        "FLUSH PRIVILEGES",
    )


def _run_as() -> list[str]:
    account = _account()
    return [] if account is None else [f"--user={account}"]


def _account() -> str | None:
    """The ordinary account the server runs as when root starts it."""
    if os.geteuid() != 0:
        return None
    known = {entry.pw_name for entry in pwd.getpwall()}
    return "mysql" if "mysql" in known else "nobody"


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _program(name: str) -> str:
    found = shutil.which(name, path=SEARCH_PATH)
    if found is None:
        raise MariaDBUnavailableError(f"{name} is not installed.")
    return found


def main() -> None:
    """``python -m tests.support.mariadb --install``: fetch the programs, start nothing."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--install", action="store_true", required=True, help="install what is missing by apt"
    )
    parser.parse_args()
    install()


if __name__ == "__main__":
    main()
