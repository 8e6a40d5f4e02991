"""A call in a script that leads the agent: every move is kept, the version stays, other systems are asked."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from hookline.bootstrap import Runtime
from hookline.domain.scripts import ScriptMove, ScriptView
from hookline.errors import Conflict
from hookline.ports.scripts import GuidedScriptEngine
from hookline_scripts.engine import ScriptsEngine
from hookline_scripts.format import parse_script
from hookline_scripts.graph.model import Lookup
from hookline_scripts.lookups import Lookups
from hookline_scripts.models import Run, Visit
from hookline_scripts.results import ScriptReports, counted
from hookline_scripts.service import ScriptService
from hookline_web.testing import People
from tests.plugins.places import Place
from tests.plugins.scripts.sample_script import context

TEXT = """\
title: Led
nodes:
  hello:
    say: Hello {{ contact.first_name }}
    ask: [{key: age, label: Age, kind: number, required: true}]
    next: [{to: compute, when: answers.age >= 18}, {to: bye}]
  compute: {kind: compute, set: {years: answers.age - 17.5}, next: adult}
  adult: {say: "Of age for {{ vars.years }} years, being {{ answers.age }}", next: bye}
  bye: {kind: end, say: Bye}
  dear: {kind: objection, title: Too dear, say: It is not}
"""


@pytest.fixture
def led(runtime: Runtime, people: People, service: ScriptService) -> str:
    """A script that leads."""
    return str(service.add(runtime.identity.system_actor(), people.acme, TEXT))


@pytest.fixture
def guided(runtime: Runtime) -> ScriptsEngine:
    """The engine."""
    found = runtime.host.script_engines()["scripts"]
    assert isinstance(found, ScriptsEngine)
    assert isinstance(found, GuidedScriptEngine)
    return found


def node(view: ScriptView) -> str:
    assert view.guide is not None
    assert len(view.steps) == 1
    return view.guide.node


def test_a_conversation_is_walked_and_survives(runtime: Runtime, guided: ScriptsEngine, led: str, place: Place) -> None:
    here = context(place.call_id, first_name="Ewa")
    first = guided.view(led, here)
    assert (node(first), first.steps[0].html) == ("hello", "<p>Hello Ewa</p>")
    with pytest.raises(Conflict, match="Age"):
        guided.move(led, here, ScriptMove.NEXT, "", place.agent_id)
    guided.save_answer(led, place.call_id, "age", "20", place.agent_id)
    shown = guided.move(led, here, ScriptMove.NEXT, "", place.agent_id)
    assert (node(shown), shown.steps[0].html) == ("adult", "<p>Of age for 2.5 years, being 20</p>")
    assert guided.view(led, here) == shown, "a reload loses nothing"
    guided.move(led, here, ScriptMove.OBJECTION, "dear", place.agent_id)
    assert node(guided.move(led, here, ScriptMove.NEXT, "", place.agent_id)) == "adult"
    with runtime.db.read() as session:
        visits = [(v.node, v.how) for v in session.query(Visit).order_by(Visit.id)]
    expected = [("hello", "begin"), ("compute", "passed"), ("adult", "next"), ("dear", "objection"), ("adult", "next")]
    assert visits == expected


def test_a_call_keeps_the_version_it_began_with(
    runtime: Runtime, guided: ScriptsEngine, service: ScriptService, led: str, place: Place
) -> None:
    here, system = context(place.call_id), runtime.identity.system_actor()
    guided.save_answer(led, place.call_id, "age", "20", place.agent_id)
    guided.move(led, here, ScriptMove.NEXT, "", place.agent_id)
    service.change(system, int(led), TEXT.replace("say: Bye", "say: New"), 1)
    assert guided.move(led, here, ScriptMove.NEXT, "", place.agent_id).steps[0].html == "<p>Bye</p>"
    assert "Hello" in guided.view(led, context(first_name="X")).steps[0].html


def test_two_windows_do_not_move_twice(runtime: Runtime, guided: ScriptsEngine, led: str, place: Place) -> None:
    here = context(place.call_id)
    guided.save_answer(led, place.call_id, "age", "20", place.agent_id)
    guided.move(led, here, ScriptMove.NEXT, "", place.agent_id)
    with runtime.db.write() as unit:
        unit.session.get_one(Run, (place.call_id, int(led))).moves += 1
    assert node(guided.move(led, here, ScriptMove.BACK, "", place.agent_id)) == "hello"


class _Crm(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        told = json.dumps({"account": {"balance": 12.5, "owner": asked["who"]}}).encode()
        self.send_response(200 if asked["who"] != "nobody" else 500)
        self.send_header("Content-Length", str(len(told)))
        self.end_headers()
        self.wfile.write(told)

    def log_message(self, *_: object) -> None:
        """Nothing to standard error."""


@pytest.fixture
def crm() -> Iterator[str]:
    """Another system, on a spare port."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Crm)
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def lookup(url: str) -> Lookup:
    text = f"""\
title: T
nodes:
  a:
    kind: lookup
    lookup:
      {{url: "{url}/x", query: {{who: contact.city}}, save: {{b: /account/balance, o: /account/owner}}, fallback: z}}
    next: z
  z: {{kind: end}}
"""
    found = parse_script(text).nodes["a"].lookup
    assert found is not None
    return found


def test_another_system_is_asked_within_bounds(crm: str) -> None:
    allowed = Lookups([crm.removeprefix("http://")])
    answered = allowed.ask(lookup(crm), {"contact.city": "Gdynia"})
    assert {name: str(value) for name, value in (answered or {}).items()} == {"b": "12.5", "o": "Gdynia"}
    assert allowed.ask(lookup(crm), {"contact.city": "nobody"}) is None
    assert Lookups().ask(lookup(crm), {"contact.city": "Gdynia"}) is None, "an address inside is not asked unasked"


def test_results_tell_how_far_conversations_got(
    runtime: Runtime, guided: ScriptsEngine, service: ScriptService, led: str, place: Place
) -> None:
    system, here = runtime.identity.system_actor(), context(place.call_id)
    reports = ScriptReports(runtime.db, service)
    empty = reports.results(system, int(led), 1, "en")
    assert empty is not None
    assert (empty.calls, empty.nodes[0].goal_share) == (0, None)
    guided.save_answer(led, place.call_id, "age", "20", place.agent_id)
    for move, target in ((ScriptMove.NEXT, ""), (ScriptMove.OBJECTION, "dear"), (ScriptMove.NEXT, "")):
        guided.move(led, here, move, target, place.agent_id)
    results = reports.results(system, int(led), 1, "en")
    assert results is not None
    assert (results.calls, results.successes) == (1, 0)
    told = {node.id: (node.calls, node.ended) for node in (*results.nodes, *results.objections)}
    assert told == {"hello": (1, 0), "adult": (1, 1), "bye": (0, 0), "dear": (1, 0)}


def test_a_hand_made_history_is_counted_right() -> None:
    source = parse_script(TEXT.replace("{kind: end, say: Bye}", "{kind: end, goal: true, say: Bye}"))
    start = datetime(2026, 1, 15, 9, tzinfo=UTC)

    def at(seconds: int) -> datetime:
        return start + timedelta(seconds=seconds)

    rows = [(1, "hello", at(0)), (1, "adult", at(10)), (1, "bye", at(40)), (2, "hello", at(0)), (2, "bye", at(30))]
    results = counted(source, 1, [*rows, (3, "hello", at(0)), (3, "dear", at(4)), (3, "hello", at(8))], "en")
    by = {node.id: node for node in (*results.nodes, *results.objections)}
    assert (results.calls, results.successes) == (3, 2)
    assert (by["hello"].calls, by["hello"].ended, by["hello"].goal_share) == (3, 1, 2 / 3)
    assert by["hello"].seconds == (10 + 30 + 4) / 3
    assert (by["dear"].calls, by["dear"].goal_share, by["adult"].goal_share) == (1, 0.0, 1.0)
