"""A centre whose two clients have one of everything the JSON API shows, and programs that ask it."""

from __future__ import annotations

import io
import wave
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from hookline.db.models import Attempt, Call, CampaignContact, Contact, ContactNumber, Disposition, Recording
from hookline.services.exports import RowPer
from hookline.services.imports import NewList
from hookline.services.rehearsal.plan import Plan
from hookline.services.suppression_lists import Reach
from hookline.testing.centre import Centre
from hookline_web.testing import make_app

OURS, THEIRS = "+48221234567", "+48221234568"
CSV = b"phone;first_name\n+48221230001;Ewa\n"


@dataclass
class World:
    """`ours` and `theirs`: by path parameter, the id of what the client Acme and the client Globex have of it."""

    centre: Centre
    app: Flask
    globex: int
    ours: dict[str, int]
    theirs: dict[str, int]

    @property
    def acme(self) -> int:
        """The client whose data the usual token reaches."""
        return self.centre.client_id

    def program(self, *permissions: str, clients: list[int] | None = None, every_client: bool = False) -> Program:
        """A program with a token for Acme (or `clients`, or every one); with every permission unless some are named."""
        held = permissions or tuple(sorted(self.centre.operator.permissions - {"tokens.manage"}))
        issued = self.centre.runtime.tokens.issue(
            self.centre.operator,
            {
                "name": "test",
                "permissions": list(held),
                "all_clients": every_client,
                "clients": clients or [self.acme],
                "days": 90,
            },
        )
        return Program(self.app.test_client(), issued.secret)


class Program:
    """Sends requests with a token."""

    def __init__(self, client: FlaskClient, secret: str) -> None:
        self.client = client
        self.secret = secret

    def send(self, method: str, path: str, json: Any = None, **options: Any) -> TestResponse:
        """One request; `path` is below /api/v1."""
        headers = {"Authorization": f"Bearer {self.secret}", **options.pop("headers", {})}
        if json is not None:
            options["json"] = json
        return self.client.open(f"/api/v1{path}", method=method, headers=headers, **options)

    def get(self, path: str, **options: Any) -> TestResponse:
        """GET."""
        return self.send("GET", path, **options)

    def post(self, path: str, json: Any = None, **options: Any) -> TestResponse:
        """POST."""
        return self.send("POST", path, json, **options)

    def items(self, path: str, **query: Any) -> Iterator[dict[str, Any]]:
        """Every item of a list, page after page."""
        while True:
            page = self.get(path, query_string=query)
            assert page.status_code == 200, page.text
            yield from page.json["items"]
            if page.json["next"] is None:
                return
            query["after"] = page.json["next"]


def upload(**form: Any) -> dict[str, Any]:
    """A file as multipart/form-data, for `send`."""
    return {"data": {"file": (io.BytesIO(CSV), "contacts.csv"), **form}, "content_type": "multipart/form-data"}


def build(folder: Path, database_url: str = "") -> World:
    """The centre with both clients' things."""
    centre = Centre(folder, database_url=database_url)
    globex = centre.client("Globex")
    app = make_app(centre.runtime)
    world = World(
        centre,
        app,
        globex,
        _client(centre, centre.client_id, "anna", OURS),
        _client(centre, globex, "bob", THEIRS),
    )
    everywhere = world.program("gdpr.manage", "stations.manage", every_client=True)
    for things in (world.ours, world.theirs):
        made = everywhere.post("/gdpr/consents", consent_of(things["contact_id"]))
        assert made.status_code == 201, made.text
        things["consent_id"] = made.json["id"]
        things["station_id"] = made_station(everywhere, f"Desk {things['agent_id']}")
    return world


def made_station(program: Program, name: str) -> int:
    """A station, by the API."""
    made = program.post("/stations", {"name": name, "address": "sip:desk@192.0.2.10"})
    assert made.status_code == 201, made.text
    return int(made.json["id"])


def _client(centre: Centre, client_id: int, agent: str, number: str) -> dict[str, int]:
    runtime, operator = centre.runtime, centre.operator
    agent_id = centre.agent(agent)
    campaign_id = centre.campaign([number], agents=[agent_id], client_id=client_id, running=False)
    runtime.suppression.add(operator, ["+48221239999"], Reach(client_id), country="PL", reason="asked", source="letter")
    entry = runtime.suppression.search(operator, client_id=client_id)[0]
    import_id = runtime.imports.upload(operator, io.BytesIO(CSV), "x.csv", NewList(client_id, "new", "PL"))
    with runtime.db.write() as unit:
        record = unit.session.query(CampaignContact).filter_by(campaign_id=campaign_id).one()
        contact_number = unit.session.query(ContactNumber).filter_by(contact_id=record.contact_id).one()
        disposition = unit.session.query(Disposition).filter_by(campaign_id=campaign_id, code="SUCCESS").one()
        contact = unit.session.get_one(Contact, record.contact_id)
        contact.external_id = f"X{client_id}"
    call_id, recording_id = _call(centre, record, agent_id, number, disposition.id)
    return {
        "contact_id": record.contact_id,
        "number_id": contact_number.id,
        "list_id": runtime.campaigns.list_ids(operator.scope, campaign_id)[0],
        "import_id": import_id,
        "campaign_id": campaign_id,
        "disposition_id": disposition.id,
        "agent_id": agent_id,
        "entry_id": entry.id,
        "call_id": call_id,
        "recording_id": recording_id,
        "push_id": _push(centre, campaign_id, client_id),
        "rehearsal_id": runtime.rehearsals.ask(operator, campaign_id, Plan()),
    }


def _push(centre: Centre, campaign_id: int, client_id: int) -> int:
    data = {"client_id": client_id, "url": "https://crm.example.com/", "description": "", "event_types": ["CallEnded"]}
    endpoint = centre.runtime.webhooks.service.add(centre.operator, data).endpoint_id
    return centre.runtime.result_pushes.start(centre.operator, campaign_id, endpoint, RowPer.CALL)


def _call(centre: Centre, record: CampaignContact, agent_id: int, number: str, disposition_id: int) -> tuple[int, int]:
    now = centre.clock.now()
    whose = {
        "client_id": record.client_id,
        "campaign_id": record.campaign_id,
        "campaign_contact_id": record.id,
        "contact_id": record.contact_id,
        "agent_id": agent_id,
        "number": number,
    }
    sound = f"{record.client_id}.wav"
    path = centre.runtime.settings.recordings_dir / sound
    path.parent.mkdir(parents=True, exist_ok=True)
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, 8000, 0, "NONE", ""))
        file.writeframes(bytes(16_000))
    with centre.runtime.db.write() as unit:
        attempt = Attempt(**whose, mode="preview", opened_at=now, placed_at=now, closed_at=now, result="answered")
        unit.session.add(attempt)
        unit.session.flush()
        call = Call(
            **whose,
            attempt_id=attempt.id,
            backend="simulated",
            conversation_id="c",
            customer_leg_id=f"leg-{record.client_id}",
            state="ended",
            result="answered",
            queued_at=now,
            answered_at=now,
            agent_connected_at=now,
            ended_at=now + timedelta(seconds=30),
            disposition_id=disposition_id,
        )
        unit.session.add(call)
        unit.session.flush()
        recording = Recording(
            backend_id=f"r{record.client_id}",
            call_id=call.id,
            client_id=record.client_id,
            path=sound,
            state="stored",
            complete=True,
            seconds=1.0,
            bytes=path.stat().st_size,
            started_at=now,
        )
        unit.session.add(recording)
        unit.session.flush()
        return call.id, recording.id


def consent_of(contact_id: int) -> dict[str, Any]:
    """A consent as a program sends it."""
    return {"contact_id": contact_id, "wording": "I agree.", "evidence": "form 7", "given_at": "2025-01-31"}
