"""Contacts: found, brought in one by one, changed."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from hookline.api import ApiCreated, ApiOperation, ApiPage, ApiRequest, ApiResource, moment, row_id, text
from hookline.errors import HooklineError, InvalidInput
from hookline.services.contact_intake import Intake
from hookline.services.contact_search import ContactFilters
from hookline.services.contacts import EDITABLE
from hookline.services.feeds import ContactEntry
from hookline.text import N_
from hookline_web.context import runtime
from hookline_web.i18n import translated

_MOST_CUSTOM = 100
_MOST_AT_ONCE = 1000


class ContactNumberSchema(Schema):
    """A phone number of a contact."""

    id = fields.Integer(required=True)
    number = fields.String(required=True, attribute="shown", metadata={"description": "E.164."})
    state = fields.String(required=True, metadata={"description": "valid or wrong; a wrong one is not called."})
    last_result = fields.String(required=True, metadata={"description": "Of the last attempt; empty for none."})


class ContactSchema(Schema):
    """A contact of one client."""

    id = fields.Integer(required=True)
    client_id = fields.Integer(required=True)
    external_id = fields.String(required=True, allow_none=True, metadata={"description": "In the client's system."})
    first_name = fields.String(required=True)
    last_name = fields.String(required=True)
    company = fields.String(required=True)
    email = fields.String(required=True)
    city = fields.String(required=True)
    region = fields.String(required=True, metadata={"description": "State, province or voivodeship."})
    language = fields.String(required=True)
    notes = fields.String(required=True)
    time_zone = fields.String(required=True, metadata={"description": "IANA name."})
    custom = fields.Dict(keys=fields.String(), values=fields.String(), required=True)
    numbers = fields.List(fields.Nested(ContactNumberSchema), required=True)
    created_at = fields.AwareDateTime(required=True)
    updated_at = fields.AwareDateTime(required=True)


class ContactStandingSchema(Schema):
    """The contact's record in one campaign."""

    campaign_id = fields.Integer(required=True)
    state = fields.String(required=True)
    priority = fields.Integer(required=True)
    attempts = fields.Integer(required=True)
    next_due_at = fields.AwareDateTime(required=True, allow_none=True)
    last_result = fields.String(required=True)


class ContactDetailsSchema(ContactSchema):
    """A contact with the lists it is on and its records in campaigns."""

    list_ids = fields.List(fields.Integer(), required=True)
    tags = fields.List(fields.String(), required=True)
    standings = fields.List(fields.Nested(ContactStandingSchema), required=True)


class ContactQuerySchema(Schema):
    """Which contacts."""

    client_id = row_id(sent_as_text=True)
    list_id = row_id(sent_as_text=True)
    campaign_id = row_id(sent_as_text=True)
    external_id = text(200, metadata={"description": "Exactly this identifier in the client's system."})
    number = text(20, metadata={"description": "Exactly this number, E.164."})
    tag = text(60, metadata={"description": "Filed under this tag."})
    query = text(
        100,
        metadata={
            "description": "Words in name, company, e-mail, identifier, city, notes or tags, or digits of a number."
        },
    )
    changed_since = moment(metadata={"description": "Changed at this moment or later."})


def _custom() -> fields.Dict:
    return fields.Dict(keys=text(60, least=1), values=text(2000), validate=validate.Length(max=_MOST_CUSTOM))


class NewContactSchema(Schema):
    """A contact to be put on a list."""

    list_id = row_id(required=True)
    numbers = fields.List(
        text(60, least=1),
        required=True,
        validate=validate.Length(1, 3),
        metadata={
            "description": "As people write them; without a prefix they are read as those of the list's country."
        },
    )
    external_id = text(200, load_default="")
    first_name = text(EDITABLE["first_name"], load_default="")
    last_name = text(EDITABLE["last_name"], load_default="")
    company = text(EDITABLE["company"], load_default="")
    email = fields.Email(validate=validate.Length(max=EDITABLE["email"]))
    city = text(EDITABLE["city"], load_default="")
    region = text(EDITABLE["region"], load_default="")
    language = text(EDITABLE["language"], load_default="")
    notes = text(EDITABLE["notes"], load_default="")
    custom = _custom()


class NewContactResultSchema(Schema):
    """What became of it."""

    id = fields.Integer(required=True)
    is_new = fields.Boolean(
        required=True, metadata={"description": "False: the client had it; what was empty in it was filled."}
    )
    numbers_left_out = fields.Integer(
        required=True, metadata={"description": "Numbers that another contact of the client has."}
    )


class BatchContactSchema(NewContactSchema):
    """A contact of a batch; the list is named once for all."""

    class Meta:
        """The list is the batch's."""

        exclude = ("list_id",)


class ContactBatchSchema(Schema):
    """Contacts to be put on a list."""

    list_id = row_id(required=True)
    contacts = fields.List(fields.Nested(BatchContactSchema), required=True, validate=validate.Length(1, _MOST_AT_ONCE))


class BatchAnswerSchema(Schema):
    """What became of one contact of a batch."""

    id = fields.Integer(required=True, allow_none=True, metadata={"description": "null: it did not come in."})
    is_new = fields.Boolean(required=True)
    numbers_left_out = fields.Integer(required=True)
    error = fields.String(required=True, allow_none=True, metadata={"description": "Why it did not come in."})


class BatchResultSchema(Schema):
    """What became of a batch, in its order."""

    results = fields.List(fields.Nested(BatchAnswerSchema), required=True)
    imported = fields.Integer(required=True)
    merged = fields.Integer(required=True)
    rejected = fields.Integer(required=True)


class TagsSchema(Schema):
    """All tags of a contact."""

    tags = fields.List(text(60, least=1), required=True, validate=validate.Length(max=50))


class ContactChangesSchema(Schema):
    """Fields to change; those left out stay. An empty custom value removes the field."""

    first_name = text(EDITABLE["first_name"])
    last_name = text(EDITABLE["last_name"])
    company = text(EDITABLE["company"])
    email = text(EDITABLE["email"])
    city = text(EDITABLE["city"])
    region = text(EDITABLE["region"])
    language = text(EDITABLE["language"])
    notes = text(EDITABLE["notes"])
    time_zone = text(EDITABLE["time_zone"])
    custom = _custom()

    @validates_schema
    def _says_something(self, data: dict[str, Any], **_kwargs: Any) -> None:
        if not data:
            raise ValidationError(N_("Name at least one field to change."))


class NewNumberSchema(Schema):
    """A number to add to a contact."""

    number = text(60, least=1, required=True)


class NumberChangesSchema(Schema):
    """Whether a number is right."""

    valid = fields.Boolean(required=True, metadata={"description": "False: it is wrong and not called any more."})


def list_contacts(request: ApiRequest) -> ApiPage:
    """A page of contacts."""
    page = runtime().feeds.contacts(request.actor, ContactFilters(**request.query), request.after, request.limit)
    return ApiPage([_plain(entry) for entry in page.rows], page.next)


def get_contact(request: ApiRequest) -> dict[str, Any]:
    """One contact."""
    view = runtime().contacts.get(request.actor, request.path["contact_id"])
    return {
        **_plain(ContactEntry(view.contact, view.numbers)),
        "list_ids": [list_id for list_id, _name in view.lists],
        "standings": view.standings,
        "tags": list(view.tags),
    }


def add_contact(request: ApiRequest) -> ApiCreated:
    """Put a contact on a list."""
    sent = dict(request.body)
    made = runtime().contact_intake.add(
        request.actor,
        sent.pop("list_id"),
        sent.pop("numbers"),
        external_id=sent.pop("external_id"),
        custom=sent.pop("custom", {}),
        fields=sent,
    )
    details = {"is_new": made.is_new, "numbers_left_out": made.left_out}
    return ApiCreated(made.contact_id, f"/{made.contact_id}", details, made.is_new)


def add_batch(request: ApiRequest) -> dict[str, Any]:
    """Put many contacts on a list."""
    answers = runtime().contact_intake.add_many(request.actor, request.body["list_id"], request.body["contacts"])
    results = [_batch_answer(answer) for answer in answers]
    came = [result for result in results if result["error"] is None]
    new = sum(bool(result["is_new"]) for result in came)
    rejected = len(results) - len(came)
    return {"results": results, "imported": new, "merged": len(came) - new, "rejected": rejected}


def _batch_answer(answer: Intake | HooklineError) -> dict[str, Any]:
    if isinstance(answer, HooklineError):
        fields_of = answer.fields if isinstance(answer, InvalidInput) else {}
        told = "; ".join(translated(m) for messages in fields_of.values() for m in messages)
        said = told or translated(answer.message_id, answer.params)
        return {"id": None, "is_new": False, "numbers_left_out": 0, "error": said}
    return {"id": answer.contact_id, "is_new": answer.is_new, "numbers_left_out": answer.left_out, "error": None}


def set_tags(request: ApiRequest) -> None:
    """File a contact under these tags and no others."""
    runtime().contacts.set_tags(request.actor, request.path["contact_id"], request.body["tags"])


def change_contact(request: ApiRequest) -> None:
    """Change some of a contact's fields."""
    changes = dict(request.body)
    custom = changes.pop("custom", None)
    runtime().contacts.edit(request.actor, request.path["contact_id"], changes, custom)


def add_number(request: ApiRequest) -> ApiCreated:
    """Give a contact another number."""
    contact_id = request.path["contact_id"]
    number_id = runtime().contacts.add_number(request.actor, contact_id, request.body["number"])
    return ApiCreated(number_id, f"/{contact_id}")


def change_number(request: ApiRequest) -> None:
    """Say whether a number is right."""
    where = request.path
    runtime().contacts.set_number_state(request.actor, where["contact_id"], where["number_id"], request.body["valid"])


def remove_number(request: ApiRequest) -> None:
    """Take a number away."""
    runtime().contacts.remove_number(request.actor, request.path["contact_id"], request.path["number_id"])


def _plain(entry: ContactEntry) -> dict[str, Any]:
    contact = entry.contact
    custom = {name: str(value) for name, value in contact.custom.items()}
    names = [name for name in ContactSchema().fields if name not in ("numbers", "custom")]
    return {**{name: getattr(contact, name) for name in names}, "custom": custom, "numbers": entry.numbers}


RESOURCE = ApiResource(
    "contacts",
    "People and companies in the clients' CRMs, with their phone numbers.",
    (
        ApiOperation(
            "GET", "", "contacts.view", "Contacts", list_contacts, ContactSchema, ContactQuerySchema, paged=True
        ),
        ApiOperation(
            "POST",
            "",
            "contacts.import",
            "Put a contact on a list",
            add_contact,
            NewContactResultSchema,
            body=NewContactSchema,
            status=201,
            merges=True,
            description="It joins the campaigns that the list feeds. A contact that the client has already (by its "
            "identifier, else by a number) is not doubled: what was empty in it is filled.",
        ),
        ApiOperation(
            "POST",
            "/batch",
            "contacts.import",
            "Put up to 1000 contacts on a list",
            add_batch,
            BatchResultSchema,
            body=ContactBatchSchema,
            description="All in one transaction, each by the rules of a single contact. What is wrong with one is said "
            "in its place; the others come in. With an Idempotency-Key the same batch sent again is not doubled.",
        ),
        ApiOperation(
            "PUT",
            "/{contact_id}/tags",
            "contacts.edit",
            "File a contact under these tags and no others",
            set_tags,
            body=TagsSchema,
            status=204,
        ),
        ApiOperation("GET", "/{contact_id}", "contacts.view", "One contact", get_contact, ContactDetailsSchema),
        ApiOperation(
            "PATCH",
            "/{contact_id}",
            "contacts.edit",
            "Change some of a contact's fields",
            change_contact,
            body=ContactChangesSchema,
            status=204,
        ),
        ApiOperation(
            "POST",
            "/{contact_id}/numbers",
            "contacts.edit",
            "Give a contact another number",
            add_number,
            body=NewNumberSchema,
            status=201,
        ),
        ApiOperation(
            "PATCH",
            "/{contact_id}/numbers/{number_id}",
            "contacts.edit",
            "Say whether a number is right",
            change_number,
            body=NumberChangesSchema,
            status=204,
        ),
        ApiOperation(
            "DELETE",
            "/{contact_id}/numbers/{number_id}",
            "contacts.edit",
            "Take a number away",
            remove_number,
            status=204,
        ),
    ),
)
