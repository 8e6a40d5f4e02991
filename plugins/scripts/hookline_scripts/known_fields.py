"""The fields that a script's texts may name."""

from __future__ import annotations

import difflib

#: Group -> names. Besides these, contact.custom.<name> stands for any imported column that has no field of its own.
KNOWN: dict[str, tuple[str, ...]] = {
    "contact": (
        "name",
        "first_name",
        "last_name",
        "company",
        "email",
        "phone",
        "city",
        "language",
        "external_id",
        "notes",
    ),
    "campaign": ("name", "goal", "client"),
    "agent": ("name",),
}
CUSTOM = ("contact", "custom")
#: How core names a custom field in the context's flat dictionary.
CUSTOM_PREFIX = "custom_"


def is_known(path: tuple[str, ...]) -> bool:
    """Whether a text may name the field."""
    if path[:2] == CUSTOM:
        return len(path) == 3
    if path[:1] in (("answers",), ("vars",)):
        return len(path) == 2
    return len(path) == 2 and path[1] in KNOWN.get(path[0], ())


def all_fields() -> list[str]:
    """Every field, as a text names it."""
    named = [f"{group}.{name}" for group, names in KNOWN.items() for name in names]
    return [*named, "contact.custom.NAME"]


def closest(field: str) -> str:
    """The known field that was probably meant; empty when none is near."""
    named = [f"{group}.{name}" for group, names in KNOWN.items() for name in names]
    by_name = {name.split(".")[1]: name for name in reversed(named)}
    if field in by_name:
        return by_name[field]
    return next(iter(difflib.get_close_matches(field, named, 1, 0.75)), "")
