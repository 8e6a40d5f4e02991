"""`hookline campaigns rehearse`: a campaign's past day under another mode, ratio, ceiling or staffing."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from contextlib import nullcontext
from datetime import date, datetime
from typing import Any

import click

from hookline.bootstrap import Runtime
from hookline.commands.installation import installation
from hookline.commands.naming import campaign_id_of, client_id_of
from hookline.commands.tables import table
from hookline.domain.access import Scope
from hookline.domain.campaigns import DialMode
from hookline.services.rehearsal.plan import MODEL, REPLAY, Plan
from hookline.text import fill

_DAY = click.DateTime(["%Y-%m-%d"])


@click.command("rehearse")
@click.argument("name")
@click.option("--client", help="Whose campaign, by name or id, where two clients have one of that name.")
@click.option("--day", "first", type=_DAY, help="The day to rehearse. Default: yesterday, or the last with calls.")
@click.option("--to", "last", type=_DAY, help="The last of several days.")
@click.option("--model", is_flag=True, help="Make calls up as people answered that day, instead of replaying them.")
@click.option("--mode", "modes", multiple=True, type=click.Choice([m.value for m in DialMode]), help="May be repeated.")
@click.option("--ratio", type=float, help="Calls for each ready agent, in power mode.")
@click.option("--ceiling", type=float, help="The abandon ceiling in per cent.")
@click.option("--agents", type=int, help="How many agents work. Default: as many as did.")
@click.option("--contacts", type=int, help="How many contacts a model makes up.")
@click.option("--seed", type=int, default=1, show_default=True, help="The same seed gives the same figures.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")
def rehearse(
    name: str,
    client: str | None,
    first: datetime | None,
    last: datetime | None,
    model: bool,
    modes: tuple[str, ...],
    ratio: float | None,
    ceiling: float | None,
    agents: int | None,
    contacts: int | None,
    seed: int,
    as_json: bool,
) -> None:
    """Rehearse the campaign NAME (or id) and set it beside what really happened. Nobody is ever dialled."""
    plan = Plan(
        first_day=_day(first),
        last_day=_day(last),
        source=MODEL if model else REPLAY,
        ratio=ratio,
        ceiling=None if ceiling is None else ceiling / 100,
        agents=agents,
        contacts=contacts,
        seed=seed,
    )
    with installation() as runtime:
        campaign = _campaign(runtime, name, client)
        plans = [Plan(**{**vars(plan), "mode": mode}) for mode in modes or ("",)]
        results = [_rehearsed(runtime, campaign, one, quiet=as_json) for one in plans]
    if as_json:
        click.echo(json.dumps(results if len(results) > 1 else results[0], indent=2))
        return
    click.echo("\n".join(_report(results)))


def _day(at: datetime | None) -> date | None:
    return at.date() if at is not None else None


def _campaign(runtime: Runtime, name: str, client: str | None) -> int:
    if client is None:
        return campaign_id_of(runtime, name)
    return runtime.record_reads.find_campaign(Scope(frozenset({client_id_of(runtime, client)})), name).id


def _rehearsed(runtime: Runtime, campaign_id: int, plan: Plan, *, quiet: bool) -> dict[str, Any]:
    shown = not quiet and sys.stderr.isatty()
    with click.progressbar(length=1, label="Rehearsing", file=sys.stderr) if shown else nullcontext() as bar:

        def progress(done: int, total: int) -> None:
            if bar is not None and total:
                bar.length = total
                bar.update(done - bar.pos)

        return runtime.rehearsals.rehearse(Scope.everything(), campaign_id, plan, progress)


def _report(results: Sequence[dict[str, Any]]) -> list[str]:
    first = results[0]
    days = " to ".join(dict.fromkeys(first["days"]))
    how = "calls made up by a model" if first["source"] == MODEL else "replayed"
    lines = [f"{days}, {how}; times in {first['zone']}. Nobody was dialled.", ""]
    real = [("as it was", first["real"])] if first["real"] is not None else []
    columns = [*real, *((f"{one['mode']}, {one['agents']} agents", one["rehearsed"]) for one in results)]
    head = ("", *(title for title, _figures in columns))
    lines.append(table(head, [(title, *(read(figures) for _t, figures in columns)) for title, read in _ROWS]))
    notes = dict.fromkeys(fill(message, params) for one in results for message, params in one["notes"])
    return [*lines, *(["", *(f"* {note}" for note in notes)] if notes else [])]


def _share(value: float | None) -> str:
    return "-" if value is None else f"{value:.1%}"


def _finished(figures: dict[str, Any]) -> str:
    at = figures["finished_at"]
    return datetime.fromisoformat(at).strftime("%d %b %H:%M") if at else f"not; {figures['left']} calls left"


_ROWS = (
    ("calls", lambda f: str(f["calls"])),
    ("answered by people", lambda f: str(f["answered"])),
    ("talks", lambda f: str(f["connected"])),
    ("abandoned", lambda f: f"{f['abandoned']} ({_share(f['abandon_rate'])})"),
    ("utilisation", lambda f: _share(f["utilisation"])),
    ("contacts done", lambda f: str(f["contacts"])),
    ("successes", lambda f: f"{f['successes']:g}"),
    ("finished", _finished),
)
