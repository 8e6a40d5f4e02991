"""What an import does with rows about people the client knows already: how they are told, left out or merged."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any

from hookline.errors import InvalidInput
from hookline.services.imports.rows import PLAIN
from hookline.text import N_

_LONGEST_WINDOW = 3650


class Key(StrEnum):
    """By what a row is known to be about a contact."""

    IDENTIFIER_OR_PHONE = "identifier_or_phone"
    PHONE = "phone"
    EXTERNAL_ID = "external_id"
    PHONE_AND_NAME = "phone_and_name"


class Scope(StrEnum):
    """Where a row counts as known already. NONE: nowhere; it is merged into the contact there is."""

    NONE = "none"
    FILE = "file"
    LIST = "list"
    CAMPAIGN = "campaign"
    CLIENT = "client"


class Merge(StrEnum):
    """What becomes of a field that the contact has already."""

    KEEP = "keep"
    FILL = "fill"
    OVERWRITE = "overwrite"
    APPEND = "append"


#: Fields that a merge rule may be given for: plain ones, numbers, tags, custom fields, time zone.
MERGED_FIELDS = (*PLAIN, "numbers", "tags", "custom", "time_zone")


@dataclass(frozen=True)
class ImportRules:
    """Rules of one import. `window_days` None: however long ago. `merge` names the fields that are not just filled."""

    key: Key = Key.IDENTIFIER_OR_PHONE
    leave_out: Scope = Scope.NONE
    campaign_id: int | None = None
    window_days: int | None = None
    merge: Mapping[str, Merge] = field(default_factory=dict)
    scrub: bool = True
    tags: tuple[str, ...] = ()

    def of(self, name: str) -> Merge:
        """The rule of a field."""
        return self.merge.get(name, Merge.FILL)

    def to_json(self) -> dict[str, Any]:
        """Plain data for storage."""
        return {**asdict(self), "merge": dict(self.merge), "tags": list(self.tags)}


def rules_of(data: Mapping[str, Any]) -> ImportRules:
    """The rules from plain data, checked; what is left out has its default. Raises InvalidInput by field."""
    wrong: dict[str, list[str]] = {}
    key = _one_of(Key, data.get("key") or Key.IDENTIFIER_OR_PHONE, "key", wrong)
    scope = _one_of(Scope, data.get("leave_out") or Scope.NONE, "leave_out", wrong)
    merge = {}
    for name, rule in dict(data.get("merge") or {}).items():
        if name not in MERGED_FIELDS:
            wrong["merge"] = [N_("There is no such field.")]
        else:
            merge[name] = _one_of(Merge, rule, "merge", wrong)
    window, campaign_id = data.get("window_days"), data.get("campaign_id")
    if window is not None and not 1 <= int(window) <= _LONGEST_WINDOW:
        wrong["window_days"] = [N_("Write a number of days from 1 to 3650.")]
    if scope is Scope.CAMPAIGN and campaign_id is None:
        wrong["campaign_id"] = [N_("Choose the campaign.")]
    if wrong:
        raise InvalidInput(N_("Some fields need another look."), N_("Mend the marked fields and send again."), wrong)
    tags = tuple(dict.fromkeys(tag.strip() for tag in data.get("tags") or () if tag.strip()))
    return ImportRules(key, scope, campaign_id, window, merge, bool(data.get("scrub", True)), tags)


def _one_of(kind: Any, value: Any, name: str, wrong: dict[str, list[str]]) -> Any:
    try:
        return kind(value)
    except ValueError:
        wrong[name] = [N_("Choose one of the values offered.")]
        return next(iter(kind))
