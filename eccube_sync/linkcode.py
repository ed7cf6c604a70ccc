"""Link codes as people see them: the letters, the check symbol, and what a hurried customer makes of them.

The store prints one string, the *code* (``K7F3M-9QX2C``), and the customer types that and nothing else. Beside it
stands the *serial* (``SHOPK0000123``), which names the code to the staff and opens nothing: a list of serials may
lie on the counter. A customer who types serial and code together is understood, too.
"""

from __future__ import annotations

import re
import secrets
import unicodedata

from stdnum.iso7064 import mod_37_36

ALPHABET = "0123456789ABCDFGHJKMNPQRSTVWXYZ"
"""No I, L, O, U, which a reader takes for 1, 1, 0, V; no E, which a spreadsheet takes for an exponent."""

SECRET_LENGTH = 9
"""Random symbols before the check symbol: 31⁹ is 44.6 bits, and 44.3 remain of it after ``new_code``'s choices."""

CODE_LENGTH = SECRET_LENGTH + 1
SERIAL_LENGTH = 16
SERIAL_DIGITS = 7
LARGEST_SERIAL = 10**SERIAL_DIGITS - 1

_HALF = CODE_LENGTH // 2
_LOOK_ALIKES = str.maketrans("OILU", "011V")
_BETWEEN = re.compile(
    r"[\s_.,·・･ーｰ〜~\u00ad\u200b-\u200f\u2010-\u2015\u2060\u2212\u2500\ufeff\ufe58\ufe63-]+"
)


def new_code() -> str:
    """Ten symbols from the operating system's random source; the last one is the check symbol.

    Drawn again when the check symbol (ISO 7064 MOD 37,36 knows all 36) is none of ours, or when a half has no
    letter and a spreadsheet might take it for a number.
    """
    while True:
        secret = "".join(secrets.choice(ALPHABET) for _position in range(SECRET_LENGTH))
        code = secret + mod_37_36.calc_check_digit(secret)
        if code[-1] in ALPHABET and not code[:_HALF].isdigit() and not code[_HALF:].isdigit():
            return code


def read_code(typed: str) -> str | None:
    """The ten symbols of the code somebody typed, None when it can be none.

    Full width, small letters, spaces and dashes of any kind, O for 0, I or l for 1 and U for V do not matter: the
    alphabet lacks those letters, so nothing is guessed. A serial in front is passed over.
    """
    plain = _plain(typed)
    if plain is None or not CODE_LENGTH <= len(plain) <= CODE_LENGTH + SERIAL_LENGTH:
        return None
    code = plain[-CODE_LENGTH:].translate(_LOOK_ALIKES)
    if set(code) <= set(ALPHABET) and mod_37_36.is_valid(code):
        return code
    return None


def print_code(code: str) -> str:
    """A code as it is printed: two groups of five."""
    return f"{code[:_HALF]}-{code[_HALF:]}"


def serial_of(prefix: str, number: int) -> str:
    """The visible name of a code; the K keeps a spreadsheet from reading digits or a month into it."""
    return f"{prefix}K{number:0{SERIAL_DIGITS}d}"


def read_serial(typed: str) -> str:
    """A serial as it is stored, from one typed or scanned by the staff; ``""`` when it can be none."""
    plain = _plain(typed) or ""
    return plain if len(plain) <= SERIAL_LENGTH else ""


def _plain(typed: str) -> str | None:
    """Capital letters and digits of one width without anything between them; None for any other sign."""
    plain = _BETWEEN.sub("", unicodedata.normalize("NFKC", _BETWEEN.sub("", typed)))
    return plain.upper() if plain.isascii() and plain.isalnum() else None
