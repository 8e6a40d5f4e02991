"""Administration of trunks in the browser, and test calls."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import structlog
from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from hookline import validation
from hookline.db.database import Database
from hookline.domain.access import Actor
from hookline.errors import Conflict, HooklineError, InvalidInput
from hookline.permissions import requires
from hookline.ports.telephony import TelephonyError
from hookline_telephony_sip.advice import verdict
from hookline_telephony_sip.guards import number_for_test
from hookline_telephony_sip.permissions import MANAGE
from hookline_telephony_sip.reach import TrunkReach
from hookline_telephony_sip.schemas import NumberSchema, TrunkSchema
from hookline_telephony_sip.service import TrunkDraft, TrunkService, TrunkView
from hookline_telephony_sip.trials import Trial, Trials

log = structlog.get_logger(__name__)
_NEW = vars(TrunkDraft(name="", host=""))
Answer = str | Response | tuple[str, int]


def make_blueprint(db: Database, trunks: TrunkService, trials: Trials, reach: TrunkReach) -> Blueprint:
    """The plugin's pages."""
    views = _Views(db, trunks, trials, reach)
    blueprint = Blueprint("telephony_sip", __name__, template_folder="templates", static_folder="static")
    for rule, name, view, methods in (
        ("/", "index", views.index, ["GET"]),
        ("/new", "new", views.new, ["GET", "POST"]),
        ("/<int:trunk_id>", "edit", views.edit, ["GET", "POST"]),
        ("/<int:trunk_id>/<any(activate, deactivate):act>", "set_active", views.set_active, ["POST"]),
        ("/<int:trunk_id>/test", "test", views.test, ["GET", "POST"]),
        ("/tests/<trial_id>", "progress", views.progress, ["GET"]),
        ("/tests/<trial_id>/stop", "stop", views.stop, ["POST"]),
    ):
        blueprint.add_url_rule(rule, name, view, methods=methods)
    return blueprint


class _Views:
    def __init__(self, db: Database, trunks: TrunkService, trials: Trials, reach: TrunkReach) -> None:
        self._db = db
        self._trunks = trunks
        self._trials = trials
        self._reach = reach

    @requires(MANAGE)
    def index(self) -> Answer:
        return render_template(
            "telephony_sip/index.html", trunks=self._trunks.list_trunks(_actor()), reach=self._reach.states()
        )

    @requires(MANAGE)
    def new(self) -> Answer:
        if request.method == "GET":
            return self._form(_NEW)
        try:
            draft = _posted_draft()
            trunk_id = self._trunks.add_trunk(_actor(), draft)
        except InvalidInput as error:
            return self._form(request.form, error), error.status
        flash(_("The trunk %(name)s is added. A test call shows whether it works.", name=draft.name), "success")
        return redirect(url_for("telephony_sip.test", trunk_id=trunk_id))

    @requires(MANAGE)
    def edit(self, trunk_id: int) -> Answer:
        trunk = self._trunks.get_trunk(_actor(), trunk_id)
        if request.method == "GET":
            return self._form(vars(trunk.record), trunk=trunk)
        try:
            self._trunks.change_trunk(_actor(), trunk_id, _posted_draft())
        except InvalidInput as error:
            return self._form(request.form, error, trunk), error.status
        flash(_("The changes are saved."), "success")
        return redirect(url_for("telephony_sip.index"))

    @requires(MANAGE)
    def set_active(self, trunk_id: int, act: str) -> Answer:
        self._trunks.set_trunk_active(_actor(), trunk_id, act == "activate")
        flash(_("The trunk is in use again.") if act == "activate" else _("The trunk is out of use."), "success")
        return redirect(url_for("telephony_sip.index"))

    @requires(MANAGE)
    def test(self, trunk_id: int) -> Answer:
        trunk = self._trunks.get_trunk(_actor(), trunk_id)
        if request.method == "GET":
            wanted = request.args.get("call", "")
            return self._test_page(trunk, trial=self._trials.get(_actor().user_id, wanted) if wanted else None)
        try:
            trial = self._place(trunk)
        except (InvalidInput, Conflict, TelephonyError) as error:
            return self._test_page(trunk, error=error), error.status if error.status != 503 else 409
        return redirect(url_for("telephony_sip.test", trunk_id=trunk_id, call=trial.id))

    @requires(MANAGE)
    def progress(self, trial_id: str) -> Answer:
        return _progress(self._trials.get(_actor().user_id, trial_id))

    @requires(MANAGE)
    def stop(self, trial_id: str) -> Answer:
        trial = self._trials.get(_actor().user_id, trial_id)
        trial.stop()
        if "HX-Request" in request.headers:
            return _progress(trial)
        return redirect(url_for("telephony_sip.test", trunk_id=trial.trunk.id, call=trial.id))

    def _place(self, trunk: TrunkView) -> Trial:
        record = trunk.record
        asked = validation.load(NumberSchema(), request.form)["number"]
        number = number_for_test(self._db, asked, record.caller_id, record.client_id)
        trial = self._trials.begin(_actor().user_id, self._trunks.usable(_actor(), record.id), number)
        log.info("test_call_placed", trunk=record.id, user=_actor().user_id)
        return trial

    def _form(
        self, values: Mapping[str, Any], error: InvalidInput | None = None, trunk: TrunkView | None = None
    ) -> str:
        return render_template(
            "telephony_sip/form.html",
            values=values,
            error=error,
            trunk=trunk,
            clients=self._trunks.clients(_actor()),
        )

    def _test_page(self, trunk: TrunkView, *, trial: Trial | None = None, error: HooklineError | None = None) -> str:
        return render_template(
            "telephony_sip/test.html",
            trunk=trunk,
            values={"number": request.form.get("number", trial.number if trial else "")},
            error=error,
            progress=_progress(trial) if trial else "",
        )


def _progress(trial: Trial) -> str:
    seen = trial.progress
    return render_template(
        "telephony_sip/progress.html", trial=trial, progress=seen, verdict=verdict(seen), stage=seen.stage.value
    )


def _posted_draft() -> TrunkDraft:
    return TrunkDraft(**validation.load(TrunkSchema(), request.form))


def _actor() -> Actor:
    actor: Actor = g.actor
    return actor
