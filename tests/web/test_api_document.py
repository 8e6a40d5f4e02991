"""The API's description is valid, public, and the same for people."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from marshmallow import Schema, fields
from openapi_spec_validator import OpenAPIV31SpecValidator, validate

from hookline.api import ApiOperation, ApiResource
from hookline.bootstrap import Runtime
from hookline.hookspecs import hookimpl
from hookline.plugin_host.host import PluginHost, PluginState
from hookline.settings import Settings
from hookline_web.app import create_app


@pytest.fixture
def bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Flask]:
    """The app as a generator of clients makes it: no argument, nothing set up."""
    monkeypatch.setenv("HOOKLINE_HOME", str(tmp_path))
    app = create_app()
    yield app
    app.extensions["hookline"].runtime.close()


def test_the_document_is_valid_without_an_installation(bare: Flask) -> None:
    answer = bare.test_client().get("/api/v1/openapi.json")
    assert answer.status_code == 200
    document = answer.json
    validate(document, cls=OpenAPIV31SpecValidator)
    assert document["openapi"].startswith("3.1")


def test_core_and_plugins_are_in_it(bare: Flask) -> None:
    document = bare.test_client().get("/api/v1/openapi.json").json
    tags = {tag["name"] for tag in document["tags"]}
    wanted = {"contacts", "lists", "imports", "campaigns", "calls", "dispositions", "agents", "suppression"}
    assert wanted | {"gdpr/consents", "token"} <= tags
    assert "/api/v1/gdpr/consents/{consent_id}" in document["paths"]


def test_every_operation_is_described_and_guarded(bare: Flask) -> None:
    document = bare.test_client().get("/api/v1/openapi.json").json
    assert document["security"] == [{"token": []}]
    ids = []
    for operations in document["paths"].values():
        for method, operation in operations.items():
            if method == "parameters":
                continue
            ids.append(operation["operationId"])
            assert operation["summary"]
            assert "security" not in operation
            assert {"401", "403", "429"} <= set(operation["responses"])
            assert operation["x-hookline-permission"] in operation["description"]
            named = {p["name"] for p in operation.get("parameters", ()) if "name" in p}
            assert (method == "post") == ("Idempotency-Key" in named)
    assert len(set(ids)) == len(ids)


def test_errors_are_described_as_problem_details(bare: Flask) -> None:
    document = bare.test_client().get("/api/v1/openapi.json").json
    for name, response in document["components"]["responses"].items():
        assert list(response["content"]) == ["application/problem+json"], name


def test_people_read_the_same_on_a_page_without_script(bare: Flask) -> None:
    page = bare.test_client().get("/api/v1/docs")
    document = bare.test_client().get("/api/v1/openapi.json").json
    assert page.status_code == 200
    for path in document["paths"]:
        assert f"<code>{path}</code>" in page.text
    assert not re.search(r"<script(?![^>]* src=)|<style|\sstyle=|\son\w+=", page.text)
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]


class _Contributing:
    def __init__(self, *resources: ApiResource) -> None:
        self._resources = list(resources)

    @hookimpl
    def hookline_register_api_resources(self) -> list[ApiResource]:
        return self._resources


def _operation(path: str = "") -> ApiOperation:
    return ApiOperation("GET", path, "contacts.view", "Something", _nothing)


def _nothing(_request: object) -> None:
    return None


def _app(settings: Settings, *resources: ApiResource) -> tuple[Flask, PluginHost]:
    host = PluginHost()
    runtime = Runtime(settings, host=host)
    host.register("extra", _Contributing(*resources))
    return create_app(runtime), host


def test_a_plugin_adds_a_resource_below_its_name(settings: Settings) -> None:
    app, host = _app(settings, ApiResource("things", "Things.", (_operation("/{thing_id}"),)))
    assert app.test_client().get("/api/v1/extra/things/1").status_code == 401
    assert "/api/v1/extra/things/{thing_id}" in app.test_client().get("/api/v1/openapi.json").json["paths"]
    assert host.statuses["extra"].state is PluginState.ACTIVE
    app.extensions["hookline"].runtime.close()


def test_a_plugin_whose_resource_cannot_be_mounted_fails_alone(settings: Settings) -> None:
    app, host = _app(settings, ApiResource("things", "Things.", (_operation(), _operation())))
    assert host.statuses["extra"].state is PluginState.FAILED
    assert app.test_client().get("/api/v1/extra/things").status_code == 404
    assert app.test_client().get("/api/v1/openapi.json").status_code == 200
    app.extensions["hookline"].runtime.close()


class _Indescribable(fields.Field[object]):
    """A field that the document's writer trips over."""

    @property
    def metadata(self) -> dict[str, object]:
        raise RuntimeError("in a test")

    @metadata.setter
    def metadata(self, value: dict[str, object]) -> None:
        """Taken and forgotten."""


class _IndescribableSchema(Schema):
    thing = _Indescribable()


def test_a_plugin_whose_resource_cannot_be_described_fails_alone(settings: Settings) -> None:
    operation = ApiOperation("GET", "", "contacts.view", "Something", _nothing, _IndescribableSchema)
    app, host = _app(settings, ApiResource("things", "Things.", (operation,)))
    document = app.test_client().get("/api/v1/openapi.json").json
    assert "contacts" in {tag["name"] for tag in document["tags"]}
    assert "extra/things" not in {tag["name"] for tag in document["tags"]}
    assert host.statuses["extra"].state is PluginState.FAILED
    assert app.test_client().get("/api/v1/docs").status_code == 200
    app.extensions["hookline"].runtime.close()
