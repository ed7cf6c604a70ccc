"""LibreOffice without a screen: it opens a file as a reviewer would and saves it again."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from tests.support import packages

UTF_8, CP932 = "76", "60"
"""LibreOffice's numbers for two character sets."""
CSV_OF_UTF_8 = f"CSV:44,34,{UTF_8},1"


def install() -> str:
    """The program's path; installed by apt where it is missing."""
    if shutil.which("soffice") is None:
        packages.install(["libreoffice-calc-nogui"])
    found = shutil.which("soffice")
    assert found
    return found


def saved_as(path: Path, form: str, read_as: str | None = None) -> Path:
    """Open ``path`` and save it as ``form``: xlsx, fods, or csv with one of the character sets above."""
    name, _, charset = form.partition(" ")
    filter_of = {"csv": f"csv:Text - txt - csv (StarCalc):44,34,{charset},1"}
    with tempfile.TemporaryDirectory() as temporary:
        command = [
            install(),
            f"-env:UserInstallation=file://{temporary}/profile",
            "--headless",
            "--norestore",
        ]
        command += [f"--infilter={read_as}"] if read_as else []
        command += ["--convert-to", filter_of.get(name, name), "--outdir", temporary, str(path)]
        subprocess.run(
            command, check=True, capture_output=True, timeout=600, env=os.environ | {"HOME": temporary}
        )
        target = path.with_name(f"{path.stem}-saved.{name}")
        shutil.move(Path(temporary) / f"{path.stem}.{name}", target)
    return target
