"""Makes views and documentation out of resources: flask-smorest for the OpenAPI document, marshmallow for the data."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import cache, wraps
from typing import Any

from flask import Flask, Response, current_app
from flask_smorest import Blueprint
from flask_wtf.csrf import CSRFProtect
from marshmallow import Schema, fields

from hookline.api import GREATEST_ID, ApiCreated, ApiDownload, ApiOperation, ApiPage, ApiRequest, ApiResource
from hookline.permissions import requires
from hookline_web.api import paging, reading
from hookline_web.api.guard import bearer
from hookline_web.api.idempotency import HEADER, repeatable
from hookline_web.api.parts import ApiParts
from hookline_web.ranges import playable

ROOT = "/api/v1"
_ID = re.compile(r"\{(\w+)\}")
_METHODS = {"GET", "POST", "PUT", "PATCH", "DELETE"}


class ResourceBlueprint(Blueprint):  # type: ignore[misc]  # flask-smorest has no types
    """A resource's views; reads with our errors. `title` is its tag in the documentation."""

    ARGUMENTS_PARSER = reading.Reader()
    title = ""
    permissions: frozenset[str] = frozenset()


class CreatedSchema(Schema):
    """What was made."""

    id = fields.Integer(required=True)


class _KeySchema(Schema):
    key = fields.String(
        data_key=HEADER,
        metadata={"description": "Any text of your own: sent again with it, the request is done once (for 24 hours)."},
    )


def blueprint_of(resource: ApiResource, plugin: str = "") -> ResourceBlueprint:
    """The resource's views. They hold nothing of an app and can be mounted on several."""
    _check(resource)
    title = f"{plugin}/{resource.name}" if plugin else resource.name
    blueprint = ResourceBlueprint(
        f"api-{title.replace('/', '-')}", __name__, url_prefix=f"{ROOT}/{title}", description=resource.description
    )
    for operation in resource.operations:
        blueprint.add_url_rule(
            _ID.sub(rf"<int(min=1,max={GREATEST_ID}):\1>", operation.path),
            endpoint=_name(operation),
            view_func=_view(blueprint, operation, title),
            methods=[operation.method],
            tags=[title],
        )
    blueprint.permissions = frozenset(operation.permission for operation in resource.operations)
    blueprint.title = title
    return blueprint


def mount(app: Flask, parts: ApiParts, csrf: CSRFProtect, blueprint: ResourceBlueprint, plugin: str = "") -> None:
    """Add the views to the app. The documentation is written when somebody asks for it."""
    # Nothing here is done for a browser's session, so that no other site can make a browser do it.
    csrf.exempt(blueprint)
    app.register_blueprint(blueprint)
    parts.mounted.append(blueprint)
    parts.permissions |= blueprint.permissions
    if plugin:
        parts.owners[blueprint.name] = plugin


def _check(resource: ApiResource) -> None:
    """Raise ValueError where two operations could not be told apart, or one asks for no permission."""
    for what, found in (
        ("handlers of one name", [_name(o) for o in resource.operations]),
        ("operations of one method and path", [(o.method, o.path) for o in resource.operations]),
    ):
        if len(set(found)) != len(found):
            raise ValueError(f"resource {resource.name} has two {what}")
    for operation in resource.operations:
        if not operation.permission or operation.method not in _METHODS:
            raise ValueError(
                f"{resource.name}: {operation.method} {operation.path} needs a permission and a known method"
            )


def _name(operation: ApiOperation) -> str:
    return operation.handler.__name__.lstrip("_")


def _view(blueprint: ResourceBlueprint, operation: ApiOperation, title: str) -> Callable[..., Any]:
    listing = f"{title}.{_name(operation)}"

    def view(query: Any = None, body: Any = None, headers: Any = None, **path: int) -> Any:
        if operation.upload and operation.body is not None:
            body = reading.load_upload(operation.body())
        asked = dict(query or {})
        after, limit = asked.pop("after", ""), asked.pop("limit", paging.USUAL)
        where = paging.unpack(listing, after) if operation.paged else None
        answer = operation.handler(ApiRequest(bearer().actor, path, asked, body or {}, where, limit))
        return _answer(answer, listing, f"{ROOT}/{title}")

    view.__doc__ = operation.summary
    view.__name__ = _name(operation)
    documented = _with_arguments(blueprint, operation, _with_response(blueprint, operation, view))
    described = blueprint.doc(
        operationId=listing,
        description=f"{operation.description}\n\nNeeds the permission `{operation.permission}`.".strip(),
        **{"x-hookline-permission": operation.permission},
    )(documented)
    checked = _of_right_media(operation, described)
    outermost = repeatable(checked) if operation.method == "POST" else checked
    return requires(operation.permission)(outermost)


def _of_right_media(operation: ApiOperation, view: Callable[..., Any]) -> Callable[..., Any]:
    if operation.body is None:
        return view
    kind = "multipart/form-data" if operation.upload else "application/json"

    @wraps(view)
    def checked(**arguments: Any) -> Any:
        reading.require_media(kind)
        return view(**arguments)

    return checked


def _with_arguments(
    blueprint: ResourceBlueprint, operation: ApiOperation, view: Callable[..., Any]
) -> Callable[..., Any]:
    if operation.body is not None and operation.upload:
        content = {"multipart/form-data": {"schema": operation.body}}
        view = blueprint.doc(requestBody={"required": True, "content": content})(view)
    elif operation.body is not None:
        view = blueprint.arguments(operation.body, location="json", arg_name="body")(view)
    query = _query_schema(operation)
    if query is not None:
        view = blueprint.arguments(query, location="query", arg_name="query")(view)
    if operation.method == "POST":
        view = blueprint.arguments(_KeySchema, location="headers", arg_name="headers")(view)
    return view


def _query_schema(operation: ApiOperation) -> type[Schema] | None:
    if not operation.paged:
        return operation.query
    bases = (operation.query, paging.PageQuerySchema) if operation.query else (paging.PageQuerySchema,)
    return type(f"{_name(operation).title()}QuerySchema", bases, {})


def _with_response(
    blueprint: ResourceBlueprint, operation: ApiOperation, view: Callable[..., Any]
) -> Callable[..., Any]:
    schema = operation.response or (CreatedSchema if operation.status == 201 else None)
    if operation.paged and operation.response is not None:
        schema = _page_schema(operation.response)
    if operation.download:
        view = blueprint.alt_response(206, schema=_BINARY, content_type=operation.download)(view)
        view = blueprint.response(200, _BINARY, content_type=operation.download)(view)
    else:
        if operation.merges:
            view = blueprint.alt_response(200, schema=schema, description="It was there already.")(view)
        view = blueprint.response(operation.status, schema)(view)
    for status, name in _errors_of(operation):
        view = blueprint.alt_response(status, name)(view)
    return view


_BINARY = {"type": "string", "format": "binary"}


@cache
def _page_schema(item: type[Schema]) -> type[Schema]:
    name = item.__name__.removesuffix("Schema")
    return type(
        f"{name}PageSchema",
        (Schema,),
        {
            "items": fields.List(fields.Nested(item), required=True),
            "next": fields.String(
                required=True,
                allow_none=True,
                metadata={"description": "`after` of the next page; null on the last one."},
            ),
        },
    )


def _errors_of(operation: ApiOperation) -> Iterable[tuple[int, str]]:
    yield from ((401, "UNAUTHORIZED"), (403, "FORBIDDEN"), (429, "TOO_MANY_REQUESTS"))
    if operation.path or operation.body:
        yield 404, "NOT_FOUND"
    if operation.method != "GET":
        yield 409, "CONFLICT"
    if operation.body:
        yield from (
            (400, "BAD_REQUEST"),
            (413, "REQUEST_ENTITY_TOO_LARGE"),
            (415, "UNSUPPORTED_MEDIA_TYPE"),
        )
    if operation.download:
        yield 416, "REQUESTED_RANGE_NOT_SATISFIABLE"
    yield 422, "UNPROCESSABLE_ENTITY"


def _answer(answer: Any, listing: str, root: str) -> Any:
    match answer:
        case None:
            return current_app.response_class(status=204)
        case ApiPage():
            cursor = paging.pack(listing, answer.next) if answer.next is not None else None
            body = {"items": answer.items, "next": cursor}
            return (body, {"Link": paging.link(cursor)}) if cursor else body
        case ApiCreated():
            return {"id": answer.id, **answer.details}, 201 if answer.is_new else 200, {"Location": root + answer.path}
        case ApiDownload():
            return _download(answer)
    return answer


def _download(answer: ApiDownload) -> Response:
    if answer.sound is not None:
        response = playable(answer.sound, answer.media_type)
    else:
        response = current_app.response_class(answer.chunks, mimetype=answer.media_type)
    response.headers.set("Content-Disposition", "attachment", filename=answer.file_name)
    return response
