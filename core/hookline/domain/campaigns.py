"""Campaigns: purpose, dial mode, life, calling window, retry rules, dispositions, a contact's standing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from hookline.domain.calls import CallResult
from hookline.text import N_


class Purpose(StrEnum):
    """Why the campaign calls; the rules follow the purpose."""

    MARKETING = "marketing"
    SERVICE = "service"
    RESEARCH = "research"
    COLLECTION = "collection"


class DialMode(StrEnum):
    """Who decides when a contact is dialled."""

    MANUAL = "manual"  # the agent types or clicks a number
    PREVIEW = "preview"
    PROGRESSIVE = "progressive"
    POWER = "power"  # a fixed number of calls for each ready agent
    PREDICTIVE = "predictive"  # the pacer decides how many


class CampaignState(StrEnum):
    """Whether a campaign works. Only a running one dials."""

    DRAFT = "draft"
    RUNNING = "running"
    PAUSED = "paused"
    ENDED = "ended"
    ARCHIVED = "archived"  # ended, and out of everybody's way


class AbandonRule(StrEnum):
    """Over which calls the abandon rate is counted."""

    #: US TSR safe harbour (16 CFR 310.4(b)(4)): per campaign, over its life if under 30 days, else each 30 days.
    THIRTY_DAYS = "thirty_days"
    DAY = "day"  # each calendar day of the installation's own zone
    ZERO = "zero"  # none at all: a call is placed only for an agent who waits for it


class MachineAction(StrEnum):
    """What becomes of a call that an answering machine took."""

    IGNORE = "ignore"  # machines are not told from people
    HANG_UP = "hang_up"
    LEAVE_MESSAGE = "leave_message"
    PASS_ON = "pass_on"  # to the agent, as any call


class RecordState(StrEnum):
    """A campaign contact's standing ("rekord")."""

    NEW = "new"
    RESERVED = "reserved"  # presented to an agent
    IN_CALL = "in_call"
    WRAP_UP = "wrap_up"  # call ended, disposition awaited
    RETRY = "retry"  # due again at next_due_at
    DUE = "due"  # a retry whose time has come
    CALLBACK = "callback"  # promised for next_due_at
    DONE = "done"


class Category(StrEnum):
    """What a disposition means to the statistics and to what happens next."""

    SUCCESS = "success"
    REFUSAL = "refusal"
    CALLBACK = "callback"
    RETRY = "retry"
    WRONG_NUMBER = "wrong_number"
    DO_NOT_CALL = "do_not_call"


@dataclass(frozen=True)
class DayWindow:
    """Opening and closing time of one weekday, in the contact's local time; closing is exclusive."""

    opens: time
    closes: time


@dataclass(frozen=True)
class CallingWindow:
    """When contacts may be called, by weekday (0 = Monday) in the contact's time zone. No entry: closed all day."""

    days: Mapping[int, DayWindow]

    def is_open(self, at: datetime, zone: str) -> bool:
        """Whether `at` (aware) falls into the window in `zone` (IANA name)."""
        local = at.astimezone(ZoneInfo(zone))
        day = self.days.get(local.weekday())
        return day is not None and day.opens <= local.time() < day.closes

    def next_opening(self, at: datetime, zone: str) -> datetime | None:
        """The first moment at or after `at` when the window is open in `zone`; None when it never opens."""
        if self.is_open(at, zone):
            return at
        tz = ZoneInfo(zone)
        today = at.astimezone(tz).date()
        # Two weeks: the only opening of the next one may fall into the hour that summer time takes away.
        for ahead in range(15):
            for moment in self._possible_openings(today + timedelta(days=ahead), tz):
                if moment >= at and self.is_open(moment, zone):
                    return moment.astimezone(at.tzinfo)
        return None

    def _possible_openings(self, date: date, tz: ZoneInfo) -> Iterator[datetime]:
        """The day's opening time; where clocks are turned that day, every minute of it, since any may be one."""
        day = self.days.get(date.weekday())
        if day is None or day.opens >= day.closes:
            return
        start, end = (datetime.combine(d, time.min, tz).astimezone(UTC) for d in (date, date + timedelta(days=1)))
        if end - start == timedelta(days=1):
            yield datetime.combine(date, day.opens, tz).astimezone(UTC)
            return
        for minute in range(int((end - start).total_seconds()) // 60):
            yield start + timedelta(minutes=minute)

    def ever_opens(self) -> bool:
        """Whether there is any open moment in the week."""
        return any(day.opens < day.closes for day in self.days.values())

    def to_json(self) -> dict[str, list[str]]:
        """Plain data for storage: {"0": ["09:00", "20:00"], …}."""
        return {
            str(n): [d.opens.isoformat("minutes"), d.closes.isoformat("minutes")] for n, d in sorted(self.days.items())
        }

    @classmethod
    def from_json(cls, data: Mapping[str, list[str]]) -> CallingWindow:
        """The reverse of `to_json`; ValueError where the times are none."""
        return cls({int(n): DayWindow(time.fromisoformat(v[0]), time.fromisoformat(v[1])) for n, v in data.items()})


#: Monday to Friday 9–20, Saturday 10–16, in the contact's time zone.
DEFAULT_WINDOW = CallingWindow(
    {**{day: DayWindow(time(9), time(20)) for day in range(5)}, 5: DayWindow(time(10), time(16))}
)


@dataclass(frozen=True)
class RetryRule:
    """Try again after `delay_seconds`, as long as fewer than `max_attempts` attempts of the record ended so."""

    delay_seconds: int
    max_attempts: int


DEFAULT_RETRY_RULES: dict[CallResult, RetryRule] = {
    CallResult.BUSY: RetryRule(600, 5),
    CallResult.NO_ANSWER: RetryRule(7200, 4),
    CallResult.DECLINED: RetryRule(86400, 2),
    CallResult.UNREACHABLE: RetryRule(14400, 3),
    CallResult.FAILED: RetryRule(900, 3),
    CallResult.ABANDONED: RetryRule(86400, 2),
    CallResult.CANCELLED: RetryRule(3600, 3),
    # An answered call whose disposition is not final.
    CallResult.ANSWERED: RetryRule(86400, 5),
}


@dataclass(frozen=True)
class DispositionSpec:
    """A disposition as a campaign offers it."""

    code: str
    label: str
    category: Category
    final: bool


DEFAULT_DISPOSITIONS = (
    DispositionSpec("SUCCESS", N_("Success"), Category.SUCCESS, True),
    DispositionSpec("REFUSED", N_("Not interested"), Category.REFUSAL, True),
    DispositionSpec("CALLBACK", N_("Callback agreed"), Category.CALLBACK, False),
    DispositionSpec("LATER", N_("Call again later"), Category.RETRY, False),
    DispositionSpec("WRONG", N_("Wrong number"), Category.WRONG_NUMBER, True),
    DispositionSpec("DNC", N_("Do not call again"), Category.DO_NOT_CALL, True),
)
