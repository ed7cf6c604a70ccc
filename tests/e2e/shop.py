"""EC-CUBE's own pages, as a customer and as the staff use them."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

from .browser import Browser
from .mailbox import Mailbox

PASSWORD = "Made-up-2026"


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody made up who registers."""

    name01: str
    name02: str
    kana01: str
    kana02: str
    email: str
    phone: str
    birth: str
    """YYYY-MM-DD."""


@dataclass(frozen=True, slots=True)
class Customer:
    """A person in front of the shop."""

    browser: Browser
    mailbox: Mailbox
    person: Person

    def fill_entry(self, path: str = "/entry") -> None:
        """Fill the registration, all but the code."""
        person, browser = self.person, self.browser
        browser.forget_cookies()
        browser.open(path)
        year, month, day = (str(int(part)) for part in person.birth.split("-"))
        browser.fill(
            {
                "entry[name][name01]": person.name01,
                "entry[name][name02]": person.name02,
                "entry[kana][kana01]": person.kana01,
                "entry[kana][kana02]": person.kana02,
                "entry[postal_code]": "5300001",
                "entry[address][pref]": "27",
                "entry[address][addr01]": "大阪市北区",
                "entry[address][addr02]": "梅田2-4-9",
                "entry[phone_number]": person.phone,
                "entry[email][first]": person.email,
                "entry[email][second]": person.email,
                "entry[plain_password][first]": PASSWORD,
                "entry[plain_password][second]": PASSWORD,
                "entry[birth][year]": year,
                "entry[birth][month]": month,
                "entry[birth][day]": day,
            }
        )
        browser.run("arguments[0].checked = true", browser.find("[name='entry[user_policy_check]']"))

    def confirm_entry(self) -> None:
        """Go on from the registration, to its confirm page if all is well."""
        self.browser.click("button[name='mode'][value='confirm']")

    def complete_entry(self) -> None:
        """Register."""
        self.browser.click("button[name='mode'][value='complete']")

    def confirm_address(self) -> float:
        """Open the link of the mail; the seconds until the page was there."""
        link = self.mailbox.link_to(self.person.email, "/entry/activate/")
        start = time.monotonic()
        self.browser.open(link)
        return time.monotonic() - start

    def register(self, **typed: str) -> float:
        """All of it at once, with what is typed into the plugin's fields."""
        self.fill_entry()
        self.browser.fill({f"entry[eccube_sync42][{name}]": value for name, value in typed.items()})
        self.confirm_entry()
        self.complete_entry()
        return self.confirm_address()

    def log_in(self) -> None:
        """Become this customer."""
        self.browser.forget_cookies()
        self.browser.open("/mypage/login")
        self.browser.fill({"login_email": self.person.email, "login_pass": PASSWORD})
        self.browser.click("form[name='login_mypage'] button[type='submit']")

    def open_card(self) -> None:
        """Look at the member card."""
        self.browser.open("/mypage/eccube_sync42/card")

    def type_claim(self, **typed: str) -> None:
        """Type a code or a number on the card page."""
        self.open_card()
        self.browser.fill({f"eccube_sync42_claim[{name}]": value for name, value in typed.items()})
        self.browser.click("form[name='eccube_sync42_claim'] button[type='submit']")

    def prove(self, fact: str, answer: str) -> None:
        """Answer the question for a fact of the store record."""
        self.open_card()
        self.browser.fill({"eccube_sync42_proof[fact]": fact, "eccube_sync42_proof[answer]": answer})
        self.browser.click("form[name='eccube_sync42_proof'] button[type='submit']")

    def notice(self) -> str | None:
        """What the card page says of the claim."""
        self.open_card()
        found = self.browser.all(".eccube-sync42-notice[data-notice]")
        return found[0].get_attribute("data-notice") if found else None

    def withdraw(self) -> None:
        """Leave the shop."""
        self.log_in()
        self.browser.open("/mypage/withdraw")
        self.browser.click("button[name='mode'][value='confirm']")
        self.browser.click("button[name='mode'][value='complete']")


class Staff:
    """Somebody in the admin pages."""

    def __init__(self, browser: Browser, route: str, login: str, password: str) -> None:
        self.browser, self.route = browser, route
        self._login, self._password = login, password

    def open(self, path: str) -> None:
        """Go to an admin page, logging in first where that is asked."""
        self.browser.open(f"/{self.route}{path}")
        if self.browser.has("#login_id"):
            self.browser.fill({"login_id": self._login, "password": self._password})
            self.browser.click("form button[type='submit']")
            self.browser.open(f"/{self.route}{path}")

    def install(self, package: Path) -> None:
        """Upload a plugin."""
        self.open("/store/plugin/install")
        self.browser.find("input[type='file']").send_keys(str(package.resolve()))
        self.browser.click("#upload-form button[type='submit']")
        self._wait_for_the_shop()

    def is_enabled(self, code: str) -> bool:
        """Whether a plugin that is there is enabled."""
        return "text-success" in str(self._row(code).get_attribute("innerHTML"))

    def is_installed(self, code: str) -> bool:
        """Whether the plugin is in the list."""
        self.open("/store/plugin")
        return any(code in row.text for row in self.browser.all("tr"))

    def enable(self, code: str) -> None:
        """Switch a plugin on."""
        self._switch(code, "enable")

    def disable(self, code: str) -> None:
        """Switch a plugin off."""
        self._switch(code, "disable")

    def uninstall(self, code: str) -> None:
        """Remove a plugin, tables and files."""
        link = self._row(code).find_element("css selector", "[data-delete-url]")
        self.browser.run(
            "const link = document.querySelector('#localPluginDeleteModal .modal-footer a');"
            "link.setAttribute('href', arguments[0]);"
            "link.id = 'delete-now'",
            link.get_attribute("data-delete-url"),
        )
        self.browser.click("#delete-now")
        self._wait_for_the_shop()

    def _switch(self, code: str, action: str) -> None:
        row = self._row(code)
        link = row.find_element("css selector", f"a[href*='/{action}']")
        self.browser.run("arguments[0].id = 'switch-now'", link)
        self.browser.click("#switch-now")
        self._wait_for_the_shop()

    def _wait_for_the_shop(self) -> None:
        """EC-CUBE closes the shop while plugins change, and a script of the page that follows opens it again."""
        self.browser.wait(
            lambda: self.browser.run("return document.readyState === 'complete' && !jQuery.active")
        )

    def _row(self, code: str):  # type: ignore[no-untyped-def]
        self.open("/store/plugin")
        for row in self.browser.all("tr"):
            if code in row.text:
                return row
        raise LookupError(f"{code} is not in the list of plugins")
