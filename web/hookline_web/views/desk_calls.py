"""What an agent does with calls beyond the plain: take them, hand them on, ask somebody, pause the recording."""

from __future__ import annotations

from flask import Blueprint, g, request
from marshmallow import Schema, fields, validate
from werkzeug.wrappers import Response as BaseResponse

from hookline.permissions import requires
from hookline.text import N_
from hookline.validation import load
from hookline_web.context import runtime
from hookline_web.views.desk import SwitchSchema, act_on_desk

blueprint = Blueprint("desk_calls", __name__, url_prefix="/desk/call")


class TransferSchema(Schema):
    """To whom ("agent-7", "preset-0", "number" with `typed`), and whether to ask first."""

    target = fields.String(
        required=True, validate=validate.Length(1, 40), error_messages={"required": N_("Choose to whom.")}
    )
    typed = fields.String(load_default="", validate=validate.Length(max=40))
    manner = fields.String(required=True, validate=validate.OneOf(["send", "consult"]))


class PartySchema(Schema):
    """What to do with whoever was brought in."""

    act = fields.String(required=True, validate=validate.OneOf(["swap", "confer", "complete", "cancel"]))


@blueprint.post("/accept")
@requires("desk.use")
def accept() -> BaseResponse | str:
    """Take the call that rings."""
    return act_on_desk(lambda: runtime().desk_calls.offers.accept(g.actor))


@blueprint.post("/decline")
@requires("desk.use")
def decline() -> BaseResponse | str:
    """Let it go to somebody else."""
    return act_on_desk(lambda: runtime().desk_calls.offers.decline(g.actor))


@blueprint.post("/transfer")
@requires("desk.use")
def transfer() -> BaseResponse | str:
    """Hand the customer on, at once or after asking."""
    data = load(TransferSchema(), request.form)

    def act() -> None:
        more, call = runtime().desk_calls, runtime().calls.own(g.actor)
        target = more.targets.chosen(g.actor, call, data["target"], data["typed"])
        (more.transfers.send if data["manner"] == "send" else more.transfers.consult)(g.actor, target)

    return act_on_desk(act)


@blueprint.post("/party")
@requires("desk.use")
def party() -> BaseResponse | str:
    """Talk to the other one, to both, hand over, or let them go."""
    transfers = runtime().desk_calls.transfers
    acts = {
        "swap": transfers.swap,
        "confer": transfers.confer,
        "complete": transfers.complete,
        "cancel": transfers.cancel,
    }
    act = acts[load(PartySchema(), request.form)["act"]]
    return act_on_desk(lambda: act(g.actor))


@blueprint.post("/leave")
@requires("desk.use")
def leave() -> BaseResponse | str:
    """Leave a colleague who asked something."""
    return act_on_desk(lambda: runtime().desk_calls.transfers.leave(g.actor))


@blueprint.post("/recording")
@requires("desk.use")
def recording() -> BaseResponse | str:
    """Pause the recording, or go on."""
    return act_on_desk(lambda: runtime().calls.pause_recording(g.actor, load(SwitchSchema(), request.form)["on"]))
