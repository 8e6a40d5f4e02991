"""Consents in the JSON API: listed, recorded, withdrawn, by the same rules as on the pages."""

from __future__ import annotations

from datetime import date
from typing import Any

from marshmallow import Schema, ValidationError, fields
from sqlalchemy import ColumnElement, Select, select

from hookline.api import ApiCreated, ApiOperation, ApiPage, ApiRequest, ApiResource, row_id, text
from hookline.db.database import Database
from hookline.db.models import Contact
from hookline.errors import NotFound
from hookline.services import keyset
from hookline.services.keyset import Cursor
from hookline.services.reach import contacts_within
from hookline.text import N_
from hookline_gdpr.models import Consent
from hookline_gdpr.permissions import MANAGE, VIEW
from hookline_gdpr.rules import state_of
from hookline_gdpr.schemas import Moment
from hookline_gdpr.service import ConsentService

_FIELDS = (
    "id",
    "client_id",
    "contact_id",
    "purpose",
    "channel",
    "wording",
    "wording_version",
    "evidence",
    "given_at",
    "valid_until",
    "withdrawn_at",
    "withdrawn_because",
    "recorded_at",
)


class ConsentResultSchema(Schema):
    """A consent with what proves it."""

    id = fields.Integer(required=True)
    client_id = fields.Integer(required=True, metadata={"description": "The controller to whom it was given."})
    contact_id = fields.Integer(required=True)
    purpose = fields.String(required=True)
    channel = fields.String(required=True)
    state = fields.String(required=True, metadata={"description": "As of now."})
    wording = fields.String(required=True)
    wording_version = fields.String(required=True)
    evidence = fields.String(required=True)
    given_at = fields.AwareDateTime(required=True)
    valid_until = fields.AwareDateTime(
        required=True, allow_none=True, metadata={"description": "The first moment at which it no longer counts."}
    )
    withdrawn_at = fields.AwareDateTime(required=True, allow_none=True)
    withdrawn_because = fields.String(required=True)
    recorded_at = fields.AwareDateTime(required=True)


class ConsentQuerySchema(Schema):
    """Whose consents."""

    contact_id = row_id(sent_as_text=True)
    client_id = row_id(sent_as_text=True)


def _moment(description: str, **options: Any) -> Moment:
    return Moment(validate=_sensible, metadata={"type": "string", "description": description}, **options)


def _sensible(when: date) -> None:
    if not 1900 <= when.year <= 2200:
        raise ValidationError(N_("A date is expected here, such as 2025-03-31."))


class NewConsentSchema(Schema):
    """A consent to marketing calls. Days, and moments without a zone, are those of the contact's time zone."""

    contact_id = row_id(required=True)
    wording = text(4000, least=1, required=True, metadata={"description": "The words that were agreed to."})
    wording_version = text(60, load_default="")
    evidence = text(2000, least=1, required=True, metadata={"description": "Where the proof is."})
    given_at = _moment("A day, 2025-03-31, or a moment.", required=True)
    valid_until = _moment("Its last day, or the moment it ends.", allow_none=True, load_default=None)


class ConsentWithdrawalSchema(Schema):
    """Why it is withdrawn; nobody has to say."""

    because = text(500, load_default="")


class ConsentResource:
    """What programs can do with consents."""

    def __init__(self, db: Database, consents: ConsentService) -> None:
        self._db = db
        self._consents = consents

    def list_consents(self, request: ApiRequest) -> ApiPage:
        """A page of consents, withdrawn ones included."""
        condition = _within(request)
        for name in ("contact_id", "client_id"):
            if name in request.query:
                condition &= getattr(Consent, name) == request.query[name]
        with self._db.read() as session:
            rows, before, more = keyset.fetch(
                session, _consents(condition), Consent.id, Cursor(request.after), request.limit
            )
        page = keyset.page([row[0] for row in rows], before, more, lambda consent: consent.id)
        return ApiPage([self._plain(consent) for consent in page.rows], page.next)

    def get_consent(self, request: ApiRequest) -> dict[str, Any]:
        """One consent."""
        return self._plain(self._find(request))

    def record_consent(self, request: ApiRequest) -> ApiCreated:
        """Record a consent."""
        data = dict(request.body)
        consent_id = self._consents.give(request.actor, data.pop("contact_id"), data)
        return ApiCreated(consent_id, f"/{consent_id}")

    def withdraw_consent(self, request: ApiRequest) -> None:
        """Withdraw a consent."""
        self._consents.withdraw(request.actor, self._find(request).id, request.body["because"])

    def _find(self, request: ApiRequest) -> Consent:
        with self._db.read() as session:
            found = session.scalar(_consents(_within(request) & (Consent.id == request.path["consent_id"])))
        if found is None:
            raise NotFound(N_("There is no such consent."))
        return found

    def _plain(self, consent: Consent) -> dict[str, Any]:
        now = self._db.clock.now()
        return {**{name: getattr(consent, name) for name in _FIELDS}, "state": state_of(consent, now).value}

    def resource(self) -> ApiResource:
        """The resource as it is contributed."""
        return ApiResource(
            "consents",
            "Consents to marketing calls, with what proves them.",
            (
                ApiOperation(
                    "GET",
                    "",
                    VIEW,
                    "Consents",
                    self.list_consents,
                    ConsentResultSchema,
                    ConsentQuerySchema,
                    paged=True,
                ),
                ApiOperation(
                    "POST",
                    "",
                    MANAGE,
                    "Record a consent",
                    self.record_consent,
                    body=NewConsentSchema,
                    status=201,
                    description="Refused (409) where the contact withdrew after the day on which it was given.",
                ),
                ApiOperation("GET", "/{consent_id}", VIEW, "One consent", self.get_consent, ConsentResultSchema),
                ApiOperation(
                    "POST",
                    "/{consent_id}/withdrawal",
                    MANAGE,
                    "Withdraw a consent",
                    self.withdraw_consent,
                    body=ConsentWithdrawalSchema,
                    status=204,
                    description="Every other consent of the contact to this client goes with it, and attempts that are "
                    "not yet placed are revoked.",
                ),
            ),
        )


def _within(request: ApiRequest) -> ColumnElement[bool]:
    return contacts_within(request.actor.scope)


def _consents(condition: ColumnElement[bool]) -> Select[Consent]:
    return select(Consent).join(Contact, Contact.id == Consent.contact_id).where(condition)
