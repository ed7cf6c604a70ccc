"""A real browser for the tests: Debian's Chromium without a window, with a profile of its own and no network.

A test takes the fixture ``browser``, opens a file as a person would, types and clicks, and looks at what is shown::

    def test_the_page_counts(browser: Browser, tmp_path: Path) -> None:
        browser.open(tmp_path / "page.html")
        browser.press("1")
        assert browser.text("#count") == "1 / 3"

``make pictures`` takes pictures for the documents with the same browser, see ``docs/picturing.py``.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from selenium.webdriver import ActionChains, Chrome, ChromeOptions
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.remote.webelement import WebElement

PACKAGES = ("chromium", "chromium-driver")
FONTS = ("fontconfig", "fonts-noto-cjk")
PROGRAMS = ("chromium", "chromedriver")
SECONDS = 10
FLAGS = (
    "--headless",
    "--disable-gpu",
    "--disable-quic",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--hide-scrollbars",
    "--no-first-run",
    "--host-resolver-rules=MAP * ~NOTFOUND",  # no page reaches anything, whatever it asks for
    "--lang=ja",
)


class BrowserUnavailableError(RuntimeError):
    """The browser cannot be installed; the sentence says why."""


@dataclass(slots=True)
class Browser:
    """A running browser; ``downloads`` is the folder files are saved to."""

    driver: Chrome
    downloads: Path

    def open(self, path: Path) -> None:
        """Open a file from disk, as a double click does, and forget what earlier pages said."""
        self.driver.get_log("browser")
        self.driver.get(path.resolve().as_uri())

    def reload(self) -> None:
        """Load the page again."""
        self.driver.refresh()

    def find(self, selector: str) -> WebElement:
        """The one element a CSS selector means."""
        (found,) = self.driver.find_elements("css selector", selector)
        return found

    def find_all(self, selector: str) -> list[WebElement]:
        """Every element a CSS selector means."""
        return self.driver.find_elements("css selector", selector)

    def text(self, selector: str) -> str:
        """The text a person sees there."""
        return str(self.find(selector).text)

    def click(self, selector: str) -> None:
        """Click there."""
        self.find(selector).click()

    def press(self, *keys: str) -> None:
        """Press keys one after another, wherever the page's attention is."""
        actions = ActionChains(self.driver)
        for key in keys:
            actions.send_keys(key)
        actions.perform()

    def run(self, script: str, *arguments: Any) -> Any:
        """What a piece of JavaScript returns."""
        return self.driver.execute_script(script, *arguments)

    def messages(self) -> list[str]:
        """What the browser complained about since the page was opened: errors, refused scripts, refused requests."""
        return [str(entry["message"]) for entry in self.driver.get_log("browser")]

    def downloaded(self, action: Callable[[], object]) -> Path:
        """The file that ``action`` makes the page save."""
        before = self._saved()
        action()
        deadline = time.monotonic() + SECONDS
        while time.monotonic() < deadline:
            if new := self._saved() - before:
                (found,) = new
                return found
            time.sleep(0.05)
        raise AssertionError("the page saved no file")

    def _saved(self) -> set[Path]:
        """The files that are whole: Chromium gives one its name when it is."""
        return {
            path for path in self.downloads.iterdir() if path.name[0] != "." and path.suffix != ".crdownload"
        }

    def picture(self, path: Path, width: int = 1000, height: int | None = None) -> None:
        """A picture of the page as PNG; as high as the page where no height is given."""
        size = {"width": width, "height": height or 800, "deviceScaleFactor": 1, "mobile": False}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
        if height is None:
            size["height"] = int(self.run("return document.documentElement.scrollHeight"))
            self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(self.driver.get_screenshot_as_png())
        self.driver.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


@contextmanager
def running_browser(folder: Path) -> Iterator[Browser]:
    """Start a browser whose profile and downloads lie below ``folder``, and end it afterwards."""
    install()
    downloads = folder / "downloads"
    downloads.mkdir(parents=True)
    options = ChromeOptions()
    options.binary_location = str(shutil.which("chromium"))
    for flag in (*FLAGS, f"--user-data-dir={folder / 'profile'}"):
        options.add_argument(flag)
    if os.geteuid() == 0:
        options.add_argument("--no-sandbox")  # Chromium's own sandbox does not run as root
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    options.add_experimental_option("prefs", {"download.default_directory": str(downloads)})
    driver = Chrome(options=options, service=Service(shutil.which("chromedriver")))
    try:
        yield Browser(driver, downloads)
    finally:
        driver.quit()


def install() -> None:
    """Install the browser by apt where it is missing, which only root can do."""
    if not all(map(shutil.which, PROGRAMS)):
        _install(PACKAGES)


def install_fonts() -> None:
    """The same for Japanese letters, which pictures need; tests read texts and do not look at letters."""
    if shutil.which("fc-list") is None or not subprocess.check_output(["fc-list", ":lang=ja"]).strip():
        _install(FONTS)


def _install(packages: tuple[str, ...]) -> None:
    if os.geteuid() != 0:
        raise BrowserUnavailableError(
            f"{' and '.join(packages)} are needed; install them with apt, or run this as root once."
        )
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for arguments in (["update", "-q"], ["install", "-q", "-y", "--no-install-recommends", *packages]):
        subprocess.run(["apt-get", *arguments], check=True, env=environment, stdout=sys.stderr)


def main() -> None:
    """``python -m tests.support.browser --install``: fetch the programs, start nothing."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--install", action="store_true", required=True, help="install what is missing by apt"
    )
    parser.parse_args()
    install()


if __name__ == "__main__":
    main()
