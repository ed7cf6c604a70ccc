"""What settings there are: one row a key, read from the models, for documents, template and hints."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic.fields import FieldInfo

from eccube_sync.configtypes import Section
from eccube_sync.i18n import mark

_TYPE_WORDS = {
    str: mark("text"),
    int: mark("whole number"),
    float: mark("number"),
    bool: mark("true or false"),
    date: mark("date"),
    Path: mark("path"),
}
_LIST_OF = mark("list of: {words}")


@dataclass(frozen=True, slots=True)
class Setting:
    """One key of the configuration file.

    ``key`` is dotted, with ``[]`` for a repeated table and ``NAME`` for a name the shop chooses;
    ``by_name`` says that the last part is such a name. ``type`` and ``description`` are English msgids;
    ``choices`` are the values allowed, if few. ``default`` is a Python value, None where unset; a
    ``required`` key has an ``example`` instead.
    """

    key: str
    type: str
    choices: tuple[str, ...]
    is_list: bool
    by_name: bool
    default: Any
    required: bool
    example: Any
    description: str

    @property
    def section(self) -> str:
        """The table the key stands in, "" for the top of the file."""
        return self.key.rpartition(".")[0]

    @property
    def name(self) -> str:
        """The key inside its table."""
        return self.key.rpartition(".")[2]


@dataclass(frozen=True, slots=True)
class Table:
    """One table of the file: ``[key]``, or ``[[key]]`` where ``repeated``; ``settings`` in order.

    An ``optional`` one means something by being there, so a template must not open it unasked.
    """

    key: str
    repeated: bool
    optional: bool
    description: str
    settings: tuple[Setting, ...]


def tables(model: type[Section]) -> Iterator[Table]:
    """Every table of ``model``, itself first, in the order of the file."""
    yield from _tables(model, "", FieldInfo(annotation=model))


def _tables(model: type[Section], key: str, described: FieldInfo) -> Iterator[Table]:
    settings = []
    below: list[Table] = []
    for name, field in model.model_fields.items():
        dotted = f"{key}.{field.alias or name}" if key else field.alias or name
        section = section_in(field.annotation)
        if section is None:
            settings.append(_setting(dotted, field))
        else:
            origin = get_origin(field.annotation)
            suffix = "[]" if origin is tuple else ".NAME" if origin is dict else ""
            below += _tables(section, dotted + suffix, field)
    yield Table(
        key=key,
        repeated=key.endswith("[]"),
        optional=key.endswith(("[]", ".NAME")) or NoneType in get_args(described.annotation),
        description=described.description or "",
        settings=tuple(settings),
    )
    yield from below


def reference(model: type[Section]) -> Iterator[Setting]:
    """Every key of ``model`` with type, default and description, in the order of the file."""
    for table in tables(model):
        yield from table.settings


def section_in(annotation: Any) -> type[Section] | None:
    """The section an annotation holds, directly, optionally, repeated or by name."""
    if isinstance(annotation, type) and issubclass(annotation, Section):
        return annotation
    return next((found for part in get_args(annotation) if (found := section_in(part))), None)


def section_at(model: type[Section], location: Sequence[str | int]) -> type[Section] | None:
    """The section a place in the file belongs to; indexes and chosen names are stepped over."""
    current: type[Section] | None = model
    steps = list(location)
    while steps and current is not None:
        fields = {field.alias or name: field for name, field in current.model_fields.items()}
        field = fields.get(str(steps.pop(0)))
        if field is None:
            return None
        current = section_in(field.annotation)
        if get_origin(field.annotation) in {tuple, dict} and steps:
            steps.pop(0)
    return current


def keys_of(section: type[Section]) -> tuple[str, ...]:
    """The keys of a table as they are written in the file."""
    return tuple(field.alias or name for name, field in section.model_fields.items())


def _setting(key: str, field: FieldInfo) -> Setting:
    kind, choices, is_list = _kind(field.annotation)
    by_name = get_origin(field.annotation) is dict
    required = field.is_required()
    return Setting(
        key=f"{key}.NAME" if by_name else key,
        type=kind,
        choices=choices,
        is_list=is_list,
        by_name=by_name,
        default=None
        if required or by_name
        else field.get_default(call_default_factory=True, validated_data={}),
        required=required,
        example=field.examples[0] if field.examples else None,
        description=field.description or "",
    )


def _kind(annotation: Any) -> tuple[str, tuple[str, ...], bool]:
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Literal:
        return _TYPE_WORDS[str], tuple(str(value) for value in arguments), False
    if origin is Annotated:
        return _kind(arguments[0])
    if origin in {Union, UnionType}:
        return _kind(next(part for part in arguments if part is not NoneType))
    if origin is tuple:
        words, choices, _is_list = _kind(arguments[0])
        return words, choices, True
    if origin is dict:
        return _kind(arguments[1])
    return _TYPE_WORDS[annotation], (), False
