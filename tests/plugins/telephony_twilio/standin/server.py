"""The stand-in's HTTP server on loopback."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from typing import Any
from urllib.parse import parse_qs
from wsgiref.types import StartResponse, WSGIEnvironment

from werkzeug.datastructures import Headers
from werkzeug.http import http_date
from werkzeug.serving import WSGIRequestHandler, make_server
from werkzeug.wrappers import Request, Response

from tests.plugins.telephony_twilio.standin import rest, rest_account, rest_calls, rest_rooms
from tests.plugins.telephony_twilio.standin.contract import Answer, BrokeContract, check_request
from tests.plugins.telephony_twilio.standin.mischief import AnswerRule
from tests.plugins.telephony_twilio.standin.world import World

SERVED = (rest_account, rest_calls, rest_rooms)
"""The modules whose operations there are."""
STALLED_SECONDS = 30.0


class _Quiet(WSGIRequestHandler):
    protocol_version = "HTTP/1.1"

    def log(self, type: str, message: str, *args: Any) -> None:
        """Log nothing."""

    def send_response(self, code: int, message: str | None = None) -> None:
        """Without a date of the machine's: the stand-in gives its own."""
        self.send_response_only(code, message)


class Server:
    """Answers what Twilio's REST API would be asked."""

    def __init__(self, world: World, port: int = 0) -> None:
        self._world = world
        self._server = make_server("127.0.0.1", port, self._app, threaded=True, request_handler=_Quiet)
        self._under_way = 0
        self._counting = threading.Lock()
        self.requests: list[tuple[str, str, int]] = []
        self.address = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.02,), name="standin-http", daemon=True
        )
        self._thread.start()

    def idle(self) -> bool:
        """Whether no request is being answered."""
        return self._under_way == 0

    def stop(self) -> None:
        """Answer nothing more."""
        self._world.mischief.released.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)

    def _app(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        with self._counting:
            self._under_way += 1
        try:
            response = self._respond(Request(environ))
            return response(environ, start_response)
        finally:
            with self._counting:
                self._under_way -= 1

    def _respond(self, request: Request) -> Response:
        rule = self._world.mischief.for_request(request.method, request.path)
        if rule is not None and rule.effect not in ("lost", "late_500"):
            return self._misbehave(request, rule)
        answer = self._answer(request)
        self.requests.append((request.method, request.path, answer.status_code))
        if rule is not None:
            return self._silence(request) if rule.effect == "lost" else self._failure(rule)
        headers = Headers(answer.headers)
        headers["Date"] = http_date(self._world.now())
        headers["Twilio-Request-Id"] = self._world.sid("RQ")
        return Response(answer.data, answer.status_code, headers, content_type=answer.content_type)

    def _answer(self, request: Request) -> Answer:
        if request.path.endswith((".wav", ".mp3")):
            return self._media(request)
        body = request.get_data()
        try:
            exchange = check_request(
                request.method, request.path, request.query_string.decode(), body, list(request.headers.items())
            )
            return rest.answer(self._world, exchange, request.headers.get("Authorization", ""))
        except BrokeContract as error:
            self._world.fault(str(error))
            return Answer(400, b'{"code": 20001, "message": "broke the contract", "status": 400}')

    def _media(self, request: Request) -> Answer:
        parts = request.path.split("/")
        authorization = request.headers.get("Authorization", "")
        if len(parts) != 6 or not rest.permitted(self._world, authorization, parts[3]):
            return Answer(401, b"", "text/plain")
        channels = int(parse_qs(request.query_string.decode()).get("RequestedChannels", ["1"])[0])
        with self._world.lock:
            recording = self._world.recordings.get(parts[5].partition(".")[0])
            ready = recording is not None and recording.account.sid == parts[3] and recording.status == "completed"
        if recording is None or not ready:
            return Answer(404, b"", "text/plain")
        return Answer(200, recording.media(channels), "audio/x-wav")

    def _misbehave(self, request: Request, rule: AnswerRule) -> Response:
        self.requests.append((request.method, request.path, 0))
        if rule.effect == "refused":
            return self._silence(request)
        if rule.effect == "stalled":
            self._world.mischief.released.wait(STALLED_SECONDS)
            return self._silence(request)
        return self._failure(rule)

    def _failure(self, rule: AnswerRule) -> Response:
        status = int(rule.effect.removeprefix("late_"))
        code = 20429 if status == 429 else 20500
        headers = {"Date": http_date(self._world.now())}
        if rule.retry_after is not None:
            headers["Retry-After"] = str(rule.retry_after)
        body = f'{{"code": {code}, "message": "asked for by a test", "status": {status}}}'
        return Response(body, status, headers, content_type="application/json")

    def _silence(self, request: Request) -> Response:
        """Close the connection without a word."""
        request.environ["werkzeug.socket"].shutdown(2)
        return Response(b"", 500)
