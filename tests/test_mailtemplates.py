"""Templates can be changed by a shop, and can do nothing but write a mail."""

from __future__ import annotations

import gc
import sys
import threading
from datetime import date
from pathlib import Path

import pytest

from eccube_sync.mailsandbox import Limits
from eccube_sync.mailtemplates import MailTemplateError, Plain, PromotionSender, Templates
from eccube_sync.notices import examples

VALUES: dict[str, Plain] = examples("linked")[0]
BLOCK = PromotionSender(
    "株式会社見本", "東京都千代田区見本町1-1", "03-0000-0000", "https://shop.example.jp/unsubscribe"
)


def shop(folder: Path, files: dict[str, str], limits: Limits | None = None) -> Templates:
    """Templates of a shop whose own folder holds these files."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return Templates(folder, limits)


def test_a_shops_own_file_goes_before_ours_and_the_others_stay_ours(tmp_path: Path) -> None:
    templates = shop(tmp_path, {"linked/subject.txt": "ようこそ、{{ customer_name }}様\n"})
    rendered = templates.render("linked", VALUES)
    assert rendered.subject == "ようこそ、山田 花子様"
    assert rendered.text == Templates().render("linked", VALUES).text


def test_a_file_saved_on_windows_reads_the_same(tmp_path: Path) -> None:
    templates = shop(tmp_path, {})
    (tmp_path / "linked").mkdir()
    (tmp_path / "linked/body.txt").write_bytes("{{ customer_name }} 様\r\n本文\r\n".encode("utf-8-sig"))
    assert templates.render("linked", VALUES).text == "山田 花子 様\n本文\n"
    (tmp_path / "linked/body.txt").write_bytes("{{ customer_name }} 様".encode("cp932"))
    with pytest.raises(MailTemplateError, match="UTF-8"):
        Templates(tmp_path).render("linked", VALUES)


def test_only_html_is_escaped(tmp_path: Path) -> None:
    templates = shop(
        tmp_path, {"linked/body.html": "<p>{{ customer_name }}</p>", "linked/body.txt": "{{ customer_name }}"}
    )
    rendered = templates.render("linked", VALUES | {"customer_name": "<b>O'Neill & Co</b>"})
    assert rendered.html == "<p>&lt;b&gt;O&#39;Neill &amp; Co&lt;/b&gt;</p>"
    assert rendered.text == "<b>O'Neill & Co</b>\n"


def test_a_value_is_never_read_as_a_template_and_never_breaks_a_line() -> None:
    hostile = "{{ 7*7 }}{% raw %}\r\nBcc: x@y.jp\u2028z"
    rendered = Templates().render("linked", VALUES | {"customer_name": hostile})
    assert "{{ 7*7 }}{% raw %}  Bcc: x@y.jp z 様" in rendered.text


def test_a_template_gets_plain_values_only() -> None:
    with pytest.raises(TypeError, match="customer_name"):
        Templates().render("linked", VALUES | {"customer_name": object()})  # type: ignore[dict-item]


# Mistakes a shop makes: each names the file, the line and what to do.
MISTAKES = {
    "misspelt": ("一行目\n{{ custmer_name }} 様", 2, "custmer_name"),
    "misspelt in a condition": ("\n\n{% if end_dat is defined %}x{% endif %}", 3, "end_dat"),
    "misspelt in a branch not taken": (
        "{% if not shop_name %}\n{{ custmer_name }}{% endif %}",
        2,
        "custmer_name",
    ),
    "not closed": ("一行目\n{% if shop_name %}", 2, "endif"),
    "unknown filter": ("{{ shop_name | frobnicate }}", 1, "frobnicate"),
    "include that is not there": ("一行目\n{% include 'linked/footer.txt' %}", 2, "linked/footer.txt"),
    "include out of the folder": ("{% include '../../../etc/passwd' %}", 1, "passwd"),
    "date of a text": ("一行目\n{{ shop_name | japanese_date }}", 2, "AttributeError"),
    "call": ("{{ shop_name.upper() }}", 1, "values, filters"),
    "sum of words": ("一行目\n{{ shop_name + customer_name }}", 2, "whole numbers"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_in_a_template_is_told_with_file_line_and_reason(mistake: str, tmp_path: Path) -> None:
    source, line, word = MISTAKES[mistake]
    problems = shop(tmp_path, {"linked/body.txt": source}).check("linked", examples("linked"))
    assert problems
    assert str(tmp_path / "linked/body.txt") in str(problems[0])
    assert f"line {line}" in str(problems[0])
    assert word in str(problems[0])


def test_every_mistake_is_told_at_once(tmp_path: Path) -> None:
    files = {
        "linked/body.txt": "{{ one }}\n{{ two }}",
        "linked/body.html": "{{ three }}",
        "linked/subject.txt": "ok",
    }
    problems = shop(tmp_path, files).check("linked", examples("linked"))
    assert [
        word for word in ("one", "two", "three") if any(f"called {word}." in str(p) for p in problems)
    ] == [
        "one",
        "two",
        "three",
    ]


def test_a_subject_of_two_lines_or_none_is_refused(tmp_path: Path) -> None:
    for subject in ("一行目\n二行目", "\n"):
        templates = shop(tmp_path, {"linked/subject.txt": subject})
        with pytest.raises(MailTemplateError, match=r"subject\.txt"):
            templates.render("linked", VALUES)


def test_no_value_of_a_mail_shows_in_an_error_or_its_traceback(tmp_path: Path) -> None:
    templates = shop(
        tmp_path, {"linked/body.txt": "{{ customer_name | int + 'x' }}{{ customer_name | japanese_date }}"}
    )
    with pytest.raises(MailTemplateError) as refusal:
        templates.render("linked", VALUES | {"customer_name": "秘密太郎"})
    assert "秘密" not in str(refusal.value)
    assert refusal.value.__cause__ is None
    assert refusal.value.__suppress_context__


# What people write into templates to break out of them.
LOOPS = {
    "nested loops that write nothing": "{% for a in x %}{% for b in x %}{% for c in x %}{% for d in x %}"
    "{% for e in x %}{% endfor %}{% endfor %}{% endfor %}{% endfor %}{% endfor %}",
    "a file that includes itself": "{% include 'linked/body.txt' %}",
    "a file that includes itself many times": "{% for a in x %}{% include 'linked/body.txt' %}{% endfor %}",
    "loops that write much": "{% for a in x %}{% for b in x %}{{ x }}{% endfor %}{% endfor %}",
}


@pytest.mark.parametrize("loop", LOOPS)
@pytest.mark.parametrize("aside", [False, True])
def test_a_template_that_never_ends_is_stopped_in_any_thread(loop: str, aside: bool, tmp_path: Path) -> None:
    source = LOOPS[loop].replace("x %}", "shop_name %}").replace("{{ x }}", "{{ shop_name }}")
    templates = shop(tmp_path, {"linked/body.txt": source}, Limits(seconds=0.3))
    outcome: list[object] = []

    def render() -> None:
        try:
            outcome.append(templates.render("linked", VALUES | {"shop_name": "あ" * 100}))
        except MailTemplateError as error:
            outcome.append(error)

    if aside:
        thread = threading.Thread(target=render)
        thread.start()
        thread.join(20)
    else:
        render()
    assert isinstance(outcome[0], MailTemplateError)


def test_a_template_is_never_stopped_amid_a_collection_of_garbage(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is raised there goes nowhere, and nobody would look at the clock again. Here most time is spent in one."""
    templates = shop(tmp_path, {"linked/body.txt": "{% include 'linked/body.txt' %}"}, Limits(seconds=0.05))
    swallowed: list[object] = []
    monkeypatch.setattr(sys, "unraisablehook", swallowed.append)

    def work(_phase: str, _info: object) -> None:
        for _step in range(2000):
            step()

    def step() -> None:
        return None

    before = gc.get_threshold()
    gc.set_threshold(10)
    gc.callbacks.append(work)
    try:
        with pytest.raises(MailTemplateError, match="too long"):
            templates.render("linked", VALUES)
    finally:
        gc.callbacks.remove(work)
        gc.set_threshold(*before)
    assert swallowed == []


def test_a_link_in_the_shops_folder_leads_nowhere_else(tmp_path: Path) -> None:
    (tmp_path / "secret.txt").write_text("secret")
    (tmp_path / "own/linked").mkdir(parents=True)
    (tmp_path / "own/linked/extra.txt").symlink_to(tmp_path / "secret.txt")
    templates = shop(tmp_path / "own", {"linked/body.txt": "{% include 'linked/extra.txt' %}"})
    with pytest.raises(MailTemplateError, match=r"linked/extra\.txt"):
        templates.render("linked", VALUES)


def test_conditions_loops_blocks_and_super_work(tmp_path: Path) -> None:
    own = (
        '{% extends "_base/layout.txt" %}{% block content %}{{ super() }}'
        "{% for part in parts %}{{ loop.index }}.{{ part }}{% if not loop.last %}、{% endif %}{% endfor %}\n\n"
        "{{ end_date.year }}/{{ end_date.month }} {{ 1 + 2 }}{% endblock %}"
    )
    values = VALUES | {"parts": ("甲", "乙"), "end_date": date(2027, 3, 31)}
    assert "1.甲、2.乙\n2027/3 3\n" in shop(tmp_path, {"linked/body.txt": own}).render("linked", values).text


# Advertising: its own file, added only where the law allows it.
PROMOTION = {
    "linked/promotion.txt": "春の新刊フェアを開催中です。{{ shop_url }}\n",
    "linked/promotion.html": "<p>春の新刊フェアを開催中です。</p>",
}


def test_without_consent_a_mail_has_no_word_of_the_promotion(tmp_path: Path) -> None:
    rendered = shop(tmp_path, PROMOTION).render("linked", VALUES)
    assert rendered == Templates().render("linked", VALUES)
    assert not rendered.promotion


def test_with_consent_the_promotion_follows_the_notice_with_everything_the_law_wants(tmp_path: Path) -> None:
    plain = Templates().render("linked", VALUES)
    rendered = shop(tmp_path, PROMOTION).render("linked", VALUES, BLOCK)
    assert rendered.promotion
    assert rendered.text.startswith(plain.text)
    for words in (
        "春の新刊フェア",
        "株式会社見本",
        "東京都千代田区見本町1-1",
        "03-0000-0000",
        BLOCK.unsubscribe_url,
        "停止",
    ):
        assert words in rendered.text.removeprefix(plain.text)
        assert rendered.html is not None
        assert words in rendered.html
    assert rendered.html is not None
    assert rendered.html.rstrip().endswith("</html>")


@pytest.mark.parametrize("missing", range(4))
def test_a_sender_block_with_a_gap_sends_no_promotion(missing: int, tmp_path: Path) -> None:
    parts = [BLOCK.sender_name, BLOCK.sender_postal_address, BLOCK.sender_contact, BLOCK.unsubscribe_url]
    parts[missing] = " "
    assert not shop(tmp_path, PROMOTION).render("linked", VALUES, PromotionSender(*parts)).promotion


def test_our_own_templates_hold_no_promotion() -> None:
    assert not Templates().render("linked", VALUES, BLOCK).promotion


def test_a_mistake_in_a_promotion_is_found_by_the_check(tmp_path: Path) -> None:
    templates = shop(tmp_path, PROMOTION | {"linked/promotion.html": "{{ unsubscribe_ulr }}"})
    assert "unsubscribe_ulr" in str(templates.check("linked", examples("linked"))[0])
    (tmp_path / "linked/promotion.html").unlink()
    assert "linked/promotion.html" in str(templates.check("linked", examples("linked"))[0])
