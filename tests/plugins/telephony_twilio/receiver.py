"""A small web server in the plugin's place: answers with the TwiML that a test gives it, and keeps what it was told."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import requests
from werkzeug.serving import WSGIRequestHandler, make_server
from werkzeug.wrappers import Request, Response

from hookline.testing.clock import VirtualClock
from tests.plugins.telephony_twilio.standin import StandIn
from tests.plugins.telephony_twilio.standin.accounts import ACCOUNT_SID, API_KEY, API_SECRET, CALLER_ID

Json = dict[str, Any]


class _Quiet(WSGIRequestHandler):
    def log(self, type: str, message: str, *args: Any) -> None:
        """Log nothing."""


class Receiver:
    """`documents`: path to TwiML, or to a function of the form that makes it, or to bytes of a sound."""

    def __init__(self) -> None:
        self.documents: dict[str, str | bytes | Callable[[dict[str, str]], str]] = {}
        self.received: list[tuple[str, dict[str, str], str]] = []
        self._server = make_server("127.0.0.1", 0, self._app, threaded=True, request_handler=_Quiet)
        self.address = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def told(self, path: str) -> list[dict[str, str]]:
        """The forms that were posted to a path, in order."""
        return [form for where, form, _ in self.received if where == path]

    def close(self) -> None:
        """Serve nothing more."""
        self._server.shutdown()
        self._server.server_close()

    def _app(self, environ: Any, start_response: Any) -> Any:
        request = Request(environ)
        form = request.form.to_dict()
        self.received.append((request.path, form, request.headers.get("X-Twilio-Signature", "")))
        document = self.documents.get(request.path, "")
        if callable(document):
            document = document(form)
        return Response(document, mimetype="text/xml")(environ, start_response)


class Scene:
    """The stand-in on a virtual clock, the receiver, and the REST API as plain requests."""

    def __init__(self) -> None:
        self.clock = VirtualClock()
        self.standin = StandIn(self.clock)
        self.receiver = Receiver()
        self._session = requests.Session()
        self._session.auth = (API_KEY, API_SECRET)

    def close(self) -> None:
        """Everything."""
        self._session.close()
        self.standin.close()
        self.receiver.close()

    def here(self, path: str) -> str:
        """An address at the receiver."""
        return self.receiver.address + path

    def ask(self, method: str, path: str, **form: Any) -> requests.Response:
        """One request of the account's."""
        url = f"{self.standin.address}/2010-04-01/Accounts/{ACCOUNT_SID}/{path}"
        return self._session.request(method, url, data=form or None, timeout=10)

    def post(self, path: str, **form: Any) -> Json:
        """A POST that must succeed: its answer."""
        answer = self.ask("POST", path, **form)
        assert answer.status_code < 300, answer.text
        told: Json = answer.json()
        return told

    def get(self, path: str) -> Json:
        """A GET that must succeed: its answer."""
        answer = self.ask("GET", path)
        assert answer.status_code == 200, answer.text
        told: Json = answer.json()
        return told

    def call(self, to: str, document: str = "<Response><Pause length='60'/></Response>", **more: Any) -> str:
        """Place a call; its id."""
        events = ["initiated", "ringing", "answered", "completed"]
        told = {"Twiml": document, "StatusCallback": self.here("/call"), "StatusCallbackEvent": events, **more}
        return str(self.post("Calls.json", To=to, From=CALLER_ID, **told)["sid"])

    def passes(self, seconds: float, step: float = 0.1) -> None:
        """Let time pass; whatever is sent on the way arrives before it goes on."""
        self.standin.settle()
        for _ in range(round(seconds / step)):
            self.clock.advance(step)
            self.standin.settle()
