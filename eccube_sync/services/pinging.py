"""Tell a monitoring service that a night started, went well or failed; a missing night is silent otherwise."""

from __future__ import annotations

import urllib.error
import urllib.request

TIMEOUT = 10.0


def ping(address: object) -> str | None:
    """Call an address (None: do nothing). Returns why it failed, or None; a monitor's outage never stops a night."""
    if address is None:
        return None
    try:
        # The configuration accepts http and https only.
        with urllib.request.urlopen(str(address), timeout=TIMEOUT) as answer:  # noqa: S310
            answer.read(1)
    except (urllib.error.URLError, OSError) as error:
        return type(error).__name__
    return None
