"""eccube-sync beside the shop, used as its admin uses it: by its commands."""

from __future__ import annotations

import csv
import subprocess
import sys
from pathlib import Path

#: The store's members of the story, all made up: 会員番号 → the rest of the line.
MEMBERS = {
    "2900000002081": ("1001", "山田", "太郎", "ヤマダ", "タロウ", "090-0000-0042", "1980-05-05", "1200"),
    "2900000002098": ("1002", "佐藤", "花子", "サトウ", "ハナコ", "090-0000-0043", "1985-06-06", "30"),
    "2900000002104": ("1003", "鈴木", "一郎", "スズキ", "イチロウ", "090-0000-0044", "1970-07-07", "0"),
    "2900000002111": ("1004", "高橋", "恵", "タカハシ", "メグミ", "090-0000-0045", "1992-08-08", "55"),
    "2900000002128": ("1005", "渡辺", "健", "ワタナベ", "ケン", "090-0000-0046", "1965-09-09", "700"),
}
HEADER = (
    "会員番号", "会員ID", "姓", "名", "フリガナ(姓)", "フリガナ(名)", "電話番号", "生年月日", "ポイント",
    "有効期限", "更新日時",
)  # fmt: skip
END_DATE = "2037-03-31"
MARK = "\n# of the story\n"


class Program:
    """A folder made by ``init`` and ``migrate``, with the plugin as a projection."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def run(self, *arguments: str, allowed: tuple[int, ...] = (0,)) -> str:
        """What a command prints."""
        command = [str(Path(sys.executable).with_name("eccube-sync")), *arguments]
        done = subprocess.run(
            command, cwd=self.folder, capture_output=True, text=True, check=False, timeout=300
        )
        if done.returncode not in allowed:
            raise RuntimeError(
                f"{' '.join(arguments)} ended with {done.returncode}:\n{done.stdout}{done.stderr}"
            )
        return done.stdout

    def connection_line(self) -> str:
        """What the shop's owner pastes into the configuration page."""
        return self.run("plugin", "connect").strip().splitlines()[-1]

    def write_members(self, taken_at: str) -> Path:
        """The store's export."""
        path = self.folder / "members.csv"
        with path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerow(HEADER)
            for number, rest in MEMBERS.items():
                writer.writerow([number, *rest, END_DATE, taken_at])
        return path

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

    def add_projection(self, lines: str) -> None:
        """Show the class in one more place of the shop."""
        self._settings().write_text(f"{self._settings().read_text()}{MARK}[[projection]]\n{lines}\n")

    def drop_projection(self) -> None:
        """Show it there no longer."""
        self._settings().write_text(self._settings().read_text().split(MARK)[0])

    def _settings(self) -> Path:
        return self.folder / "eccube-sync.toml"
