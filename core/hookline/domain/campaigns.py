"""Campaigns: purpose, dial mode, life, calling window, retry rules, dispositions, a contact's standing."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from types import MappingProxyType
from zoneinfo import ZoneInfo

from hookline.domain.calls import CallResult
from hookline.text import N_


class Purpose(StrEnum):
    """Why the campaign calls; the rules follow the purpose."""

    MARKETING = "marketing"
    SERVICE = "service"
    RESEARCH = "research"
    COLLECTION = "collection"


#: Policies without which the law lets nobody dial for a purpose: direct marketing by telephone needs the prior consent
#: of whoever is called (Prawo komunikacji elektronicznej, art. 398; GDPR art. 6). Required whatever is enabled.
REQUIRED_BY_LAW: Mapping[Purpose, tuple[str, ...]] = MappingProxyType({Purpose.MARKETING: ("gdpr.consent",)})


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


#: States in which a campaign is done with: nothing in it changes any more.
OVER = (CampaignState.ENDED, CampaignState.ARCHIVED)


class AbandonRule(StrEnum):
    """Over which calls the abandon rate is counted."""

    #: US TSR safe harbour (16 CFR 310.4(b)(4)): per campaign, over its life if under 30 days, else each 30 days.
    THIRTY_DAYS = "thirty_days"
    DAY = "day"  # each calendar day of the installation's own zone
    ZERO = "zero"  # none at all: a call is placed only for an agent who waits for it


class TargetKind(StrEnum):
    """What a campaign's target counts."""

    SUCCESSES = "successes"  # contacts with a call that is a success
    CONTACTS = "contacts"  # contacts that are done


class MachineAction(StrEnum):
    """What becomes of a call that an answering machine took."""

    IGNORE = "ignore"  # machines are not told from people
    HANG_UP = "hang_up"
    LEAVE_MESSAGE = "leave_message"
    CONNECT = "connect"  # to an agent, as any call


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


_LOOK_AHEAD_DAYS = 62


@dataclass(frozen=True)
class DayWindow:
    """Opening and closing time of one weekday, in the contact's local time; closing is exclusive."""

    opens: time
    closes: time


@dataclass(frozen=True)
class CallingWindow:
    """When contacts may be called, by weekday (0 = Monday) in the contact's time zone. No entry: closed all day.

    `closed_on` are days on which nobody is called, public holidays for one; days in the contact's zone as well.
    """

    days: Mapping[int, DayWindow]
    closed_on: Container[date] = frozenset()

    def is_open(self, at: datetime, *zones: str) -> bool:
        """Whether `at` (aware) falls into the window in `zones` (IANA names): in each, where several are possible."""
        return all(self._is_open_in(zone, at) for zone in zones)

    def _is_open_in(self, zone: str, at: datetime) -> bool:
        local = at.astimezone(ZoneInfo(zone))
        day = self.days.get(local.weekday())
        return day is not None and day.opens <= local.time() < day.closes and local.date() not in self.closed_on

    def next_opening(self, at: datetime, *zones: str) -> datetime | None:
        """The first moment at or after `at` when the window is open in each of `zones`; None within two months."""
        if self.is_open(at, *zones):
            return at
        # It opens for all when it opens for the last of them. Longer than a week: an opening may fall into the hour
        # that summer time takes away, or on a holiday.
        for ahead in range(_LOOK_AHEAD_DAYS):
            openings = (m for zone in zones for m in self._openings_in(zone, at, ahead))
            for moment in sorted(openings):
                if moment >= at and self.is_open(moment, *zones):
                    return moment.astimezone(at.tzinfo)
        return None

    def _openings_in(self, zone: str, at: datetime, ahead: int) -> Iterator[datetime]:
        tz = ZoneInfo(zone)
        return self._possible_openings(at.astimezone(tz).date() + timedelta(days=ahead), tz)

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
    def from_json(cls, data: Mapping[str, list[str]], closed_on: Container[date] = frozenset()) -> CallingWindow:
        """The reverse of `to_json`; ValueError where the times are none."""
        days = {int(n): DayWindow(time.fromisoformat(v[0]), time.fromisoformat(v[1])) for n, v in data.items()}
        return cls(days, closed_on)


#: Monday to Friday 9–20, Saturday 10–16, in the contact's time zone.
DEFAULT_WINDOW = CallingWindow(
    {**{day: DayWindow(time(9), time(20)) for day in range(5)}, 5: DayWindow(time(10), time(16))}
)


@dataclass(frozen=True)
class RetryRule:
    """Try again after `delay_seconds`, as long as fewer than `max_attempts` attempts of the record ended so.

    `other_number`: the next try goes to the contact's next number. `other_time`: it falls into another part of the day
    (see `PARTS_OF_DAY`) than the last one.
    """

    delay_seconds: int
    max_attempts: int
    other_number: bool = False
    other_time: bool = False


#: Hours at which the parts of a day begin: whoever is not reached in one may be in another.
PARTS_OF_DAY = (0, 12, 17)


def part_of_day(local: datetime) -> int:
    """Which part of its day a local time falls into: 0 before noon, 1 the afternoon, 2 the evening."""
    return sum(local.hour >= hour for hour in PARTS_OF_DAY) - 1


def in_another_part(at: datetime, zone: str, window: CallingWindow, last: datetime) -> datetime | None:
    """The first moment at or after `at` in the window that is not in the part of the day in which `last` was.

    None where the window never opens in another part; the caller then keeps to the delay.
    """
    tz = ZoneInfo(zone)
    avoided = part_of_day(last.astimezone(tz))
    moment = window.next_opening(at, zone)
    for _ in range(8 * len(PARTS_OF_DAY)):
        if moment is None or part_of_day(moment.astimezone(tz)) != avoided:
            return moment
        moment = window.next_opening(_next_part(moment, tz), zone)
    return None


def _next_part(at: datetime, tz: ZoneInfo) -> datetime:
    """When the part of the day that `at` is in ends."""
    local = at.astimezone(tz)
    later = [hour for hour in PARTS_OF_DAY if hour > local.hour]
    day = local.date() if later else local.date() + timedelta(days=1)
    return datetime.combine(day, time(later[0] if later else 0), tz).astimezone(UTC)


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
