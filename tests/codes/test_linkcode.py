"""The code itself: hard to guess, hard to mistype, easy to type."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum.iso7064 import mod_37_36

from eccube_sync.linkcode import (
    ALPHABET,
    CODE_LENGTH,
    SECRET_LENGTH,
    new_code,
    print_code,
    read_code,
    read_serial,
    serial_of,
)

SIGNS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
secrets = st.text(ALPHABET, min_size=SECRET_LENGTH, max_size=SECRET_LENGTH)
codes = secrets.map(lambda secret: secret + mod_37_36.calc_check_digit(secret)).filter(
    lambda code: code[-1] in ALPHABET
)
dashes = st.sampled_from(
    ["-", "‐", "‑", "–", "—", "―", "−", "－", "ー", "ｰ", "─", " ", "\u3000", "", "・", "_", "\t"]
)


def test_the_alphabet_has_no_letter_that_looks_or_reads_like_another() -> None:
    assert len(ALPHABET) == len(set(ALPHABET)) == 31
    assert not set("EILOU") & set(ALPHABET)


def test_new_codes_differ_and_use_every_symbol_everywhere() -> None:
    made = [new_code() for _position in range(3000)]
    assert len(set(made)) == len(made)
    for position in range(CODE_LENGTH):
        assert {code[position] for code in made} == set(ALPHABET)


def test_a_spreadsheet_finds_no_number_and_no_date_in_a_printed_code() -> None:
    for _number in range(1000):
        printed = print_code(new_code())
        assert re.fullmatch(r"\w{5}-\w{5}", printed)
        assert all(any(sign.isalpha() for sign in half) for half in printed.split("-"))


@given(codes, st.integers(0, CODE_LENGTH - 1), st.sampled_from(ALPHABET))
def test_no_single_mistyped_symbol_goes_through(code: str, position: int, sign: str) -> None:
    mistyped = code[:position] + sign + code[position + 1 :]
    assert read_code(mistyped) == (code if mistyped == code else None)


def test_every_single_symbol_typo_of_many_codes_is_caught() -> None:
    for _number in range(100):
        code = new_code()
        assert mod_37_36.is_valid(code)
        typos = {
            code[:place] + sign + code[place + 1 :] for place in range(CODE_LENGTH) for sign in ALPHABET
        } - {code}
        assert not [typo for typo in typos if read_code(typo)]


def test_nearly_every_swap_of_neighbours_is_caught() -> None:
    swaps = [
        code[:place] + code[place + 1] + code[place] + code[place + 2 :]
        for code in (new_code() for _number in range(300))
        for place in range(CODE_LENGTH - 1)
        if code[place] != code[place + 1]
    ]
    missed = sum(read_code(swap) is not None for swap in swaps)
    assert missed < len(swaps) / 100


@given(codes, st.data())
def test_a_code_is_read_however_it_is_typed(code: str, data: st.DataObject) -> None:
    typed = data.draw(dashes)
    for sign in code:
        forms = [sign, sign.lower(), chr(ord(sign) + 0xFEE0)]
        forms += {"0": ["O", "o", "Ｏ"], "1": ["I", "l", "L", "i", "Ｉ"], "V": ["U", "u"]}.get(sign, [])
        typed += data.draw(st.sampled_from(forms)) + data.draw(dashes)
    assert read_code(typed) == code


@given(codes, st.integers(1, 9_999_999))
def test_a_serial_in_front_of_the_code_does_no_harm(code: str, number: int) -> None:
    assert read_code(f"{serial_of('SHOP', number)} {print_code(code)}") == code
    assert read_code(f"{serial_of('LONGSHOP', number)} {print_code(code)}") == code
    assert read_code(f"X{serial_of('LONGSHOP', number)} {print_code(code)}") is None


@given(st.text(max_size=40))
def test_whatever_is_typed_is_a_code_or_nothing(typed: str) -> None:
    found = read_code(typed)
    assert found is None or (len(found) == CODE_LENGTH and set(found) <= set(ALPHABET))


@pytest.mark.parametrize(
    "typed", ["", "----", "なし", "K7F3M", "K7F3M-9QX2C-K7F3M-9QX2C-K7F3M-9QX2C", "会員コード", "0"]
)
def test_what_is_no_code_is_none(typed: str) -> None:
    assert read_code(typed) is None


@pytest.mark.parametrize("prefix", ["", "SHOP", "12E", "MAR", "ABCDEFGH"])
def test_a_serial_fits_its_column_and_is_no_number_and_no_date(prefix: str) -> None:
    serial = serial_of(prefix, 12)
    assert len(serial) <= 16
    assert serial.removeprefix(prefix) == "K0000012"
    with pytest.raises(ValueError, match="could not convert"):
        float(serial)


def test_a_serial_is_read_as_staff_type_and_scan_it() -> None:
    assert read_serial(" ｓｈｏｐk-0000012 ") == "SHOPK0000012"
    assert read_serial("シリアル") == ""
    assert read_serial("K" * 16) == "K" * 16
    assert read_serial("K" * 17) == ""
