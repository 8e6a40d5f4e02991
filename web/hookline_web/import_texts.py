"""Words for the rules of imports."""

from __future__ import annotations

from hookline.services.imports import Key, Merge, Scope
from hookline.text import N_

KEY_TITLES = {
    Key.IDENTIFIER_OR_PHONE: N_("Identifier, else phone"),
    Key.PHONE: N_("Phone only"),
    Key.EXTERNAL_ID: N_("Identifier only"),
    Key.PHONE_AND_NAME: N_("Phone and name together"),
}
SCOPE_TITLES = {
    Scope.NONE: N_("No row: merge them all"),
    Scope.FILE: N_("Rows that stand in this file twice"),
    Scope.LIST: N_("Contacts that are on this list"),
    Scope.CAMPAIGN: N_("Contacts that are in the campaign…"),
    Scope.CLIENT: N_("Contacts that the client has anywhere"),
}
MERGE_TITLES = {
    Merge.FILL: N_("fill where empty"),
    Merge.KEEP: N_("keep as it is"),
    Merge.OVERWRITE: N_("overwrite"),
    Merge.APPEND: N_("append"),
}
MERGED_TITLES = {
    "first_name": N_("First name"),
    "last_name": N_("Last name"),
    "company": N_("Company"),
    "email": N_("E-mail"),
    "city": N_("City"),
    "region": N_("State or region"),
    "language": N_("Language"),
    "time_zone": N_("Time zone"),
    "notes": N_("Notes"),
    "custom": N_("Own fields"),
    "numbers": N_("Numbers"),
    "tags": N_("Tags"),
}
