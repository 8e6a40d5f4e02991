"""The agent's desktop. Every act answers with the desk afresh: the server owns the call, the page shows it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo

from flask import Blueprint, Response, g, redirect, render_template, request, url_for
from flask_babel import get_locale
from marshmallow import EXCLUDE, Schema, fields, pre_load, validate
from werkzeug.wrappers import Response as BaseResponse

from hookline.contributions import NavigationItem
from hookline.domain.callbacks import CallbackWish
from hookline.domain.dialling import DialRefused
from hookline.domain.scripts import ScriptMove
from hookline.permissions import requires
from hookline.text import N_
from hookline.validation import load
from hookline_web import desk_texts
from hookline_web.context import runtime
from hookline_web.views.phone import phone_context

blueprint = Blueprint("desk", __name__, url_prefix="/desk")
NAVIGATION = [NavigationItem(N_("Desktop"), "desk.show", "desk.use", section="work", icon="headset", order=10)]

PAUSE_REASONS = (N_("Break"), N_("Lunch"), N_("Meeting"), N_("Training"), N_("Technical problem"))
SKIP_REASONS = (N_("Not a good moment"), N_("Needs preparation"), N_("Wrong data"), N_("Already settled"))

_REQUIRED = {"required": N_("Fill this in.")}
#: What the names of a script's fields begin with on the page.
_ANSWER = "answer-"


class StartSchema(Schema):
    """Which station (None: the browser), which campaign (none: all)."""

    station_id = fields.Integer(
        required=True, allow_none=True, error_messages={"invalid": N_("Choose a station."), **_REQUIRED}
    )
    campaign_id = fields.Integer(load_default=None, allow_none=True)

    @pre_load
    def _browser(self, data: Any, **_kwargs: Any) -> Any:
        return {**data, "station_id": None} if data.get("station_id") == "browser" else data


class ReasonSchema(Schema):
    """Why one pauses."""

    reason = fields.String(load_default="", validate=validate.Length(max=200))


class SkipSchema(ReasonSchema):
    """Why one skips; which contact the page shows."""

    record_id = fields.Integer(load_default=None, allow_none=True)


class DialSchema(Schema):
    """Which of the contact's numbers (none: the first); which contact the page shows."""

    number_id = fields.Integer(load_default=None, allow_none=True)
    record_id = fields.Integer(load_default=None, allow_none=True)


class HandSchema(Schema):
    """A number typed by hand, in a campaign."""

    campaign_id = fields.Integer(required=True, error_messages={**_REQUIRED})
    number = fields.String(required=True, validate=validate.Length(1, 40), error_messages={**_REQUIRED})


class SwitchSchema(Schema):
    """On or off."""

    on = fields.Boolean(required=True)


class DigitsSchema(Schema):
    """Keypad digits."""

    digits = fields.String(required=True, validate=validate.Regexp(r"^[0-9*#A-D]{1,32}$"))


class OfCallSchema(Schema):
    """Which call the page shows: an old tab, or a request that comes late, changes no other."""

    call_id = fields.Integer(load_default=None, allow_none=True)


class PresenceSchema(Schema):
    """Which page is there, by the name it gave itself, and whether it takes the desk."""

    page = fields.String(load_default="", validate=validate.Regexp(r"^[0-9a-f]{0,64}$"))
    take = fields.Boolean(load_default=False)


class AnswerSchema(OfCallSchema):
    """A script answer."""

    question = fields.String(required=True, validate=validate.Length(1, 100))
    value = fields.String(load_default="", validate=validate.Length(max=4000))


class ScriptMoveSchema(OfCallSchema):
    """How to go on in the script; where an `objection` was raised, aside to it."""

    move = fields.Enum(ScriptMove, by_value=True, load_default=ScriptMove.NEXT)
    objection = fields.String(load_default="", validate=validate.Length(max=100))


class NoteSchema(OfCallSchema):
    """A note about the call."""

    note = fields.String(load_default="", validate=validate.Length(max=4000))


class DispositionSchema(NoteSchema):
    """What came of the call; `wall` is the time agreed for a callback, as the clock shows it at the contact's."""

    code = fields.String(required=True, error_messages={"required": N_("Choose what came of the call.")})
    wall = fields.NaiveDateTime(load_default=None, allow_none=True, error_messages={"invalid": N_("Choose a time.")})
    personal = fields.Boolean(load_default=False)


@blueprint.get("")
@requires("desk.use")
def show() -> str:
    """The desktop."""
    return render_template("desk/page.html", **_context())


@blueprint.get("/view")
@requires("desk.use")
def fragment() -> str:
    """The desk by itself, for the page that is open."""
    return render_template("desk/desk.html", **_context())


@blueprint.post("/start")
@requires("desk.use")
def start() -> BaseResponse | str:
    """Take a station and begin."""
    data = load(StartSchema(), _blank_to_none(request.form))
    return act_on_desk(lambda: runtime().agents.start_work(g.actor, data["station_id"], data["campaign_id"]))


@blueprint.post("/ready")
@requires("desk.use")
def ready() -> BaseResponse | str:
    """Be available."""

    def act() -> None:
        runtime().agents.go_ready(g.actor)
        runtime().presenter.present(g.actor.user_id)

    return act_on_desk(act)


@blueprint.post("/pause")
@requires("desk.use")
def pause() -> BaseResponse | str:
    """Pause with a reason."""
    return act_on_desk(lambda: runtime().agents.pause(g.actor, load(ReasonSchema(), request.form)["reason"]))


@blueprint.post("/end")
@requires("desk.use")
def end_shift() -> BaseResponse | str:
    """End the shift; the log-in stays."""
    return act_on_desk(lambda: runtime().agents.log_out(g.actor.user_id))


@blueprint.post("/dial")
@requires("desk.use")
def dial() -> BaseResponse | str:
    """Dial the presented contact."""
    data = load(DialSchema(), _blank_to_none(request.form))
    return act_on_desk(lambda: runtime().work.dial(g.actor, data["number_id"], data["record_id"]))


@blueprint.post("/dial-by-hand")
@requires("desk.use")
def dial_by_hand() -> BaseResponse | str:
    """Dial a typed number."""
    data = load(HandSchema(), request.form)
    return act_on_desk(lambda: runtime().work.dial_by_hand(g.actor, data["campaign_id"], data["number"]))


@blueprint.post("/skip")
@requires("desk.use")
def skip() -> BaseResponse | str:
    """Put the presented contact aside."""
    data = load(SkipSchema(), _blank_to_none(request.form))
    return act_on_desk(lambda: runtime().work.skip(g.actor, data["reason"], data["record_id"]))


@blueprint.post("/hang-up")
@requires("desk.use")
def hang_up() -> BaseResponse | str:
    """End the call."""
    return act_on_desk(lambda: runtime().calls.hang_up(g.actor))


@blueprint.post("/hold")
@requires("desk.use")
def hold() -> BaseResponse | str:
    """Hold the customer, or take him back."""
    return act_on_desk(lambda: runtime().calls.hold(g.actor, load(SwitchSchema(), request.form)["on"]))


@blueprint.post("/mute")
@requires("desk.use")
def mute() -> BaseResponse | str:
    """Mute the agent's voice, or let it through."""
    return act_on_desk(lambda: runtime().calls.mute(g.actor, load(SwitchSchema(), request.form)["on"]))


@blueprint.post("/keypad")
@requires("desk.use")
def keypad() -> BaseResponse | str:
    """Send digits."""
    return act_on_desk(lambda: runtime().calls.send_dtmf(g.actor, load(DigitsSchema(), request.form)["digits"]))


@blueprint.post("/dispose")
@requires("desk.use")
def dispose() -> BaseResponse | str:
    """Say what came of the call."""
    data = load(DispositionSchema(), _blank_to_none(request.form))
    wish = CallbackWish(data["wall"], data["personal"]) if data["wall"] else None
    return act_on_desk(lambda: runtime().work.dispose(g.actor, data["code"], data["note"] or "", wish, data["call_id"]))


@blueprint.post("/note")
@requires("desk.use")
def note() -> Response:
    """Keep the note as it is typed."""
    data = load(NoteSchema(), request.form)
    runtime().calls.save_note(g.actor, data["note"], data["call_id"])
    return Response(status=204)


@blueprint.post("/answer")
@requires("desk.use")
def answer() -> Response:
    """Keep a script answer."""
    data = load(AnswerSchema(), request.form)
    runtime().desk.save_answer(g.actor, data["question"], data["value"], data["call_id"])
    return Response(status=204)


@blueprint.post("/script")
@requires("desk.use")
def script() -> BaseResponse | str:
    """Go on, back or aside in the script, with the answers that the page shows."""
    shown = {name for name in request.form if name.startswith(_ANSWER)}
    data = load(ScriptMoveSchema(unknown=EXCLUDE), {k: v for k, v in request.form.items() if k not in shown})
    answers = {}
    for name in sorted(shown):
        given = {"question": name.removeprefix(_ANSWER), "value": "; ".join(filter(None, request.form.getlist(name)))}
        kept = load(AnswerSchema(), given)
        answers[kept["question"]] = kept["value"]
    move = ScriptMove.OBJECTION if data["objection"] else data["move"]
    language = str(get_locale() or "en")
    return act_on_desk(
        lambda: runtime().desk.move_script(g.actor, move, data["objection"], answers, data["call_id"], language)
    )


@blueprint.post("/heartbeat")
@requires("desk.use")
def heartbeat() -> Response:
    """The page is there; the one that was opened last, or was told to, takes the desk."""
    data = load(PresenceSchema(), request.form)
    runtime().agents.heartbeat(g.actor.user_id, data["page"], take=data["take"])
    return Response(status=204)


def act_on_desk(act: Callable[[], object]) -> BaseResponse | str:
    """Do it, then show the desk as it is now. A refusal by the gate is shown on the desk, not as an error."""
    if "X-Desk-Page" in request.headers:
        runtime().agents.refuse_other_page(g.actor.user_id, request.headers["X-Desk-Page"])
    try:
        act()
    except DialRefused:
        if not _asked_for_fragment():
            return redirect(url_for("desk.show"))
    if _asked_for_fragment():
        return fragment()
    return redirect(url_for("desk.show"))


def _asked_for_fragment() -> bool:
    return "HX-Request" in request.headers


def _context() -> dict[str, Any]:
    language = str(get_locale() or "en")
    view = runtime().desk.view(g.actor, language)
    campaigns = runtime().agents.campaigns_for(g.actor)
    stations = runtime().agents.stations_for(g.actor)
    return {
        "desk": view,
        "stations": stations,
        **phone_context(view.agent, campaigns, stations),
        "campaigns": campaigns,
        "hand_campaigns": [c for c in campaigns if c.state == "running" and g.actor.grant(c.id).dial_by_hand],
        "pause_reasons": PAUSE_REASONS,
        "skip_reasons": SKIP_REASONS,
        "notice": desk_texts.notice_of(view.agent.notice if view.agent else ""),
        "digits": desk_texts.shortcut_digits(len(view.dispositions)),
        "pauses": desk_texts.PAUSES,
        "station_notes": desk_texts.station_notes(view.agent.station_kind if view.agent else ""),
        "idle_texts": desk_texts.IDLE,
        "contact_now": runtime().clock.now().astimezone(ZoneInfo(view.contact.time_zone if view.contact else "UTC")),
        "N_": N_,
    }


def _blank_to_none(form: Any) -> dict[str, Any]:
    return {key: value for key, value in form.items() if value != ""}
