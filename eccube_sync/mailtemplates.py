"""The words of a mail: templates from the shop's folder or ours, the promotion apart from the notice."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, fields
from datetime import date
from importlib.resources.abc import Traversable
from pathlib import Path

from jinja2 import BaseLoader, Environment
from jinja2.exceptions import SecurityError, TemplateNotFound

from eccube_sync import resources
from eccube_sync.errors import ConfigurationError
from eccube_sync.i18n import _
from eccube_sync.mailsandbox import Limits, Sandbox, TemplateProblemError, missing

Plain = str | int | bool | date | tuple[str, ...]

_NAME = re.compile(r"[a-z_][a-z0-9_]*/[a-z_][a-z0-9_]*\.(?:txt|html)")
_LONGEST_SOURCE = 64 * 1024


class MailTemplateError(ConfigurationError):
    """A template that cannot be used: which file, which line, what to do. Never a value out of a mail."""


@dataclass(frozen=True, slots=True)
class PromotionSender:
    """What the law wants in an advertising mail; a promotion goes out only when nothing is missing."""

    sender_name: str
    sender_postal_address: str
    sender_contact: str
    unsubscribe_url: str

    @property
    def complete(self) -> bool:
        """Whether every part is filled in."""
        return all(part.strip() for part in asdict(self).values())


@dataclass(frozen=True, slots=True)
class Rendered:
    """The words of one mail. With ``promotion`` advertising is in it, and it needs List-Unsubscribe."""

    subject: str
    text: str
    html: str | None
    promotion: bool = False


class Templates:
    """The templates of one shop: a file in its own folder goes before ours of the same name."""

    def __init__(self, shop_folder: Path | None = None, limits: Limits | None = None) -> None:
        self._loader = _Loader(shop_folder)
        self._sandbox = Sandbox(self._loader, limits or Limits())

    def render(
        self, kind: str, values: Mapping[str, Plain], promotion: PromotionSender | None = None
    ) -> Rendered:
        """The mail of ``kind`` (a folder) with these values.

        Pass ``promotion`` only for a person who consented; the folder's ``promotion`` part is then added with
        the sender's block under it, provided that block is complete. Raises ``MailTemplateError``.
        """
        plain = _plain_values(values)
        subject = self._subject(kind, plain)
        text = _tidy(self._render(f"{kind}/body.txt", plain))
        html = self._render(f"{kind}/body.html", plain) if self._loader.has(f"{kind}/body.html") else None
        if promotion is None or not promotion.complete or not self._loader.has(f"{kind}/promotion.txt"):
            return Rendered(subject, text, html)
        plain |= _plain_values(asdict(promotion))
        text += "\n" + _tidy(self._promotion(kind, "txt", plain))
        if html is not None:
            html = _before_end(html, self._promotion(kind, "html", plain))
        return Rendered(subject, text, html, promotion=True)

    def check(self, kind: str, examples: Iterable[Mapping[str, Plain]]) -> list[MailTemplateError]:
        """Everything wrong with the templates of ``kind``: each shape of the mail is tried on examples."""
        examples = list(examples)
        known = {name for example in examples for name in example}
        problems = [problem for name in self._files(kind) for problem in self._check_file(name, known)]
        if not problems:
            problems = [problem for example in examples for problem in self._check_example(kind, example)]
        return list({str(problem): problem for problem in problems}.values())

    def _check_example(self, kind: str, example: Mapping[str, Plain]) -> list[MailTemplateError]:
        sample = PromotionSender(
            "見本", "東京都千代田区1-1", "03-0000-0000", "https://shop.example.jp/unsubscribe"
        )
        problems = []
        for promotion in (None, sample):
            try:
                self.render(kind, example, promotion)
            except MailTemplateError as error:
                problems.append(error)
        return problems

    def _files(self, kind: str) -> list[str]:
        html = self._loader.has(f"{kind}/body.html")
        names = [f"{kind}/subject.txt", f"{kind}/body.txt", *([f"{kind}/body.html"] if html else [])]
        if self._loader.has(f"{kind}/promotion.txt"):
            names += [f"{kind}/promotion.txt", "_base/promotion_footer.txt"]
            names += [f"{kind}/promotion.html", "_base/promotion_footer.html"] if html else []
        return names

    def _check_file(self, name: str, known: set[str]) -> list[MailTemplateError]:
        if "/promotion" in name:
            known = known | {part.name for part in fields(PromotionSender)}
        problems: list[TemplateProblemError] = []
        waiting, seen = [name], set[str]()
        while waiting:
            current = waiting.pop()
            seen.add(current)
            try:
                problems += self._sandbox.unknown_names(current, known)
                for other, line in self._sandbox.references(current).items():
                    if not self._loader.has(other):
                        problems.append(TemplateProblemError(missing(other), current, line))
                    elif other not in seen:
                        waiting.append(other)
            except TemplateProblemError as problem:
                problems.append(problem)
        return [self._error(problem) for problem in problems]

    def _subject(self, kind: str, plain: Mapping[str, Plain]) -> str:
        name = f"{kind}/subject.txt"
        subject = self._render(name, plain).strip()
        if len(subject.splitlines()) != 1:
            raise self._error(TemplateProblemError(_("a subject is exactly one line of text."), name))
        return subject

    def _promotion(self, kind: str, ending: str, plain: Mapping[str, Plain]) -> str:
        part = self._render(f"{kind}/promotion.{ending}", plain)
        return part.rstrip() + "\n\n" + self._render(f"_base/promotion_footer.{ending}", plain)

    def _render(self, name: str, plain: Mapping[str, Plain]) -> str:
        try:
            return self._sandbox.render(name, plain)
        except TemplateProblemError as problem:
            raise self._error(problem) from None

    def _error(self, problem: TemplateProblemError) -> MailTemplateError:
        file = self._loader.place(problem.template)
        if problem.line is None:
            return MailTemplateError(_("{file}: {problem}").format(file=file, problem=problem))
        return MailTemplateError(
            _("{file}, line {line}: {problem}").format(file=file, line=problem.line, problem=problem)
        )


class _Loader(BaseLoader):
    """Templates by ``folder/file`` out of two folders, and out of nowhere else."""

    def __init__(self, shop_folder: Path | None) -> None:
        self._shop_folder = shop_folder

    def get_source(self, environment: Environment, template: str) -> tuple[str, str, Callable[[], bool]]:
        file = self._find(template)
        if file is None:
            raise TemplateNotFound(template)
        content = file.read_bytes()
        if len(content) > _LONGEST_SOURCE:
            raise SecurityError(_("the file is larger than 64 KB"))
        # Editors on Windows put a byte order mark first.
        return content.decode("utf-8-sig").replace("\r\n", "\n"), template, lambda: True

    def has(self, name: str) -> bool:
        """Whether either folder holds this template."""
        return self._find(name) is not None

    def place(self, name: str) -> str:
        """Where the user finds the template."""
        return str(self._own(name) or f"mail_templates/{name}")

    def _find(self, name: str) -> Traversable | None:
        if not _NAME.fullmatch(name):
            return None
        own = self._own(name)
        if own is not None:
            return own
        ours = resources.folder("mail_templates").joinpath(*name.split("/"))
        return ours if ours.is_file() else None

    def _own(self, name: str) -> Path | None:
        if self._shop_folder is None:
            return None
        # A symbolic link must not lead out of the folder either.
        path = (self._shop_folder / name).resolve()
        inside = path.is_relative_to(self._shop_folder.resolve())
        return path if inside and path.is_file() else None


def _plain_values(values: Mapping[str, object]) -> dict[str, Plain]:
    return {name: _plain(name, value) for name, value in values.items()}


def _plain(name: str, value: object) -> Plain:
    """Text becomes one clean line, so that no value can break a mail apart; objects are not for templates."""
    if isinstance(value, str):
        return "".join(" " if unicodedata.category(c) in {"Cc", "Cs", "Zl", "Zp"} else c for c in value)
    if isinstance(value, (bool, int)) or type(value) is date:
        return value
    if isinstance(value, tuple):
        return tuple(str(_plain(name, item)) for item in value)
    raise TypeError(f"{name} is a {type(value).__name__}, not a plain value for a mail")


def _tidy(text: str) -> str:
    """No space at line ends, at most one empty line in a row, one line end at the end."""
    lines = "\n".join(line.rstrip() for line in text.splitlines())
    return re.sub(r"\n{3,}", "\n\n", lines).strip("\n") + "\n"


def _before_end(html: str, part: str) -> str:
    head, end, tail = html.rpartition("</body>")
    return f"{head}{part}{end}{tail}" if end else html + part
