"""Charts as inline SVG for a page: no script, no font file, nothing fetched when somebody looks at it.

Pygal draws them: pure Python, one small dependency, kept up since 2012, and its texts stay text.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import Any

import pygal
from pygal.style import Style

# The library hooks into every later import of the process to find its maps, which we do not use.
sys.meta_path[:] = [finder for finder in sys.meta_path if not isinstance(finder, pygal.PluginImportFixer)]

COLOURS = ("#1f5fa8", "#c65d00", "#2e7d4f", "#8a4baf", "#7a7a7a", "#b3123f", "#00798c", "#9a7b00")
_SIZES = ("label", "major_label", "legend", "value", "value_label")
_STYLE = Style(
    background="transparent",
    plot_background="transparent",
    font_family="system-ui, sans-serif",
    opacity=1,
    colors=COLOURS,
    guide_stroke_color="#d8d8d8",
    guide_stroke_dasharray="none",
    major_guide_stroke_color="#c4c4c4",
    major_guide_stroke_dasharray="none",
    title_font_size=15,
    **{f"{name}_font_size": 13 for name in _SIZES},
)


def bar_chart(name: str, title: str, labels: Sequence[str], series: Mapping[str, Sequence[float]]) -> str:
    """Bars over labels; ``series`` is name → one value a label, side by side where there are several.

    ``name`` tells the charts of one page apart: ASCII letters, digits and hyphens.
    """
    return _svg(pygal.Bar, name, title, labels, series)


def stacked_chart(name: str, title: str, labels: Sequence[str], series: Mapping[str, Sequence[float]]) -> str:
    """As ``bar_chart``, with the series on top of each other."""
    return _svg(pygal.StackedBar, name, title, labels, series)


def line_chart(name: str, title: str, labels: Sequence[str], series: Mapping[str, Sequence[float]]) -> str:
    """As ``bar_chart``, with a line for each series."""
    return _svg(pygal.Line, name, title, labels, series)


def _svg(
    kind: type[Any], name: str, title: str, labels: Sequence[str], series: Mapping[str, Sequence[float]]
) -> str:
    chart = kind(
        title=title,
        style=_STYLE,
        js=(),
        width=720,
        height=320,
        disable_xml_declaration=True,
        show_legend=len(series) > 1,
        legend_at_bottom=True,
        legend_at_bottom_columns=min(len(series), 4) or None,
        print_values=kind is pygal.Bar,
        print_zeroes=False,
        truncate_label=-1,
        print_values_position="top",
        max_scale=6,
        include_x_axis=True,
        value_formatter=lambda value: f"{value:,.10g}",
        x_labels=[str(label) for label in labels],
    )
    chart.uuid = name  # the library makes one up at random; the same figures shall make the same page
    for title_of_series, values in series.items():
        chart.add(title_of_series, list(values))
    chart.add_xml_filter(_without_script)
    svg: str = chart.render(is_unicode=True)
    return svg


def _without_script(root: Any) -> Any:
    """Drop the script, and the comments, which hold the day of drawing."""
    for parent in list(root.iter()):
        for child in list(parent):
            if child.tag == "script" or not isinstance(child.tag, str):
                parent.remove(child)
    return root
