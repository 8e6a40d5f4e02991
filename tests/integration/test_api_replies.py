"""Idempotency keys and tokens on every database, with several programs at once."""

from __future__ import annotations

import threading
from collections import Counter

import pytest

from hookline.bootstrap import Runtime
from hookline.services.api_replies import KeyInUse, KeyReused, Reply
from hookline_web.testing import People

AT_ONCE = 8


@pytest.fixture
def token_id(runtime: Runtime, people: People) -> int:
    asked = {"name": "CRM", "permissions": ["contacts.view"], "all_clients": False, "clients": [people.acme], "days": 1}
    return runtime.tokens.issue(runtime.identity.system_actor(), asked).id


def test_of_many_at_once_one_is_worked_on(runtime: Runtime, token_id: int) -> None:
    start, seen = threading.Barrier(AT_ONCE), Counter[str]()

    def begin() -> None:
        start.wait(30)
        try:
            seen["worked on"] += runtime.api_replies.begin(token_id, "key", "hash") is None
        except KeyInUse:
            seen["in use"] += 1

    threads = [threading.Thread(target=begin) for _ in range(AT_ONCE)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert seen == {"worked on": 1, "in use": AT_ONCE - 1}


def test_an_answer_is_kept_and_given_back(runtime: Runtime, token_id: int) -> None:
    replies, reply = runtime.api_replies, Reply(201, "/api/v1/lists/7", {"id": 7})
    assert replies.begin(token_id, "key", "hash") is None
    replies.finish(token_id, "key", reply)
    assert replies.begin(token_id, "key", "hash") == reply
    with pytest.raises(KeyReused):
        replies.begin(token_id, "key", "other")
    replies.release(token_id, "key")
    assert replies.begin(token_id, "key", "other") is None


def test_a_token_is_recognised_and_its_use_noted_by_several_at_once(runtime: Runtime, people: People) -> None:
    operator = runtime.identity.system_actor()
    asked = {"name": "CRM", "permissions": ["contacts.view"], "all_clients": True, "clients": [], "days": 1}
    issued = runtime.tokens.issue(operator, asked)
    names: list[str] = []
    threads = [
        threading.Thread(target=lambda: names.append(runtime.tokens.recognise(issued.secret).name))
        for _ in range(AT_ONCE)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert names == ["CRM"] * AT_ONCE
    assert runtime.tokens.list_tokens(operator)[0].token.last_used_at == runtime.clock.now()
