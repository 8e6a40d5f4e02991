"""Trims Twilio's OpenAPI descriptions to what the stand-in serves.

    npm pack @twilio-alpha/mcp && tar xzf twilio-alpha-mcp-*.tgz
    python -m tests.plugins.telephony_twilio.standin.spec.trim package/twilio-oai/spec/json

Kept: the operations listed in `KEPT`, whole, and every schema they refer to. Left out: prose (descriptions, examples),
which no validator reads. Nothing is added and nothing changed.
"""

from __future__ import annotations

import gzip
import json
import sys
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent
ACCOUNT = "/2010-04-01/Accounts/{AccountSid}"
COUNTRIES = "/v1/DialingPermissions/Countries"
KEPT: dict[str, tuple[str, ...]] = {
    "twilio_api_v2010": (
        "/2010-04-01/Accounts.json",
        "/2010-04-01/Accounts/{Sid}.json",
        f"{ACCOUNT}/Applications.json",
        f"{ACCOUNT}/Applications/{{Sid}}.json",
        f"{ACCOUNT}/Balance.json",
        f"{ACCOUNT}/Calls.json",
        f"{ACCOUNT}/Calls/{{Sid}}.json",
        f"{ACCOUNT}/Calls/{{CallSid}}/Recordings.json",
        f"{ACCOUNT}/Calls/{{CallSid}}/Recordings/{{Sid}}.json",
        f"{ACCOUNT}/Conferences.json",
        f"{ACCOUNT}/Conferences/{{Sid}}.json",
        f"{ACCOUNT}/Conferences/{{ConferenceSid}}/Participants.json",
        f"{ACCOUNT}/Conferences/{{ConferenceSid}}/Participants/{{CallSid}}.json",
        f"{ACCOUNT}/IncomingPhoneNumbers.json",
        f"{ACCOUNT}/IncomingPhoneNumbers/{{Sid}}.json",
        f"{ACCOUNT}/OutgoingCallerIds.json",
        f"{ACCOUNT}/Queues.json",
        f"{ACCOUNT}/Queues/{{Sid}}.json",
        f"{ACCOUNT}/Queues/{{QueueSid}}/Members.json",
        f"{ACCOUNT}/Queues/{{QueueSid}}/Members/{{CallSid}}.json",
        f"{ACCOUNT}/Recordings.json",
        f"{ACCOUNT}/Recordings/{{Sid}}.json",
    ),
    "twilio_voice_v1": (COUNTRIES, f"{COUNTRIES}/{{IsoCode}}"),
}
"""The paths of each description that the stand-in serves."""


def trimmed(whole: dict[str, Any], paths: tuple[str, ...]) -> dict[str, Any]:
    """The description with these paths alone, and the schemas they need."""
    kept = {path: _plain(whole["paths"][path]) for path in paths}
    for operations in kept.values():
        for operation in operations.values():
            _keep_described(operation)
    schemas: dict[str, Any] = {}
    _collect(kept, whole["components"]["schemas"], schemas)
    components = {"schemas": schemas, "securitySchemes": whole["components"]["securitySchemes"]}
    head = {name: whole[name] for name in ("openapi", "info", "servers")}
    return {**head, "security": whole.get("security", []), "paths": kept, "components": components}


def _plain(part: Any) -> Any:
    """The part without prose. A property may be called `description`; then its value is a schema, not a text."""
    if isinstance(part, dict):
        return {name: _plain(value) for name, value in part.items() if not _is_prose(name, value)}
    return [_plain(value) for value in part] if isinstance(part, list) else part


def _is_prose(name: str, value: Any) -> bool:
    return (name == "description" and isinstance(value, str) and value != "") or name in ("examples", "x-twilio")


def _keep_described(operation: Any) -> None:
    """OpenAPI wants a description of each answer, be it empty."""
    if isinstance(operation, dict):
        for answer in operation.get("responses", {}).values():
            answer.setdefault("description", "")


def _collect(part: Any, schemas: dict[str, Any], into: dict[str, Any]) -> None:
    if isinstance(part, dict):
        name = str(part.get("$ref", "")).rpartition("/")[2]
        if name and name not in into:
            into[name] = _plain(schemas[name])
            _collect(into[name], schemas, into)
        part = list(part.values())
    if isinstance(part, list):
        for value in part:
            _collect(value, schemas, into)


def main(folder: Path) -> None:
    """Trim each description of the folder into this one."""
    for name, paths in KEPT.items():
        short = trimmed(json.loads((folder / f"{name}.json").read_text("utf-8")), paths)
        data = json.dumps(short, separators=(",", ":"), sort_keys=True).encode()
        (FOLDER / f"{name}.json.gz").write_bytes(gzip.compress(data, mtime=0))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
