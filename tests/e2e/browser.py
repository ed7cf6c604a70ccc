"""A real Chromium, as far as the story needs one."""

from __future__ import annotations

import json
import tempfile
from base64 import b64decode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from selenium.webdriver import Chrome, ChromeOptions, ChromeService
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.ui import WebDriverWait

WAIT_SECONDS = 180
DESKTOP = (1200, 900)
PHONE = (390, 844)
#: No word to anybody but the shop.
ARGUMENTS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
)


class Browser:
    """One person's browser. It remembers every answer of a server that was a fault of the server."""

    def __init__(self, driver: Chrome, url: str) -> None:
        self._driver = driver
        self.url = url.rstrip("/")
        self.faults: list[str] = []

    def open(self, path: str) -> None:
        """Go to a page of the shop, or to a whole address."""
        self._driver.get(path if "://" in path else self.url + path)
        self.collect_faults()

    def resize(self, size: tuple[int, int]) -> None:
        """Make the window so large, in pixels."""
        self._driver.execute_cdp_cmd(
            "Emulation.setDeviceMetricsOverride",
            {"width": size[0], "height": size[1], "deviceScaleFactor": 2, "mobile": size[0] < 600},
        )

    def find(self, selector: str) -> WebElement:
        """The first element, waited for."""
        return WebDriverWait(self._driver, WAIT_SECONDS).until(
            lambda driver: driver.find_element(By.CSS_SELECTOR, selector)
        )

    def all(self, selector: str) -> list[WebElement]:
        """Every element there is right now."""
        return self._driver.find_elements(By.CSS_SELECTOR, selector)

    def has(self, selector: str) -> bool:
        """Whether there is such an element right now."""
        return bool(self.all(selector))

    def text(self, selector: str = "body") -> str:
        """What a person reads there."""
        return self.find(selector).text

    def fill(self, fields: dict[str, str]) -> None:
        """Type values into fields by their names."""
        for name, value in fields.items():
            field = self.find(f"[name='{name}']")
            if field.tag_name == "select" or field.get_attribute("type") in {"hidden", "date"}:
                self.run("arguments[0].value = arguments[1]", field, value)
            else:
                field.clear()
                field.send_keys(value)

    def check(self, selector: str) -> None:
        """Choose a radio button or tick a box."""
        self.run("arguments[0].checked = true", self.find(selector))

    def source(self) -> str:
        """The page as it is in the browser."""
        return str(self.run("return document.documentElement.outerHTML"))

    def value(self, name: str) -> str | None:
        """What stands in a field."""
        return self.find(f"[name='{name}']").get_attribute("value")

    def download(self, address: str) -> None:
        """Fetch a file that no page shows."""
        self.run("location.href = arguments[0]", address)

    def click(self, selector: str) -> None:
        """Click, and wait for the page that follows."""
        before = self.find("html")
        self.run("arguments[0].click()", self.find(selector))
        self.wait(lambda: self._is_gone(before))
        self.wait(lambda: self.run("return document.readyState") == "complete")
        self.collect_faults()

    def run(self, script: str, *arguments: object) -> object:
        """Run JavaScript in the page."""
        return self._driver.execute_script(script, *arguments)

    def wait(self, condition: Callable[[], object], seconds: float = WAIT_SECONDS) -> None:
        """Wait until something holds."""
        WebDriverWait(self._driver, seconds, poll_frequency=0.05).until(lambda _driver: condition())

    def picture(self, path: Path, selector: str = "html") -> Path:
        """A PNG of an element, as far as it reaches below the window, too."""
        box = self.run(
            "const box = arguments[0].getBoundingClientRect();"
            "return {x: box.x + scrollX, y: box.y + scrollY, width: box.width, height: box.height, scale: 1}",
            self.find(selector),
        )
        taken = self._driver.execute_cdp_cmd(
            "Page.captureScreenshot", {"format": "png", "clip": box, "captureBeyondViewport": True}
        )
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b64decode(taken["data"]))
        return path

    def print(self) -> bytes:
        """The page as it is printed: a PDF."""
        printed = self._driver.execute_cdp_cmd("Page.printToPDF", {"paperWidth": 8.27, "paperHeight": 11.69})
        return b64decode(printed["data"])

    def address(self) -> str:
        """Where the browser is."""
        return self._driver.current_url

    def forget_cookies(self) -> None:
        """Become somebody else."""
        self._driver.delete_all_cookies()

    def collect_faults(self) -> None:
        """Note answers of 500 and more since the last time."""
        for entry in self._driver.get_log("performance"):  # type: ignore[no-untyped-call]
            message = json.loads(entry["message"])["message"]
            if message["method"] == "Network.responseReceived":
                response = message["params"]["response"]
                # While a plugin comes or goes EC-CUBE closes the shop with 503; that is its own doing.
                if response["status"] >= 500 and response["status"] != 503:
                    self.faults.append(f"{response['status']} {response['url']}")

    @staticmethod
    def _is_gone(element: WebElement) -> bool:
        try:
            element.is_enabled()
        except Exception:
            return True
        return False


@contextmanager
def chromium(url: str, downloads: Path) -> Iterator[Browser]:
    """A browser that is new and empty, and keeps what it downloads in a folder."""
    options = ChromeOptions()
    options.binary_location = "/usr/bin/chromium"
    for argument in ARGUMENTS:
        options.add_argument(argument)
    options.add_experimental_option("prefs", {"download.default_directory": str(downloads)})
    options.set_capability("goog:loggingPrefs", {"performance": "ALL"})
    with tempfile.TemporaryDirectory() as profile:
        options.add_argument(f"--user-data-dir={profile}")
        driver = Chrome(options=options, service=ChromeService("/usr/bin/chromedriver"))
        driver.set_page_load_timeout(WAIT_SECONDS)
        try:
            yield Browser(driver, url)
        finally:
            driver.quit()
