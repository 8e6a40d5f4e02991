"""When a silent leg is given up."""

from __future__ import annotations

import pytest
from marshmallow import ValidationError

from hookline_telephony_sip.cell.watch import SoundWatch
from hookline_telephony_sip.schemas import SettingsSchema

LIMIT = 8.0


def test_it_looks_some_times_within_the_limit_and_never_where_there_is_none() -> None:
    watch = SoundWatch()
    looks = [now for now in range(200) if watch.due(now / 10, LIMIT)]
    assert looks == list(range(0, 200, 10))
    assert not SoundWatch().due(1000.0, 0.0)


def test_silence_is_counted_from_the_last_packet() -> None:
    watch = SoundWatch()
    assert [watch.looked(packets, now) for now, packets in enumerate((10, 20, 20, 20, 21, 21))] == [0, 0, 1, 2, 0, 1]


def test_hold_begins_the_count_anew() -> None:
    watch = SoundWatch()
    assert [watch.looked(packets, now) for now, packets in enumerate((5, 5, None, None, 5, 5))] == [0, 1, 0, 0, 0, 1]


def test_a_new_stream_that_counts_from_nothing_is_sound() -> None:
    watch = SoundWatch()
    assert [watch.looked(packets, now) for now, packets in enumerate((900, 900, 3, 3))] == [0, 1, 0, 1]


def test_the_limit_is_a_setting() -> None:
    assert SettingsSchema().load({}).media_timeout_seconds == 30.0
    assert SettingsSchema().load({"media_timeout_seconds": 0}).media_timeout_seconds == 0.0
    with pytest.raises(ValidationError) as caught:
        SettingsSchema().load({"media_timeout_seconds": -1})
    assert "media_timeout_seconds" in caught.value.messages_dict
