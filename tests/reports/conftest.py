"""The mail server of the nights, for reports on what they did."""

from tests.nightly.conftest import mail_server, sink

__all__ = ["mail_server", "sink"]
