"""Two made-up lists, normalised once for all tests, and the model fitted to them."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from eccube_sync.linkage.model import Model, fit_model
from eccube_sync.linkage.prepare import prepare
from eccube_sync.matchers import Prepared
from tests.linkage.crowd import Human, people, two_lists

FIRST_MEMBER = 100_001


@dataclass(frozen=True)
class Lists:
    """Customers have the ids 1, 2, …; members 100001, 100002, …"""

    customer_records: list[Human]
    member_records: list[Human]
    customers: Prepared
    members: Prepared
    model: Model

    def same_person(self, customer_id: int, member_id: int) -> bool:
        customer = self.customer_records[customer_id - 1]
        return customer.person == self.member_records[member_id - FIRST_MEMBER].person

    def true_links(self) -> int:
        carded = {record.person for record in self.member_records}
        return sum(record.person in carded for record in self.customer_records)


@pytest.fixture(scope="session")
def lists() -> Lists:
    customer_records, member_records = two_lists(seed=11, size=4000)
    customers = prepare(people(customer_records))
    members = prepare(people(member_records, FIRST_MEMBER))
    return Lists(customer_records, member_records, customers, members, fit_model(1, customers, members))
