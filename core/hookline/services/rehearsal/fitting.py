"""A model of how people react and agents work, fitted to a past; where the past says too little, typical figures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from math import exp, log, sqrt
from statistics import NormalDist, fmean
from typing import Any
from zoneinfo import ZoneInfo

from hookline.services.rehearsal.case import MACHINE, NOBODY, PERSON, Model
from hookline.services.rehearsal.history import Past, Shift, talk_of, wrap_of
from hookline.text import N_

#: Fewer measured values than this say too little: the typical ones are taken.
_ENOUGH = 10
#: An hour's own answers weigh as much as so many of the whole day's: few calls at noon must not make a model of noon.
_WEIGHT_OF_THE_DAY = 30

# What is typical, where nothing was measured. The same figures as the pacer is measured with (docs/explanation/pacing).
_CHANCE = 0.25
_RING, _TALK, _WRAP, _LOOK = 8.0, 120.0, 20.0, 15.0
_SIGMA = 0.7
_SAMPLES = 99
_HOURS = 8
_AGENTS = 5

#: A message id and what fills it in.
Note = tuple[str, dict[str, Any]]


@dataclass(frozen=True)
class Fitted:
    """The model, and what of it is assumed rather than measured."""

    model: Model
    assumed: list[Note]


def fit(past: Past, zone: str, ring_timeout: float) -> Fitted:
    """A model of the past; what it says too little of is typical, and noted."""
    assumed: list[Note] = []

    def measured(samples: list[float], typical: Sequence[float], note: str) -> Sequence[float]:
        if len(samples) >= _ENOUGH:
            return samples
        assumed.append((note, {"seconds": round(fmean(typical))}))
        return typical

    calls = past.calls
    talks = [talk_of(call) for call in calls if call.connected is not None]
    wraps = [wrap for call in calls if (wrap := wrap_of(call)) is not None]
    rings = [call.answered - call.queued for call in calls if call.who == PERSON and call.answered is not None]
    failing = [call.ended - call.queued for call in calls if call.who == NOBODY]
    settles = [(call.settled or 0.0) - (call.answered or 0.0) for call in calls if call.who == PERSON]
    people, machines = len(rings), sum(call.who == MACHINE for call in calls)
    if len(calls) < _ENOUGH:
        assumed.append(
            (N_("How many answer is not known: %(percent)s %% are assumed."), {"percent": _percent(_CHANCE)})
        )
    model = Model(
        chances=_chances(past, zone) if len(calls) >= _ENOUGH else [(0.0, _CHANCE)],
        rings=measured(rings, _exponential(_RING), N_("Ringing until an answer is assumed: %(seconds)s s.")),
        failing_rings=measured(failing, [2.0, *[ring_timeout] * 2], N_("Ringing in vain is assumed: %(seconds)s s.")),
        talks=measured(talks, _lognormal(_TALK), N_("The length of talks is assumed: %(seconds)s s.")),
        wraps=measured(wraps, _lognormal(_WRAP), N_("The length of wrap-ups is assumed: %(seconds)s s.")),
        success_chance=sum(call.success for call in calls) / max(1, people),
        machine_chance=machines / max(1, len(calls) - people),
        settles=fmean(settles) if settles else 0.0,
    )
    return Fitted(model, assumed)


def _percent(share: float) -> int:
    return round(share * 100)


def _chances(past: Past, zone: str) -> list[tuple[float, float]]:
    """The chance of an answer by the hour of the day, each hour's drawn towards the whole day's."""
    tz = ZoneInfo(zone)
    made: dict[int, list[bool]] = {}
    for call in past.calls:
        hour = (past.begin + timedelta(seconds=call.queued)).astimezone(tz).hour
        made.setdefault(hour, []).append(call.who == PERSON)
    overall = fmean(call.who == PERSON for call in past.calls)
    found: list[tuple[float, float]] = []
    for number in range(int(past.seconds // 3600) + 1):
        hour = (past.begin + timedelta(hours=number)).astimezone(tz).hour
        own = made.get(hour, [])
        chance = (sum(own) + overall * _WEIGHT_OF_THE_DAY) / (len(own) + _WEIGHT_OF_THE_DAY)
        found.append((3600.0 * number, chance))
    return found


def _lognormal(mean: float) -> list[float]:
    """Typical durations of this mean, as evenly spread samples."""
    normal = NormalDist()
    raw = [exp(_SIGMA * normal.inv_cdf(n / (_SAMPLES + 1))) for n in range(1, _SAMPLES + 1)]
    return [value * mean / fmean(raw) for value in raw]


def _exponential(mean: float) -> list[float]:
    raw = [-log(1 - n / (_SAMPLES + 1)) for n in range(1, _SAMPLES + 1)]
    return [min(value * mean / fmean(raw), mean * sqrt(_SAMPLES)) for value in raw]


def staffed(shifts: Sequence[Shift], agents: int | None, assigned: int, opens: float) -> tuple[list[Shift], list[Note]]:
    """The shifts of `agents` agents, None for as many as there were.

    More agents work the same hours as those there were, in turn; of fewer, some stay at home. Where nothing is known,
    they work eight hours from `opens` on.
    """
    known = [shift for shift in shifts if shift]
    if known:
        wanted = len(known) if agents is None else agents
        return [known[_spread(number, wanted, len(known))] for number in range(wanted)], []
    wanted = agents or assigned or _AGENTS
    note = N_("No working time of agents is stored: %(agents)s agents are assumed for %(hours)s hours.")
    return [[(opens, opens + _HOURS * 3600.0)]] * wanted, [(note, {"agents": wanted, "hours": _HOURS})]


def _spread(number: int, wanted: int, known: int) -> int:
    """Evenly chosen where fewer are wanted than there are, in turn where more."""
    return number % known if wanted >= known else number * known // wanted


def typical_looks(looks: Sequence[float]) -> tuple[Sequence[float], list[Note]]:
    """How long agents look at a contact before they dial."""
    if len(looks) >= _ENOUGH:
        return looks, []
    return [_LOOK], [(N_("Looking at a contact before dialling is assumed: %(seconds)s s."), {"seconds": round(_LOOK)})]
