"""The chapters in their order; one that goes wrong is told, and the next one begins."""

from __future__ import annotations

import sys
import time
import traceback
from collections.abc import Callable
from datetime import datetime
from zoneinfo import ZoneInfo

from . import bridged, connecting, customers, english, staff, trouble
from .stage import Stage, tell

CHAPTERS: tuple[Callable[[Stage], None], ...] = (
    connecting.the_plugin_is_uploaded_and_enabled,
    connecting.the_shop_is_connected,
    connecting.a_banner_tells_when_the_nights_stay_out,
    connecting.the_program_knows_the_members,
    customers.a_mistyped_code_is_refused_at_the_form,
    customers.a_good_code_makes_a_store_member,
    customers.the_card_is_scanned_from_a_telephone,
    customers.the_card_is_printed_alone,
    customers.a_newcomer_waits_for_the_data_of_the_store,
    customers.a_revoked_code_and_somebody_elses_say_the_same,
    customers.a_member_number_and_a_second_fact_link,
    customers.a_match_is_proven_before_anything_is_shown,
    staff.the_staff_sees_list_filter_csv_and_panel,
    staff.the_staff_asks_and_the_program_answers,
    staff.the_export_is_uploaded_inspected_and_imported,
    staff.a_doubtful_pair_is_decided_in_a_file,
    customers.a_customer_withdraws,
    bridged.the_bridge_decides_at_registration,
    english.the_pages_are_in_english,
    trouble.a_dead_bridge_delays_nobody,
    trouble.disabled_while_another_plugin_comes_nothing_is_lost,
    trouble.a_cleared_group_comes_back_at_login,
    trouble.uninstalled_and_installed_again_nothing_is_lost,
    customers.nobody_tries_codes_out,
)


def play(stage: Stage) -> int:
    """All chapters; 1 when one went wrong or the shop showed a fault."""
    tell(f"{stage.browser.url}, {datetime.now(ZoneInfo('Asia/Tokyo')):%Y-%m-%d %H:%M}")
    wrong = [problem for chapter in CHAPTERS if (problem := _play(chapter, stage))]
    wrong += [f"the shop answered {fault}" for fault in stage.browser.faults]
    tell("\n".join(["", *wrong, f"{len(wrong)} things went wrong"]))
    return 1 if wrong else 0


def _play(chapter: Callable[[Stage], None], stage: Stage) -> str:
    """What went wrong in a chapter; ``""`` when nothing did."""
    name = chapter.__name__.replace("_", " ")
    tell(f"  {name}")
    start = time.monotonic()
    problem = ""
    try:
        chapter(stage)
    except Exception as error:
        frames = traceback.extract_tb(sys.exc_info()[2])
        line = next(frame.lineno for frame in frames if frame.name == chapter.__name__)
        problem = f"{name} (line {line}): {type(error).__name__} {str(error).strip()}"
        tell(f"    ✗ {problem}")
        stage.picture(f"failures/{chapter.__name__}")
    stage.browser.collect_faults()
    tell(f"      {time.monotonic() - start:.0f} s")
    return problem
