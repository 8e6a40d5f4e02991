"""Administration of scripts in the browser."""

from __future__ import annotations

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask_babel import get_locale
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from hookline import validation
from hookline.domain.access import Actor
from hookline.errors import Conflict, InvalidInput
from hookline.permissions import requires
from hookline_scripts.bundled import BUNDLED, bundled_text
from hookline_scripts.errors import InvalidScript, Problem
from hookline_scripts.graph.findings import Finding
from hookline_scripts.known_fields import all_fields
from hookline_scripts.permissions import MANAGE
from hookline_scripts.results import ScriptReports
from hookline_scripts.sample import sample_context
from hookline_scripts.schemas import PreviewForm, ScriptForm
from hookline_scripts.service import ScriptService

_AGENT, _CLIENT = "{{ agent.name }}", "{{ campaign.client }}"
Answer = str | Response | tuple[str, int]


def make_blueprint(service: ScriptService, reports: ScriptReports) -> Blueprint:
    """The plugin's pages."""
    views = _Views(service, reports)
    blueprint = Blueprint("scripts", __name__, template_folder="templates")
    for rule, name, view, methods in (
        ("/", "index", views.index, ["GET"]),
        ("/new", "new", views.new, ["GET", "POST"]),
        ("/<int:script_id>/edit", "edit", views.edit, ["GET", "POST"]),
        ("/<int:script_id>/versions", "versions", views.versions, ["GET"]),
        ("/<int:script_id>/duplicate", "duplicate", views.duplicate, ["POST"]),
        ("/<int:script_id>/results", "results", views.results, ["GET"]),
        ("/preview", "preview", views.preview, ["POST"]),
    ):
        blueprint.add_url_rule(rule, name, view, methods=methods)
    return blueprint


class _Views:
    def __init__(self, service: ScriptService, reports: ScriptReports) -> None:
        self._service = service
        self._reports = reports

    @requires(MANAGE)
    def index(self) -> Answer:
        return render_template("scripts/index.html", scripts=self._service.scripts(_actor()))

    @requires(MANAGE)
    def new(self) -> Answer:
        if request.method == "GET":
            template = request.args.get("template", "")
            return self._form(text=bundled_text(template) if template else _first_text(), version=0)
        try:
            form = validation.load(ScriptForm(), _posted())
            script_id = self._service.add(_actor(), form["client_id"], form["text"])
        except InvalidInput as error:
            return self._form(text=_posted_text(), version=0, problems=_problems(error)), error.status
        flash(_("The script is saved. Campaigns can choose it now."), "success")
        return redirect(url_for("scripts.edit", script_id=script_id))

    @requires(MANAGE)
    def edit(self, script_id: int) -> Answer:
        script, text = self._service.get(_actor(), script_id)
        if request.method == "GET":
            return self._form(text=self._text_to_edit(script_id, text), version=script.version, script=script)
        try:
            form = validation.load(ScriptForm(), _posted())
            version = self._service.change(_actor(), script_id, form["text"], form["version"])
        except (InvalidInput, Conflict) as error:
            opened = request.form.get("version", type=int) or 0
            page = self._form(text=_posted_text(), version=opened, script=script, problems=_problems(error))
            return page, error.status
        flash(_("Version %(version)s is saved.", version=version), "success")
        return redirect(url_for("scripts.edit", script_id=script_id))

    @requires(MANAGE)
    def versions(self, script_id: int) -> Answer:
        script, _text = self._service.get(_actor(), script_id)
        return render_template(
            "scripts/versions.html", script=script, versions=self._service.versions(_actor(), script_id)
        )

    @requires(MANAGE)
    def duplicate(self, script_id: int) -> Answer:
        copy = self._service.duplicate(_actor(), script_id)
        flash(_("This is the copy: give it a title of its own and save it."), "success")
        return redirect(url_for("scripts.edit", script_id=copy))

    @requires(MANAGE)
    def results(self, script_id: int) -> Answer:
        script, _text = self._service.get(_actor(), script_id)
        version = request.args.get("version", script.version, type=int)
        found = self._reports.results(_actor(), script_id, version, str(get_locale() or "en"))
        return render_template("scripts/results.html", script=script, version=version, results=found)

    @requires(MANAGE)
    def preview(self) -> Answer:
        form = validation.load(PreviewForm(), request.form)
        return self._preview(form["text"].replace("\r\n", "\n"), form["language"])

    def _preview(self, text: str, language: str) -> str:
        try:
            view, found = self._service.preview(_actor(), text, sample_context(text, language))
        except InvalidScript as error:
            return render_template("scripts/preview.html", view=None, problems=_problems(error))
        return render_template("scripts/preview.html", view=view, findings=[_finding(one) for one in found])

    def _form(self, *, text: str, version: int, script: object = None, problems: list[str] | None = None) -> str:
        language = str(get_locale() or "en")
        return render_template(
            "scripts/form.html",
            script=script,
            text=text,
            version=version,
            problems=problems or [],
            clients=self._service.clients(_actor()),
            client_id=request.form.get("client_id", type=int),
            everywhere=_actor().scope.clients is None,
            fields=all_fields(),
            templates={name: _(title) for name, title in BUNDLED.items()},
            language=language,
            preview=self._preview(text, language),
        )

    def _text_to_edit(self, script_id: int, current: str) -> str:
        wanted = request.args.get("version", type=int)
        versions = self._service.versions(_actor(), script_id) if wanted else []
        return next((v.text for v in versions if v.version == wanted), current)


def _actor() -> Actor:
    actor: Actor = g.actor
    return actor


def _posted() -> dict[str, str | None]:
    # Browsers send "" for "every client", and CRLF in text areas.
    return {
        "text": _posted_text(),
        "client_id": request.form.get("client_id") or None,
        "version": request.form.get("version") or "0",
    }


def _posted_text() -> str:
    return request.form.get("text", "").replace("\r\n", "\n")


def _problems(error: InvalidInput | Conflict) -> list[str]:
    if isinstance(error, InvalidScript):
        return [_words(problem) for problem in error.problems]
    if isinstance(error, InvalidInput):
        return [_(text) for texts in error.fields.values() for text in texts]
    return [f"{_(error.message_id, **error.params)} {_(error.advice_id)}"]


def _finding(found: Finding) -> tuple[str, str]:
    return found.severity.value, f"{_('Line %(line)s: ', line=found.line)}{_(found.message, **found.params)}"


def _words(problem: Problem) -> str:
    place, params = problem.place
    where = _(place, **params) if place else ""
    name = f"{problem.name}: " if problem.name else ""
    return f"{where}{name}{_(problem.message, **problem.params)}"


def _first_text() -> str:
    title, greeting, interested = _("New script"), _("Greeting"), _("Is the contact interested?")
    hello = _("Good morning, this is **%(agent)s** calling for %(client)s.", agent=_AGENT, client=_CLIENT)
    whom = _("Am I speaking with %(name)s?", name="{{ contact.name }}")
    return f"""\
title: {title}
steps:
  - title: {greeting}
    say: |
      {hello}

      {whom}
    ask:
      - key: interested
        label: {interested}
        kind: yes_no
        required: true
"""
