"""An OpenAPI document made ready for reading: operations by tag, schemas as rows of a table."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

_DEEPEST = 4


@dataclass(frozen=True)
class Field:
    """A parameter or a field of a body. `name` is its path, such as "agents[].user_id"."""

    name: str
    kind: str
    required: bool
    description: str
    place: str = ""


@dataclass(frozen=True)
class Entry:
    """One operation."""

    anchor: str
    method: str
    path: str
    summary: str
    description: str
    parameters: tuple[Field, ...]
    body_type: str
    body: tuple[Field, ...]
    answers: tuple[tuple[str, str], ...]
    answer: tuple[Field, ...]
    example: str


@dataclass(frozen=True)
class Section:
    """The operations of one tag."""

    name: str
    description: str
    entries: tuple[Entry, ...]


def sections(document: Mapping[str, Any]) -> list[Section]:
    """Everything the document describes, by tag, in its order."""
    entries: dict[str, list[Entry]] = {tag["name"]: [] for tag in document["tags"]}
    for path, operations in document["paths"].items():
        common = operations.get("parameters", [])
        for method, operation in operations.items():
            if method != "parameters":
                entries.setdefault(operation["tags"][0], []).append(_entry(document, path, method, operation, common))
    return [Section(tag["name"], tag["description"], tuple(entries[tag["name"]])) for tag in document["tags"]]


def _entry(
    document: Mapping[str, Any], path: str, method: str, operation: Mapping[str, Any], common: list[Any]
) -> Entry:
    parameters = [_resolved(document, p) for p in [*common, *operation.get("parameters", ())]]
    body_type, body = _content(document, operation.get("requestBody", {}))
    responses = {status: _resolved(document, found) for status, found in operation["responses"].items()}
    success = next((found for status, found in sorted(responses.items()) if status.startswith("2")), {})
    return Entry(
        anchor=operation["operationId"].replace("/", "-"),
        method=method.upper(),
        path=path,
        summary=operation["summary"],
        description=operation.get("description", ""),
        parameters=tuple(_parameter(p) for p in parameters),
        body_type=body_type,
        body=tuple(_rows(document, body)),
        answers=tuple((status, found["description"]) for status, found in sorted(responses.items())),
        answer=tuple(_rows(document, _content(document, success)[1])),
        example=_example(path, method, body_type, _rows(document, body)),
    )


def _resolved(document: Mapping[str, Any], thing: Mapping[str, Any]) -> Mapping[str, Any]:
    while "$ref" in thing:
        found: Any = document
        for name in thing["$ref"].removeprefix("#/").split("/"):
            found = found[name]
        thing = found
    return thing


def _content(document: Mapping[str, Any], holder: Mapping[str, Any]) -> tuple[str, Mapping[str, Any]]:
    for media_type, content in holder.get("content", {}).items():
        return media_type, _resolved(document, content.get("schema", {}))
    return "", {}


def _parameter(parameter: Mapping[str, Any]) -> Field:
    schema = parameter.get("schema", {})
    return Field(
        parameter["name"],
        _kind(schema),
        parameter.get("required", False),
        parameter.get("description", schema.get("description", "")),
        parameter["in"],
    )


def _rows(document: Mapping[str, Any], schema: Mapping[str, Any], path: str = "", depth: int = 0) -> Iterator[Field]:
    required = set(schema.get("required", ()))
    for name, found in schema.get("properties", {}).items():
        inner = _resolved(document, found)
        label = f"{path}{name}"
        described = found.get("description", inner.get("description", ""))
        if inner.get("type") == "array":
            items = _resolved(document, inner.get("items", {}))
            yield Field(label, f"{_kind(items)}[]", name in required, described)
            inner, label = items, f"{label}[]"
        else:
            yield Field(label, _kind(inner), name in required, described)
        if depth < _DEEPEST:
            yield from _rows(document, inner, f"{label}.", depth + 1)


def _kind(schema: Mapping[str, Any]) -> str:
    kinds = schema.get("type", "object")
    kind = " | ".join(kinds) if isinstance(kinds, list) else str(kinds)
    if "format" in schema:
        kind = f"{kind} ({schema['format']})"
    if "enum" in schema:
        kind += ": " + ", ".join(str(value) for value in schema["enum"] if value is not None)
    bounds = [str(schema[name]) for name in ("minimum", "maximum") if name in schema]
    if len(bounds) == 2:
        kind += f" {bounds[0]}–{bounds[1]}"
    return kind


def _example(path: str, method: str, body_type: str, body: Iterator[Field]) -> str:
    lines = [f"curl -X {method.upper()} -H 'Authorization: Bearer …'"]
    needed = [row for row in body if row.required and "." not in row.name]
    if body_type == "multipart/form-data":
        lines += [f"-F '{row.name}=@contacts.csv'" for row in needed]
    elif body_type:
        sent = {row.name: _sample(row.kind) for row in needed}
        lines += ["-H 'Content-Type: application/json'", f"-d '{json.dumps(sent)}'"]
    return " \\\n  ".join([*lines, f"https://…{path}"])


def _sample(kind: str) -> Any:
    if kind.endswith("[]"):
        return [_sample(kind.removesuffix("[]"))]
    plain = kind.partition(" ")[0].rstrip(":")
    if ": " in kind:
        return kind.partition(": ")[2].split(", ")[0]
    return {"integer": 1, "boolean": True, "object": {}}.get(plain, "…")
