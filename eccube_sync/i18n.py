"""Messages in the user's language by gettext: English in the source, Japanese in ``locale/``."""

from __future__ import annotations

import gettext as _gettext
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import resources

LANGUAGES = ("en", "ja")

_translations: _gettext.NullTranslations = _gettext.NullTranslations()
_language = "en"


def set_language(language: str) -> None:
    """Use the catalogue of ``language`` from now on; anything but ``ja`` means English."""
    global _translations, _language  # noqa: PLW0603 - gettext's own API is a process-wide catalogue too
    _language = "ja" if language == "ja" else "en"
    if language == "ja":
        catalogue = resources.files("eccube_sync").joinpath("locale", "ja", "LC_MESSAGES", "eccube_sync.mo")
        with catalogue.open("rb") as file:
            _translations = _gettext.GNUTranslations(file)
    else:
        _translations = _gettext.NullTranslations()


@contextmanager
def speaking(language: str) -> Iterator[None]:
    """Use another language for a while, for what is written to somebody else than the user."""
    before = _language
    set_language(language)
    try:
        yield
    finally:
        set_language(before)


def current_language() -> str:
    """The language in use: ``en`` or ``ja``."""
    return _language


def _(message: str) -> str:
    """The message in the user's language. Format *after* translating: ``_("{n} rows").format(n=3)``."""
    return _translations.gettext(message)


def ngettext(singular: str, plural: str, count: int) -> str:
    """As ``_`` for a message whose wording depends on a count."""
    return _translations.ngettext(singular, plural, count)


def mark(message: str) -> str:
    """Mark a constant for the catalogue; translate it with ``_`` where it is shown."""
    return message
