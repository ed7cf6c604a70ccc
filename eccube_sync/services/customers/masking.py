"""Personal data as a terminal may show it: enough to recognise somebody one knows, not enough to learn it."""

from __future__ import annotations

HIDDEN = "＊"


def mask_name(name: str) -> str:
    """The first character of each part."""
    return " ".join(part[0] + HIDDEN for part in name.split())


def mask_mail(address: str) -> str:
    """The first character and the domain."""
    local, at, domain = address.rpartition("@")
    return f"{local[:1]}{HIDDEN}{at}{domain}" if at else HIDDEN * bool(address)


def mask_number(number: str) -> str:
    """The last 4 characters of a phone or card number."""
    return HIDDEN + number[-4:] if len(number) > 4 else HIDDEN * bool(number)


def mask_date(day: str) -> str:
    """The year of a date written as YYYY-MM-DD."""
    return day[:4] + HIDDEN
