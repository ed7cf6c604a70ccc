"""What must be true of our tables whatever happened: a second, simpler telling of the rules, to compare with.

Nothing here asks the program: the class a customer should have is worked out from rows as a shop clerk would.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta
from typing import Any

from eccube_sync.clock import from_database, tokyo_date
from tests.promises.ledger import Row, Tables, new_rows

UNCONFIRMED_DAYS = 7
REMINDER_DAYS = (30, 7, 1)
LATEST_DAYS = 7
BY_HAND = ("override", "hold")
FactsAtHold = dict[str, list[tuple[Any, ...]]]
"""Mark of a hold → what its members' cards said when it was left."""


def day_of(value: str | None) -> date | None:
    """A date as SQLite keeps it."""
    return None if value is None else date.fromisoformat(value[:10])


def moment_of(value: str) -> date:
    """The day in Japan of a moment as SQLite keeps it."""
    return tokyo_date(from_database(datetime.fromisoformat(value)))


# --- cardinality, and whom no machine may link -------------------------------------------------------


def links_that_must_not_be(tables: Tables) -> list[str]:
    """Active links that break a rule whatever the day."""
    active = [row for row in tables["link"].values() if row["active"] == 1]
    found = [
        f"{one} has two links" for one in _twice((row["customer_id"], row["source_id"]) for row in active)
    ]
    found += [f"member {one} has two links" for one in _twice(row["member_id"] for row in active)]
    apart = {
        (row["customer_id"], row["member_id"])
        for row in tables["review_case"].values()
        if row["state"] == "different"
    }
    for row in active:
        pair, customer = (row["customer_id"], row["member_id"]), tables["customer"][row["customer_id"]]
        if pair in apart:
            found.append(f"{pair} are linked though a person called them different")
        if customer["state"] != "full" or customer["current"] != 1:
            found.append(f"{pair} are linked though the customer is {customer['state']}")
    return found


def _twice(values: Iterable[Any]) -> list[Any]:
    return [value for value, number in Counter(values).items() if number > 1]


# --- the class -----------------------------------------------------------------------------------------


def cards_of(tables: Tables, customer_id: int) -> list[Row]:
    """What the store last said of the members linked to a customer."""
    found = []
    for row in tables["link"].values():
        if row["active"] == 1 and row["customer_id"] == customer_id:
            member = tables["member"][row["member_id"]]
            taken = tables["source"][member["source_id"]]["taken_at"]
            version = tables["member_version"][member["version_id"]]
            seen = member["confirmed_at"] if member["missing_imports"] else taken
            found.append({**version, "seen_on": moment_of(seen)})
    return found


def facts_of(tables: Tables, customer_id: int) -> list[tuple[Any, ...]]:
    """All that a class depends on, of all linked cards: a hold ends when this changes."""
    names = ("member_id", "status", "joined_on", "end_date", "unlimited", "left_on", "rank_name")
    return sorted(tuple(card[name] for name in names) for card in cards_of(tables, customer_id))


def gives_class(card: Row, today: date, *, held: bool) -> bool:
    """Whether one card makes its holder a store member today."""
    end = None if card["unlimited"] else day_of(card["end_date"])
    if card["status"] == "suspended":
        return False
    if card["status"] == "withdrawn":
        left = day_of(card["left_on"])
        if left is None or left <= today:
            return False
        end = min(end or left, left - timedelta(days=1))
    if card["status"] in ("lost", "merged") and not held:
        return False
    if end is None or today <= end:
        return True
    closed = card["seen_on"] > end
    return not closed and held and today <= end + timedelta(days=UNCONFIRMED_DAYS)


def class_due(tables: Tables, customer_id: int, today: date, *, held: bool, holds: FactsAtHold) -> str:
    """The class of a customer: an exception first, then the cards."""
    for row in tables["class_override"].values():
        if row["customer_id"] != customer_id or row["active"] != 1:
            continue
        until = day_of(row["until"])
        begun = day_of(row["since"])
        assert begun is not None
        stands = row["kind"] == "override" or holds.get(row["members_mark"]) == facts_of(tables, customer_id)
        if stands and begun <= today and (until is None or today <= until):
            return str(row["membership_class"])
    gives = any(gives_class(card, today, held=held) for card in cards_of(tables, customer_id))
    return "store" if gives else "ec_only"


def wrong_classes(before: Tables, after: Tables, today: date, holds: FactsAtHold) -> list[str]:
    """Customers whose class is not what it should be after a good night; ``before`` says who held it."""
    found = []
    for number, customer in after["customer"].items():
        row, held = after["customer_class"].get(number), before["customer_class"].get(number)
        if row is None:
            found += [f"customer {number} has no class"] * (customer["current"] == 1)
            continue
        was = held is not None and held["membership_class"] == "store"
        due = class_due(after, number, today, held=was, holds=holds)
        if row["membership_class"] != due:
            found.append(f"customer {number} is {row['membership_class']}, should be {due}: {dict(row)}")
    return found


def not_shown(tables: Tables, group: set[int], foreign: set[int]) -> list[str]:
    """Customers whose class EC-CUBE does not show as it is, after a good night.

    ``foreign`` are in the group without our knowing: a restored database did not write them, so it takes none away.
    """
    states = {row["customer_id"]: row["state"] for row in tables["projection_state"].values()}
    found = []
    for number, row in tables["customer_class"].items():
        customer = tables["customer"][number]
        if customer["current"] != 1 or customer["state"] == "vanished" or states.get(number) == "drift":
            continue
        member = row["membership_class"] == "store"
        if member != (customer["eccube_id"] in group) and (member or customer["eccube_id"] not in foreign):
            found.append(f"customer {number} is {row['membership_class']}, EC-CUBE shows the contrary")
    return found


# --- mails and events ------------------------------------------------------------------------------------


def _links_made(news: Iterable[Row]) -> set[tuple[int, int]]:
    """Run and link of every link that became active."""
    return {
        (row["run_id"], row["subject_id"])
        for row in news
        if (row["subject"], row["field"], row["new_value"]) == ("link", "state", "active")
    }


def mails_without_event(before: Tables, after: Tables) -> list[str]:
    """New rows of the outbox that nothing in the journal of their run called for."""
    news = new_rows("journal", before, after)
    changed = {
        (row["run_id"], row["subject_id"], row["old_value"], row["new_value"])
        for row in news
        if (row["subject"], row["field"]) == ("customer", "class")
    }
    made = _links_made(news)
    found = []
    for row in new_rows("notice", before, after):
        of_run = (row["run_id"], row["customer_id"])
        called = {
            "expired": (*of_run, "store", "ec_only") in changed,
            "restored": (*of_run, "ec_only", "store") in changed,
            "linked": (row["run_id"], row["link_id"]) in made,
            "expiring": row["kind"] == "expiring" and _ends_soon(after, row),
            "correction": after["run"][row["run_id"]]["undoes_run_id"] is not None,
        }
        if not called[row["kind"]]:
            found.append(f"nothing calls for {row['notice_key']}")
    return found


def _ends_soon(tables: Tables, row: Row) -> bool:
    """Whether a reminder of so many days comes on its day, or within the week after it, to somebody with the class."""
    end, today = day_of(row["end_date"]), _today_of(tables, row)
    assert end is not None
    late = row["days"] - (end - today).days
    store = tables["customer_class"][row["customer_id"]]["membership_class"] == "store"
    return row["days"] in REMINDER_DAYS and today <= end and 0 <= late <= LATEST_DAYS and store


def events_without_mail(before: Tables, after: Tables) -> Iterator[str]:
    """Changes in the journal that a mail, or the record that none is wanted, is missing for."""
    keys = {row["notice_key"] for row in after["notice"].values()}
    undone = {row["id"] for row in after["run"].values() if row["undoes_run_id"] is not None}
    news = new_rows("journal", before, after)
    made = {link for _run, link in _links_made(news)}
    for row in news:
        if row["run_id"] in undone:
            continue
        if (row["subject"], row["field"]) == ("customer", "class"):
            yield from _of_class(before, after, row, keys, made)
        elif (row["subject"], row["field"], row["new_value"]) == ("link", "state", "active"):
            yield from _of_link(after, row, keys)


def _of_class(before: Tables, tables: Tables, line: Row, keys: set[str], made: set[int]) -> Iterator[str]:
    now = tables["customer_class"][line["subject_id"]]
    customer = tables["customer"][line["subject_id"]]
    links = {
        number
        for number, row in tables["link"].items()
        if row["active"] == 1
        and (row["customer_id"], row["member_id"]) == (now["customer_id"], now["member_id"])
    }
    stands = now["run_id"] == line["run_id"] and now["membership_class"] == line["new_value"]
    if not stands or not links or line["reason"] in BY_HAND or customer["state"] != "full":
        return  # nobody is told of what passed within one run, nor of what a person decided
    change = (line["old_value"], line["new_value"])
    over = now["end_date"] is not None and day_of(now["end_date"]) < _today_of(tables, line)
    key = f"expired:{now['member_id']}:{now['end_date']}"
    if change == ("store", "ec_only") and over and not now["unconfirmed"] and key not in keys:
        yield f"{key} is missing"
    was = before["customer_class"].get(line["subject_id"])
    excepted = was is not None and was["reason"] in BY_HAND  # its end gives the class back: nobody renewed
    back = f"restored:{now['member_id']}:{now['end_date'] or 'unlimited'}"
    if change == ("ec_only", "store") and not excepted and not links & made and back not in keys:
        yield f"{back} is missing"


def _of_link(tables: Tables, line: Row, keys: set[str]) -> Iterator[str]:
    link = tables["link"][line["subject_id"]]
    now = tables["customer_class"].get(link["customer_id"])
    moved = any(
        (row["ended_run_id"], row["ended_reason"], row["customer_id"])
        == (line["run_id"], "moved", link["customer_id"])
        for row in tables["link"].values()
    )
    if now is None or link["active"] != 1 or moved or line["reason"] not in ("match", "review"):
        return
    shown = now["membership_class"] == "store" and now["member_id"] == link["member_id"]
    if shown and f"linked:{link['id']}" not in keys:
        yield f"linked:{link['id']} is missing"


def _today_of(tables: Tables, line: Row) -> date:
    today = day_of(tables["run"][line["run_id"]]["today"])
    assert today is not None
    return today


def outbox_unlike_the_mails(
    tables: Tables, received: list[str], resent: set[str], assumed: set[str], forgotten: set[str]
) -> list[str]:
    """Mails that came twice or that nobody knows of, and rows that say "sent" of what never came.

    A server that hangs up amid the text may have been sent the last dot, or not: what then is in doubt and
    ``assumed`` to be sent by a person may never have come.
    """
    found = [f"{one} came twice" for one in _twice(received) if one not in resent]
    rows = {row["message_id"]: row for row in tables["notice"].values()}
    for one in set(received) - forgotten - resent:
        state = rows[one]["state"] if one in rows else "no row"
        if state not in ("sent", "in_doubt", "dot"):
            found.append(f"{one} came and is {state}")
    came = set(received) | assumed
    found += [
        f"{one} is sent and never came"
        for one, row in rows.items()
        if row["state"] == "sent" and one not in came
    ]
    found += [f"{one} has two rows" for one in _twice(row["notice_key"] for row in tables["notice"].values())]
    return found
