"""Customers who buy at the same time, with the statements EC-CUBE 4 sends for a checkout.

``python -m benchmarks.checkout.shoppers SOCKET DATABASE --checkouts N --until FILE --report FILE``

They buy so many times, and go on until the file ``--until`` is there.

A checkout reads the customer, locks the product's stock (``SELECT … FOR UPDATE``, the only lock EC-CUBE takes), and
writes stock, order, purchase figures and points. The points are an absolute value worked out from what was read
``think`` seconds earlier, with no lock on the customer (Service/PointHelper.php, StockReduceProcessor.php), so whoever
changes them meanwhile loses; the report says what each customer must have at the end. No two threads serve one
customer, so that only a stranger could change anything between.
"""

from __future__ import annotations

import argparse
import json
import random
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import pymysql

PRODUCTS = 50
STOCK = 1_000_000_000

TABLES = (
    """CREATE TABLE IF NOT EXISTS dtb_product_stock (
        id int unsigned NOT NULL AUTO_INCREMENT PRIMARY KEY, product_class_id int unsigned DEFAULT NULL,
        stock decimal(10,0) DEFAULT NULL, create_date datetime NOT NULL, update_date datetime NOT NULL,
        discriminator_type varchar(255) NOT NULL, KEY (product_class_id)
    ) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin""",
    """CREATE TABLE IF NOT EXISTS dtb_order_item (
        id int unsigned NOT NULL AUTO_INCREMENT PRIMARY KEY, order_id int unsigned DEFAULT NULL,
        product_name varchar(255) NOT NULL, price decimal(12,2) NOT NULL DEFAULT 0, quantity decimal(10,0) NOT NULL
        DEFAULT 0, order_item_type_id smallint unsigned DEFAULT NULL, discriminator_type varchar(255) NOT NULL,
        FOREIGN KEY (order_id) REFERENCES dtb_order (id)
    ) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin""",
)
"""The tables a checkout needs besides those every shop of the tests has, as far as it touches them."""

SESSION = "SET SESSION time_zone = '+00:00'"


def prepare(connection: Any) -> None:
    """Stock the products."""
    with connection.cursor() as cursor:
        for statement in TABLES:
            cursor.execute(statement)
        cursor.execute("SELECT COUNT(*) FROM dtb_product_stock")
        if cursor.fetchone()[0] == 0:
            cursor.executemany(
                "INSERT INTO dtb_product_stock (product_class_id, stock, create_date, update_date, discriminator_type)"
                " VALUES (%s, %s, UTC_TIMESTAMP(), UTC_TIMESTAMP(), 'productstock')",
                [(product, STOCK) for product in range(1, PRODUCTS + 1)],
            )


@dataclass
class Shoppers:
    """All threads, and what they saw."""

    socket: str
    database: str
    checkouts: int
    threads: int
    think: float
    until: Path | None = None
    seed: int = 1
    absent: int = 0
    """A customer who buys nothing."""
    milliseconds: list[tuple[float, float]] = field(default_factory=list)
    """When each checkout ended, and what the database took of it, without the thinking."""
    errors: Counter[str] = field(default_factory=Counter)
    points: dict[int, int] = field(default_factory=dict)
    """Customer → the points its last checkout left."""

    def run(self) -> None:
        """Buy until it is enough."""
        connection = self._connect()
        with connection, connection.cursor() as cursor:
            prepare(connection)
            cursor.execute("SELECT id FROM dtb_customer WHERE customer_status_id = 2 ORDER BY id")
            customers = [one for (one,) in cursor.fetchall() if one != self.absent]
        threads = [
            threading.Thread(target=self._shop, args=(number, customers[number :: self.threads]))
            for number in range(self.threads)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def _connect(self) -> Any:
        connection = pymysql.connect(
            unix_socket=self.socket, user="root", database=self.database, charset="utf8mb4", autocommit=True
        )
        with connection.cursor() as cursor:
            cursor.execute(SESSION)
        return connection

    def _shop(self, number: int, customers: list[int]) -> None:
        chance = random.Random(f"{self.seed}:{number}")
        connection = self._connect()
        with connection:
            for bought in count():
                if bought >= self.checkouts // self.threads and (self.until is None or self.until.exists()):
                    return
                customer = chance.choice(customers)
                try:
                    self._checkout(connection, customer, chance)
                except pymysql.MySQLError as error:
                    self.errors[str(error.args[0])] += 1
                    connection.rollback()

    def _checkout(self, connection: Any, customer: int, chance: random.Random) -> None:
        product, used = chance.randint(1, PRODUCTS), chance.randint(0, 3)
        with connection.cursor() as cursor:
            started = time.perf_counter()
            cursor.execute(
                "SELECT id, email, point, buy_times, buy_total FROM dtb_customer WHERE id = %s "
                "AND discriminator_type IN ('customer')",
                (customer,),
            )
            _id, _email, point, times, total = cursor.fetchone()
            thought = time.perf_counter()
            time.sleep(self.think)
            thought = time.perf_counter() - thought
            left = int(point) - used + chance.randint(0, 20)
            connection.begin()
            for statement, values in _writes(customer, product, left, int(times or 0), float(total or 0)):
                cursor.execute(statement, values)
            connection.commit()
            self.milliseconds.append((time.time(), (time.perf_counter() - started - thought) * 1000))
        self.points[customer] = left

    def report(self) -> dict[str, Any]:
        """For a program."""
        return {
            "checkouts": len(self.milliseconds),
            "errors": dict(self.errors),
            "milliseconds": self.milliseconds,
            "points": self.points,
        }


def _writes(
    customer: int, product: int, point: int, times: int, total: float
) -> list[tuple[str, tuple[Any, ...]]]:
    order = (
        "INSERT INTO dtb_order (customer_id, name01, name02, total, payment_total, order_status_id, order_date, "
        "create_date, update_date, discriminator_type) VALUES "
        "(%s, '山田', '花子', 1000, 1000, 1, UTC_TIMESTAMP(), UTC_TIMESTAMP(), UTC_TIMESTAMP(), 'order')"
    )
    item = (
        "INSERT INTO dtb_order_item (order_id, product_name, price, quantity, order_item_type_id, discriminator_type) "
        "VALUES (LAST_INSERT_ID(), '見本', 1000, 1, 1, 'orderitem')"
    )
    return [
        ("SELECT stock FROM dtb_product_stock WHERE product_class_id = %s FOR UPDATE", (product,)),
        (
            "UPDATE dtb_product_stock SET stock = stock - 1, update_date = UTC_TIMESTAMP() WHERE product_class_id = %s",
            (product,),
        ),
        (order, (customer,)),
        (item, ()),
        (
            "UPDATE dtb_customer SET point = %s, update_date = UTC_TIMESTAMP() WHERE id = %s",
            (str(point), customer),
        ),
        (
            "UPDATE dtb_customer SET buy_times = %s, buy_total = %s, last_buy_date = UTC_TIMESTAMP(), "
            "update_date = UTC_TIMESTAMP() WHERE id = %s",
            (times + 1, total + 1000, customer),
        ),
    ]


def main() -> None:
    """Play, then write the report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("socket")
    parser.add_argument("database")
    parser.add_argument("--checkouts", type=int, default=10_000)
    parser.add_argument("--threads", type=int, default=8)
    parser.add_argument("--think", type=float, default=0.05)
    parser.add_argument("--until", type=Path, help="go on until this file is there")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--absent", type=int, default=0, help="a customer who buys nothing")
    parser.add_argument("--report", type=Path, required=True)
    asked = parser.parse_args()
    shoppers = Shoppers(
        asked.socket,
        asked.database,
        asked.checkouts,
        asked.threads,
        asked.think,
        asked.until,
        asked.seed,
        asked.absent,
    )
    shoppers.run()
    asked.report.write_text(json.dumps(shoppers.report()))


if __name__ == "__main__":
    main()
