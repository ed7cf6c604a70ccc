"""A small, safe part of Jinja2 for mails: values, conditions, loops and blocks; no calls, no way out."""

from __future__ import annotations

import re
import sys
import time
import traceback
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from types import FrameType
from typing import Any

from jinja2 import BaseLoader, Environment, StrictUndefined, TemplateError, TemplateSyntaxError, meta, nodes
from jinja2.exceptions import SecurityError, TemplateNotFound, UndefinedError
from jinja2.filters import FILTERS
from jinja2.runtime import LoopContext
from jinja2.sandbox import ImmutableSandboxedEnvironment

from eccube_sync.i18n import _

_FILTERS = (
    "abs",
    "d",
    "default",
    "e",
    "escape",
    "first",
    "int",
    "last",
    "length",
    "lower",
    "round",
    "trim",
    "upper",
)
# What lets a template call something, build text without end, or take the escaping off.
_FORBIDDEN = (
    nodes.AssignBlock,
    nodes.Call,
    nodes.CallBlock,
    nodes.Concat,
    nodes.EvalContextModifier,
    nodes.FilterBlock,
    nodes.FromImport,
    nodes.Import,
    nodes.Macro,
)
_LARGEST_NUMBER = 10**12
_UNDEFINED = re.compile(r"'(\w+)' is undefined")
_WEEKDAYS = "月火水木金土日"


@dataclass(frozen=True, slots=True)
class Limits:
    """How much a template may produce (bytes of UTF-8) and how long it may work (seconds of CPU time)."""

    output: int = 256 * 1024
    seconds: float = 2.0


class TemplateProblemError(Exception):
    """What is wrong in a template, and what to do; ``line`` where it is known. Holds no value of a mail."""

    def __init__(self, problem: str, template: str, line: int | None = None) -> None:
        super().__init__(problem)
        self.template = template
        self.line = line


class _LimitError(Exception):
    """The template produced too much or worked too long."""


class Sandbox:
    """Renders the templates of one loader from plain values, within limits."""

    def __init__(self, loader: BaseLoader, limits: Limits) -> None:
        self._limits = limits
        self._environment = _Environment(
            loader=loader,
            undefined=StrictUndefined,
            autoescape=lambda name: name is not None and name.endswith(".html"),
            trim_blocks=True,
            lstrip_blocks=True,
            keep_trailing_newline=True,
        )
        self._environment.globals.clear()
        self._environment.filters = {name: FILTERS[name] for name in _FILTERS}
        self._environment.filters["japanese_date"] = japanese_date

    def render(self, name: str, values: Mapping[str, object]) -> str:
        """The text of one template. Raises ``TemplateProblemError``."""
        try:
            template = self._environment.get_template(name)
            with _deadline(self._limits.seconds, self._environment):
                return _joined(template.generate(values), self._limits.output)
        except Exception as error:
            # "from None": a cause would carry the values of the mail into a traceback.
            raise _problem(error, name) from None

    def references(self, name: str) -> dict[str, int]:
        """The templates this one extends or includes by name, and on which line."""
        asks = self._parsed(name).find_all((nodes.Extends, nodes.Include))
        return {const.value: ask.lineno for ask in asks for const in ask.find_all(nodes.Const)}

    def unknown_names(self, name: str, known: set[str]) -> list[TemplateProblemError]:
        """Every value the template asks for that no mail of its kind has, with its line."""
        tree = self._parsed(name)
        unknown = meta.find_undeclared_variables(tree) - known
        used = {node.name: node.lineno for node in tree.find_all(nodes.Name) if node.name in unknown}
        return [
            TemplateProblemError(
                _("there is no value called {name}. Use one of: {known}.").format(
                    name=variable, known=", ".join(sorted(known))
                ),
                name,
                line,
            )
            for variable, line in sorted(used.items())
        ]

    def _parsed(self, name: str) -> nodes.Template:
        try:
            assert self._environment.loader is not None
            source, filename, _fresh = self._environment.loader.get_source(self._environment, name)
            self._environment.compile(source, name, filename)
            return self._environment.parse(source, name, filename)
        except Exception as error:
            raise _problem(error, name) from None


class _Environment(ImmutableSandboxedEnvironment):
    intercepted_binops = frozenset(ImmutableSandboxedEnvironment.default_binop_table)

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        tree = super()._parse(source, name, filename)
        for node in tree.find_all(_FORBIDDEN):
            if not _is_super(node):
                advice = _(
                    "mails may only use values, filters, if, for, block, extends and include. Remove this."
                )
                raise TemplateSyntaxError(advice, node.lineno, name, filename)
        return tree

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
        if isinstance(obj, date):
            return attr in {"year", "month", "day"}
        return isinstance(obj, LoopContext) and attr in {"first", "index", "index0", "last", "length"}

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        numbers = all(isinstance(side, int) and abs(side) < _LARGEST_NUMBER for side in (left, right))
        if operator == "**" or not numbers:
            raise SecurityError(_("only whole numbers may be added, subtracted, multiplied or divided."))
        return super().call_binop(context, operator, left, right)


def japanese_date(day: date) -> str:
    """A date as Japanese mails write it: 2026年3月31日（火）."""
    return f"{day.year}年{day.month}月{day.day}日（{_WEEKDAYS[day.weekday()]}）"


def missing(name: str) -> str:
    """What to tell about a template that does not exist."""
    return _("the template {name} does not exist. Add the file, or remove what asks for it.").format(
        name=name
    )


def _is_super(node: nodes.Node) -> bool:
    if not isinstance(node, nodes.Call) or node.args or node.kwargs:
        return False
    return isinstance(node.node, nodes.Name) and node.node.name == "super"


def _joined(pieces: Iterable[str], limit: int) -> str:
    taken, size = [], 0
    for piece in pieces:
        size += len(piece.encode("utf-8", "surrogatepass"))
        if size > limit:
            raise _LimitError
        taken.append(piece)
    return "".join(taken)


@contextmanager
def _deadline(seconds: float, environment: Environment) -> Iterator[None]:
    """Stop a template that works too long, in any thread, even in a loop that produces nothing."""
    ends = time.thread_time() + seconds

    def look_at_the_clock(frame: FrameType, _event: str, _argument: object) -> Any:
        # Only compiled templates are followed; they carry their environment. What is raised elsewhere may be swallowed,
        # as amid a collection of garbage, and whoever raises here once is not asked again.
        if frame.f_globals.get("environment") is not environment:
            return None
        if time.thread_time() > ends:
            raise _LimitError
        return look_at_the_clock

    before = sys.gettrace()
    sys.settrace(look_at_the_clock)
    try:
        yield
    finally:
        sys.settrace(before)


def _problem(error: Exception, name: str) -> TemplateProblemError:
    if isinstance(error, TemplateSyntaxError):
        return TemplateProblemError(error.message or "", error.name or name, error.lineno)
    template, line = _place(error, name)
    return TemplateProblemError(_explanation(error), template, line)


def _place(error: Exception, name: str) -> tuple[str, int | None]:
    # Jinja2 rewrites its tracebacks, so that they name the template's own lines.
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        if frame.filename.endswith((".txt", ".html")):
            return frame.filename, frame.lineno
    return name, None


def _explanation(error: Exception) -> str:
    if isinstance(error, TemplateNotFound):
        return missing(str(error.name))
    if isinstance(error, UndefinedError) and (match := _UNDEFINED.search(error.message or "")):
        return _(
            "this mail has no value called {name}. Mend the name, or ask 'if {name} is defined'."
        ).format(name=match[1])
    if isinstance(error, (_LimitError, RecursionError, MemoryError)):
        return _(
            "the template makes too much text or takes too long. Shorten it; include nothing in a circle."
        )
    if isinstance(error, TemplateError):  # Jinja2's own words name types and attributes, never values
        return _("this is not allowed in a mail ({reason}). Remove it.").format(reason=error.message)
    if isinstance(error, UnicodeDecodeError):
        return _("the file is not UTF-8. Save it as UTF-8.")
    return _("this cannot be worked out ({kind}). Mend the line.").format(kind=type(error).__name__)
