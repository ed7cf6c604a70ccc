"""eccube-sync beside the shop, used as its admin uses it: by its commands."""

from __future__ import annotations

import csv
import re
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

#: The store's members of the story, all made up: 会員番号 → the rest of the line.
MEMBERS = {
    "2900000002081": ("1001", "山田", "太郎", "ヤマダ", "タロウ", "090-0000-0042", "1980-05-05", "1200"),
    "2900000002098": ("1002", "佐藤", "花子", "サトウ", "ハナコ", "090-0000-0043", "1985-06-06", "30"),
    "2900000002104": ("1003", "鈴木", "一郎", "スズキ", "イチロウ", "090-0000-0044", "1970-07-07", "0"),
    "2900000002111": ("1004", "高橋", "恵", "タカハシ", "メグミ", "090-0000-0045", "1992-08-08", "55"),
    "2900000002128": ("1005", "渡辺", "健", "ワタナベ", "ケン", "090-0000-0046", "1965-09-09", "700"),
    "2900000002135": ("1006", "小林", "三郎", "コバヤシ", "サブロウ", "090-0000-0047", "1975-01-11", "80"),
    "2900000002142": ("1007", "財前", "五月", "ザイゼン", "サツキ", "090-0000-0048", "1988-05-21", "10"),
    "2900000002159": ("1008", "加藤", "直子", "カトウ", "ナオコ", "090-0000-0049", "1995-02-02", "5"),
}
#: Joined at the counter today: only the next export of the store knows her.
NEWCOMER = "2900000002159"
HEADER = (
    "会員番号", "会員ID", "姓", "名", "フリガナ(姓)", "フリガナ(名)", "電話番号", "生年月日", "ポイント",
    "有効期限", "更新日時",
)  # fmt: skip
END_DATE = "2037-03-31"
COMMAND = str(Path(sys.executable).with_name("eccube-sync"))
ROOT = Path(__file__).parents[2]
START_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Bridge:
    """A bridge that runs."""

    url: str
    process: subprocess.Popen[bytes]

    def answers(self) -> bool:
        """Whether it says that it works."""
        try:
            with urllib.request.urlopen(f"{self.url}/healthz", timeout=5) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False


class Program:
    """A folder made by ``init`` and ``migrate``, with the plugin as a projection."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def run(self, *arguments: str, allowed: tuple[int, ...] = (0,)) -> str:
        """What a command prints."""
        return self._do([COMMAND, *arguments], self.folder, allowed)

    def connection_line(self) -> str:
        """What the shop's owner pastes into the configuration page."""
        return self.run("plugin", "connect").strip().splitlines()[-1]

    def write_members(self, path: Path, *, ago: timedelta = timedelta(), with_newcomer: bool = False) -> Path:
        """The store's export."""
        taken_at = f"{datetime.now(ZoneInfo('Asia/Tokyo')) - ago:%Y-%m-%d %H:%M:%S}"
        with path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerow(HEADER)
            for number, rest in MEMBERS.items():
                if with_newcomer or number != NEWCOMER:
                    writer.writerow([number, *rest, END_DATE, taken_at])
        return path

    def drop_members(self, ago: timedelta = timedelta()) -> None:
        """The store drops its export where the night finds it."""
        folder = self.folder / "inbox" / "drop"
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.write_members(folder / "members.csv", ago=ago)

    def codes_for(self, numbers: list[str]) -> dict[str, tuple[str, str]]:
        """New codes handed out to members: serial and code by member number."""
        path = self.folder / "codes.csv"
        path.unlink(missing_ok=True)
        self.run("codes", "issue", "--count", str(len(numbers)), "--output", str(path), "--apply")
        with path.open(encoding="utf-8-sig", newline="") as file:
            issued = [(row["serial"], row["code"]) for row in csv.DictReader(file)]
        handed_out = self.folder / "handed-out.csv"
        lines = [f"{serial},{number}" for (serial, _code), number in zip(issued, numbers, strict=True)]
        handed_out.write_text("\n".join(["serial,member_code", *lines]) + "\n")
        self.run("codes", "assign", str(handed_out), "--apply", allowed=(0, 1))
        return dict(zip(numbers, issued, strict=True))

    def take_in(self) -> None:
        """What cron does every minute."""
        self.run("inbox", allowed=(0, 1))

    def have_a_night(self, ago: timedelta = timedelta()) -> None:
        """What cron does at night; ``ago`` makes it believe that it ran so long ago."""
        if not ago:
            self.run("nightly", allowed=(0, 1))
            return
        moment = f"{datetime.now(UTC) - ago:%Y-%m-%dT%H:%M:%S%z}"
        command = [sys.executable, "-m", "tests.e2e.at", moment, "--config", str(self._settings), "nightly"]
        with self._setting("clock_seconds", str(int(ago.total_seconds()) + 300)):
            self._do(command, ROOT, allowed=(0, 1))

    @contextmanager
    def section(self, lines: str) -> Iterator[None]:
        """A section the configuration has for a while."""
        with self._written(f"{self._settings.read_text()}\n{lines}\n"):
            yield

    @contextmanager
    def bridge(self) -> Iterator[Bridge]:
        """The bridge, until it is stopped."""
        with socket.socket() as found:
            found.bind(("127.0.0.1", 0))
            port = found.getsockname()[1]
        with self.section(f"[bridge]\nport = {port}"), (self.folder / "bridge.log").open("w") as log:
            process = subprocess.Popen([COMMAND, "bridge"], cwd=self.folder, stdout=log, stderr=log)
            bridge = Bridge(f"http://127.0.0.1:{port}", process)
            try:
                limit = time.monotonic() + START_SECONDS
                while not bridge.answers():
                    if process.poll() is not None or time.monotonic() > limit:
                        raise RuntimeError(f"the bridge did not start; see {self.folder / 'bridge.log'}")
                    time.sleep(0.1)
                yield bridge
            finally:
                process.terminate()
                process.wait(60)

    def _do(self, command: list[str], folder: Path, allowed: tuple[int, ...]) -> str:
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=300)
        if done.returncode not in allowed:
            raise RuntimeError(
                f"{' '.join(command)} ended with {done.returncode}:\n{done.stdout}{done.stderr}"
            )
        return done.stdout

    @contextmanager
    def _setting(self, key: str, value: str) -> Iterator[None]:
        changed, found = re.subn(rf"(?m)^#?{key} = .*$", f"{key} = {value}", self._settings.read_text())
        if found != 1:
            raise LookupError(f"{key} is not in {self._settings}")
        with self._written(changed):
            yield

    @contextmanager
    def _written(self, text: str) -> Iterator[None]:
        before = self._settings.read_text()
        self._settings.write_text(text)
        try:
            yield
        finally:
            self._settings.write_text(before)

    @property
    def _settings(self) -> Path:
        return self.folder / "eccube-sync.toml"
