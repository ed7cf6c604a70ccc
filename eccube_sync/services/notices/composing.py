"""One notice as bytes: words from the templates, the shop from the configuration, the person from the tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from eccube_sync.codelabels import CodeLabel, code_url
from eccube_sync.mailmessage import Attachment, Sender, build_message, check_address, message_id
from eccube_sync.mailtemplates import Plain, PromotionSender, Rendered, Templates
from eccube_sync.membership.facts import STORE
from eccube_sync.notices import context
from eccube_sync.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Addressee:
    """Who a notice goes to and what it may say about the membership."""

    name: str
    email: str
    wants_advertising: bool = False
    """Whether the person agreed to it, in the shop or as the consent ledger says."""
    proven: bool = False
    member_number: str | None = None
    store_allows_mail: bool | None = None
    """What the store recorded about advertising; only ever used to suppress it."""
    end_date: date | None = None
    membership_class: str | None = None
    mailed_on: date | None = None
    """Of a correction: when the mail that is taken back left."""
    code: CodeLabel | None = None
    """Of an invitation."""


class Composer:
    """Makes the notices of one shop; templates are read once."""

    def __init__(self, settings: Settings, installation: str) -> None:
        self._settings = settings
        self._installation = installation
        self._templates = Templates(settings.notices.templates)

    def message_id(self, notice_key: str) -> str:
        """The Message-ID of an event, the same for ever."""
        mail = self._settings.mail
        domain = mail.sender.rpartition("@")[2] if mail else "localhost"
        return message_id(self._installation, notice_key, domain)

    def compose(self, kind: str, notice_key: str, to: Addressee, now: datetime) -> tuple[str, bytes]:
        """Recipient and bytes of a notice.

        Raises ``MessageRefusedError`` where the address or the data is not fit for a mail, ``MailTemplateError``
        where a template is not.
        """
        recipient = check_address(to.email)
        values = context(kind, self._values(to), proven=to.proven)
        promotion = self._promotion() if self._wants_promotion(to) else None
        rendered = self._templates.render(kind, values, promotion)
        return recipient, self.build(rendered, recipient, self.message_id(notice_key), now)

    def example(self, kind: str, values: Mapping[str, Plain]) -> Rendered:
        """A notice with example values, in this shop's own name, as somebody reads it who agreed to advertising."""
        promotion = self._promotion() if self._may_advertise() else None
        return self._templates.render(kind, {**values, **self._shop_values(known=values)}, promotion)

    def build(
        self,
        rendered: Rendered,
        recipient: str,
        identity: str,
        now: datetime,
        attachments: Sequence[Attachment] = (),
    ) -> bytes:
        """The bytes of a rendered mail in the shop's name."""
        unsubscribe = self._settings.sender.unsubscribe_url if rendered.promotion else None
        return build_message(
            subject=rendered.subject,
            text=rendered.text,
            html=rendered.html,
            sender=sender_of(self._settings),
            recipient=recipient,
            message_id=identity,
            date=now,
            unsubscribe_url=str(unsubscribe) if unsubscribe else None,
            attachments=attachments,
        )

    def _values(self, to: Addressee) -> dict[str, Plain | None]:
        membership = self._settings.membership
        now_store = to.membership_class == STORE
        return {
            **self._shop_values(),
            "customer_name": to.name,
            "label_now": membership.label_store if now_store else membership.label_ec_only,
            "mailed_on": to.mailed_on,
            "member_number": to.member_number,
            "card_ending": (to.member_number or "")[-4:],
            "end_date": to.end_date,
            **self._code_values(to.code),
        }

    def _code_values(self, label: CodeLabel | None) -> dict[str, Plain | None]:
        if label is None:
            return {}
        url = code_url(self._settings.codes.entry_url or "", label.code)
        return {"code": label.code, "code_url": url, "code_until": label.expires_on}

    def _shop_values(self, known: Mapping[str, Plain] | None = None) -> dict[str, Plain]:
        settings = self._settings
        values: dict[str, Plain] = {
            "shop_name": settings.shop.name,
            "shop_url": settings.shop.url or "",
            "shop_contact": settings.sender.contact or (settings.mail.sender if settings.mail else ""),
            "label_store": settings.membership.label_store,
            "label_ec_only": settings.membership.label_ec_only,
        }
        return values if known is None else {name: values[name] for name in values if name in known}

    def _wants_promotion(self, to: Addressee) -> bool:
        """Advertising goes to those who agreed to it, unless the store was told not to write."""
        return self._may_advertise() and to.wants_advertising and to.store_allows_mail is not False

    def _may_advertise(self) -> bool:
        return self._settings.notices.promotion and not self._settings.sender.missing

    def _promotion(self) -> PromotionSender:
        sender = self._settings.sender
        return PromotionSender(
            sender.name, sender.postal_address, sender.contact, str(sender.unsubscribe_url or "")
        )


def sender_of(settings: Settings) -> Sender:
    """Who mails come from. Needs [mail]."""
    assert settings.mail is not None
    return Sender(settings.mail.sender_name or settings.shop.name, settings.mail.sender)
