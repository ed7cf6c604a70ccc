"""The page of a report in a real browser: charts are drawn, nothing is run, nothing is fetched, nothing breaks out."""

from __future__ import annotations

from pathlib import Path

from eccube_sync.charts import bar_chart, line_chart, stacked_chart
from eccube_sync.page import Page, Section
from tests.support.browser import Browser

MARKUP = "<script>document.title = 'broken'</script><img src=x onerror=\"document.title='broken'\">"


def test_a_page_shows_its_charts_and_holds_whatever_is_in_its_texts(browser: Browser, tmp_path: Path) -> None:
    series = {MARKUP: [3, 1], "b": [2, 5]}
    charts = [
        draw(name, MARKUP, ["1", MARKUP], series)
        for name, draw in (("a", bar_chart), ("b", stacked_chart), ("c", line_chart))
    ]
    section = Section(MARKUP, MARKUP, (MARKUP, "n"), [(MARKUP, 1234.5)], charts)
    file = tmp_path / "page.html"
    file.write_text(Page("Report", [section], about=MARKUP).html(), encoding="utf-8")
    browser.open(file)
    assert browser.run("return document.title") == "Report"
    assert len(browser.find_all("svg")) == 3
    assert all(chart.size["height"] > 100 for chart in browser.find_all("svg"))
    assert "1,234.5" in browser.text("table")
    assert MARKUP in browser.text("h2")
    assert browser.messages() == []


def test_the_same_figures_make_the_same_bytes() -> None:
    assert len({bar_chart("a", "t", ["1"], {"x": [1]}) for _again in range(3)}) == 1
