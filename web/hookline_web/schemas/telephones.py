"""The form's part about a campaign's telephones: direction, line, and where its agents may send a customer."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from marshmallow import Schema, ValidationError, fields, post_load, validate

from hookline.services import phones
from hookline.services.campaign_lines import CampaignTelephones
from hookline.text import N_
from hookline_web.i18n import explain

_CHOOSE = N_("Choose from the list.")


class TelephonesSchema(Schema):
    """`lines`: ids that may be chosen; `country`: of numbers without a prefix. `load` gives CampaignTelephones."""

    direction = fields.String(
        load_default="outbound", validate=validate.OneOf(["outbound", "inbound"], error=N_("Choose from the list."))
    )
    line = fields.String(load_default="")
    transfer_targets = fields.String(load_default="", validate=validate.Length(max=2000, error=N_("This is too long.")))

    def __init__(self, lines: Collection[str], country: str) -> None:
        super().__init__()
        self._lines = lines
        self._country = country

    @post_load
    def _telephones(self, data: dict[str, Any], **_kw: Any) -> CampaignTelephones:
        inbound = data["direction"] == "inbound"
        if inbound and data["line"] and data["line"] not in self._lines:
            raise ValidationError(_CHOOSE, "line")
        rows = [row for row in data["transfer_targets"].splitlines() if row.strip()]
        targets = tuple(self._target(row) for row in rows)
        return CampaignTelephones(data["direction"], data["line"] if inbound else "", targets)

    def _target(self, row: str) -> tuple[str, str]:
        """A row is "label: number", or a number alone."""
        label, _colon, number = row.rpartition(":")
        try:
            return label.strip(), phones.normalise(number, self._country).e164
        except phones.InvalidPhone as error:
            raise ValidationError(f"“{row.strip()}”: {explain(error)[0]}", "transfer_targets") from error


def shown(telephones: CampaignTelephones) -> dict[str, str]:
    """Telephones as the form shows them."""
    rows = (number if label == number else f"{label}: {number}" for label, number in telephones.targets)
    return {"direction": telephones.direction, "line": telephones.line, "transfer_targets": "\n".join(rows)}
