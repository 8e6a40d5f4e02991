"""The administration's forms."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from hookline_scripts.graph.question_schemas import FILLED


class ScriptForm(Schema):
    """The administration's form. `client_id` empty: for every client. `version`: the one that was opened."""

    text = fields.String(required=True, validate=FILLED)
    client_id = fields.Integer(allow_none=True, load_default=None)
    version = fields.Integer(load_default=0)


class PreviewForm(Schema):
    """What the preview is made from; an unfinished text is welcome."""

    text = fields.String(load_default="")
    language = fields.String(load_default="en", validate=validate.OneOf(["en", "pl"]))
