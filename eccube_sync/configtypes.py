"""The kinds of value a setting may have, each refusing what it cannot be in the user's words."""

from __future__ import annotations

import re
from datetime import time
from pathlib import Path
from typing import Annotated, Any, NoReturn
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationInfo
from pydantic_core import PydanticCustomError

from eccube_sync.i18n import _

IDENTIFIER = re.compile(r"[A-Za-z0-9_]{1,64}")
# Rental servers hand out database names such as LAA1234567-shop, hence the hyphen.
DATABASE_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
_KEY = re.compile(r"[a-z0-9_]{1,32}")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_MAIL_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*")
_WINDOW = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)")


class Section(BaseModel):
    """A table of the configuration file: read-only, unknown keys refused, values never in an error."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", validate_default=True, hide_input_in_errors=True, populate_by_name=False
    )


def refuse(words: str) -> NoReturn:
    """Refuse a value; ``words`` is already in the user's language."""
    raise PydanticCustomError("refused", "{words}", {"words": words})


def _text(value: str) -> str:
    if _CONTROL.search(value):
        refuse(_("must not contain line breaks or control characters"))
    return value.strip()


def _filled(value: str) -> str:
    if not value:
        refuse(_("must not be empty"))
    return value


def _identifier(value: str) -> str:
    if not IDENTIFIER.fullmatch(value):
        refuse(_("must be a plain name of 1 to 64 letters A-Z, a-z, digits and _"))
    return value


def _key(value: str) -> str:
    if not _KEY.fullmatch(value):
        refuse(_("must be a short name of 1 to 32 small letters, digits and _"))
    return value


def _mail_address(value: str) -> str:
    if not _MAIL_ADDRESS.fullmatch(value) or len(value) > 254:
        refuse(_("must be exactly one mail address such as shop@example.jp, without a name"))
    return value


def _web_address(value: str) -> str:
    try:
        parts = urlsplit(value)
        good = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.username is None
    except ValueError:
        good = False
    if not good or " " in value:
        refuse(_("must be a web address that starts with https:// or http://"))
    return value


def _resolve(value: Path, info: ValidationInfo) -> Path:
    folder: Path = (info.context or {}).get("folder", Path.cwd())
    return folder / value.expanduser()


def _path_from_text(value: Any) -> Any:
    if isinstance(value, str) and (not value.strip() or _CONTROL.search(value)):
        refuse(_("must be a path"))
    return value


def parse_window(value: str) -> tuple[time, time]:
    """First and last minute of a daily window ``HH:MM-HH:MM`` (Asia/Tokyo)."""
    found = _WINDOW.fullmatch(value)
    if not found:
        refuse(_("must be two times of day such as 10:00-18:00"))
    start_hour, start_minute, end_hour, end_minute = (int(part) for part in found.groups())
    return time(start_hour, start_minute), time(end_hour, end_minute)


def _window(value: str) -> str:
    start, end = parse_window(value)
    if start >= end:
        refuse(_("must end later than it starts, on the same day"))
    return value


def _host(value: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9.:_-]{1,253}", value):
        refuse(_("must be a host name or an IP address, without a port and without //"))
    return value


def _several(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


def _group(value: Any) -> Any:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


_Text = Annotated[str, Field(strict=True, max_length=1000), AfterValidator(_text)]
Text = _Text
FilledText = Annotated[_Text, AfterValidator(_filled)]
Identifier = Annotated[_Text, AfterValidator(_identifier)]
Key = Annotated[_Text, AfterValidator(_key)]
MailAddress = Annotated[_Text, AfterValidator(_mail_address)]
WebAddress = Annotated[_Text, AfterValidator(_web_address)]
Host = Annotated[_Text, AfterValidator(_host)]
Window = Annotated[_Text, AfterValidator(_window)]
GroupName = Annotated[FilledText, BeforeValidator(_group)]
ConfiguredPath = Annotated[Path, BeforeValidator(_path_from_text), AfterValidator(_resolve)]
Texts = Annotated[tuple[FilledText, ...], BeforeValidator(_several)]
Flag = Annotated[bool, Field(strict=True)]
Count = Annotated[int, Field(strict=True, ge=0, le=2_000_000_000)]
Positive = Annotated[int, Field(strict=True, ge=1, le=2_000_000_000)]
Days = Annotated[int, Field(strict=True, ge=0, le=3660)]
Port = Annotated[int, Field(strict=True, ge=1, le=65535)]
Percent = Annotated[float, Field(strict=True, ge=0, le=100, allow_inf_nan=False)]
Probability = Annotated[float, Field(strict=True, gt=0, lt=1, allow_inf_nan=False)]
Factor = Annotated[float, Field(strict=True, ge=1, le=1000, allow_inf_nan=False)]
