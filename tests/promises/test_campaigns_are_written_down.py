"""A campaign writes down each test with what it counted, and goes on where it was broken off."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from tests.promises import campaign

PLAYED = """\
import pytest
from tests.promises.scale import SEED, parts, scale
pytest_plugins = ["tests.promises.conftest"]
pytestmark = pytest.mark.promise("P1")
@pytest.mark.parametrize("part", parts(1, 2))
def test_good(part, proof):
    proof["kills"] += scale(1, 100)
@pytest.mark.promise("P2")
def test_bad(proof):
    proof["cases"] += SEED
    assert False
"""


def test_each_test_of_a_campaign_is_a_line_with_what_it_counted(tmp_path: Path) -> None:
    file, results = tmp_path / "test_played.py", tmp_path / "results.jsonl"
    file.write_text(PLAYED)
    settings = {"ECCUBE_SYNC_CAMPAIGN": str(results), "ECCUBE_SYNC_SEED": "7", "ECCUBE_SYNC_STATE": "this"}
    command = [
        sys.executable,
        "-m",
        "pytest",
        str(file),
        "-p",
        "tests.promises.recording",
        "-p",
        "no:cacheprovider",
    ]
    subprocess.run(command, cwd=campaign.ROOT, env=os.environ | settings, capture_output=True, check=False)
    lines = [json.loads(line) for line in results.read_text().splitlines()]
    told = sorted((line["promises"], line["outcome"], line["figures"], line["seed"]) for line in lines)
    assert told == [
        (["P1"], "passed", {"kills": 100}, 7),
        (["P1"], "passed", {"kills": 100}, 7),
        (["P2"], "failed", {"cases": 7}, 7),
    ]
    assert {line["state"] for line in lines} == {"this"}


def test_every_module_names_its_promises() -> None:
    here = str(Path(__file__).relative_to(campaign.ROOT))
    marked = set(campaign.modules([f"P{number}" for number in range(1, 31)]))
    assert marked | {here} == set(campaign.modules([]))
