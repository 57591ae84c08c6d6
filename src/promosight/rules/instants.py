"""Instants and local days.

An instant is an integer: microseconds since 1970-01-01T00:00:00Z. Storage is always UTC; only the
borders of days, weeks and months live in the workspace's zone. Naive times are refused, because a
guess at an offset silently moves money from one day to the next.
"""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

SECOND_US = 1_000_000
HOUR_US = 3_600 * SECOND_US
DAY_US = 24 * HOUR_US
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
# An offset can push the first and the last day over the edge of the years 1 to 9999.
_FIRST_US = (datetime.min.replace(tzinfo=UTC) - _EPOCH) // _MICROSECOND
_LAST_US = (datetime.max.replace(tzinfo=UTC) - _EPOCH) // _MICROSECOND
_LONGEST = 40
"""No common form of an instant is longer; a fraction may have any number of digits."""

HUNDREDS = 400
"""From so many on they are parsed digit by digit, all at once."""

QUARTER_US = 900 * SECOND_US
"""Offsets of zones change, and so days begin, on a quarter of an hour of UTC only."""
_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


_SECOND = "[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}:[0-9]{2}(?:[.][0-9]+)?"
_is_form = re.compile(f"{_SECOND}(?:[Zz]|[+-][0-9]{{2}}(?::?[0-9]{{2}})?| UTC)?").fullmatch
"""RFC 3339, ` UTC` in place of the offset, and offsets as databases write them: `+01`, `+0100`. (The library also reads
weeks, commas, times without seconds, each version of Python others.) What lacks an offset is told so."""
_DIGITS = bytes.maketrans(b"0123456789", b"0" * 10)

_TO_THE_SECOND = len("2026-11-23T10:15:00Z")
_SECONDS = {f"{second:02d}": second * SECOND_US for second in range(60)}
_MINUTES_KEPT = 1_024
_MINUTES: dict[str, int] = {}
"""When minutes that were read lately begin, by their text up to the seconds: what is told one by one is of now."""


def parse_instant(text: str) -> int:
    """Microseconds since the epoch of an RFC 3339 instant, or of `YYYY-MM-DD HH:MM:SS.ffffff UTC`.

    Raises ValueError with a sentence for the sender when it is naive or no instant at all.
    """
    if len(text) == _TO_THE_SECOND and text[-1] == "Z":
        minute_us, second_us = _MINUTES.get(text[:17]), _SECONDS.get(text[17:19])
        if minute_us is not None and second_us is not None:
            return minute_us + second_us
    if not _is_form(text):
        raise ValueError("must be an RFC 3339 instant such as 2026-11-23T10:15:00Z")
    instant_us = kept_instant(text)
    if len(text) == _TO_THE_SECOND and text[-1] == "Z" and text[17:19] in _SECONDS:
        if len(_MINUTES) >= _MINUTES_KEPT:
            _MINUTES.clear()
        _MINUTES[text[:17]] = instant_us - _SECONDS[text[17:19]]
    return instant_us


def kept_instant(text: str) -> int:
    """The same of a text that was taken when more forms were, in definitions that are there."""
    if text.endswith(" UTC"):
        text = text[:-4] + "+00:00"
    if len(text) < 16 or text[4:5] != "-" or text[10:11] not in "Tt ":
        raise ValueError("must be an RFC 3339 instant such as 2026-11-23T10:15:00Z")
    moment = _moment(text)
    if moment is None:
        raise ValueError("must be an RFC 3339 instant such as 2026-11-23T10:15:00Z")
    if moment.tzinfo is None:
        raise ValueError("has no offset: write Z or +01:00 behind the time")
    since = moment - _EPOCH
    instant_us = since.days * DAY_US + since.seconds * SECOND_US + since.microseconds
    if not _FIRST_US <= instant_us <= _LAST_US:
        raise ValueError("is outside the calendar")
    return instant_us


def _moment(text: str) -> datetime | None:
    """The time a text tells; RFC 3339 also allows a small z and leap seconds, which the library does not read."""
    try:  # `suppress` would cost as much as all the rest
        return datetime.fromisoformat(text)
    except ValueError:
        pass
    leaps = text[16:19] == ":60"
    with suppress(ValueError, OverflowError):
        moment = datetime.fromisoformat(
            f"{text[:16]}:59{text[19:]}".replace("z", "Z") if leaps else text.replace("z", "Z")
        )
        return _after_leap(moment) if leaps else moment
    return None


def _after_leap(moment: datetime) -> datetime | None:
    """The second after 23:59:59 UTC, which every clock of ours calls the next day's first; None at other times."""
    ends_a_day = moment.tzinfo and f"{moment.astimezone(UTC):%H:%M:%S}" == "23:59:59"
    return moment + timedelta(seconds=1) if ends_a_day else None


def parse_instants(texts: list[str]) -> list[int] | None:
    """What `parse_instant` makes of each text; None when they are not all of one form, or one is wrong."""
    if not texts:
        return []
    distinct = set(texts)
    if 2 * len(distinct) > len(texts):
        return _parsed(texts)
    some = list(distinct)
    parsed = _parsed(some)
    if parsed is None:
        return None
    return list(map(dict(zip(some, parsed, strict=True)).__getitem__, texts))


def _parsed(texts: list[str]) -> list[int] | None:
    if len(texts) >= HUNDREDS:
        from promosight.rules.many_instants import parse_plain  # loads numpy

        if (found := parse_plain(texts)) is not None:
            return found
    first, joined = texts[0], "".join(texts)
    if len(first) > _LONGEST or set(map(len, texts)) != {len(first)} or not _is_form(first):
        return None
    shape = first.encode().translate(_DIGITS) * len(texts)
    if not joined.isascii() or joined.encode().translate(_DIGITS) != shape:
        return None
    try:
        since = [moment - _EPOCH for moment in map(datetime.fromisoformat, texts)]
    except (ValueError, TypeError):  # no instant; or naive, which cannot be told from the epoch
        return None
    found = [one.days * DAY_US + one.seconds * SECOND_US + one.microseconds for one in since]
    return found if min(found) >= _FIRST_US and max(found) <= _LAST_US else None


def from_datetime(moment: datetime) -> int:
    """Microseconds since the epoch of an aware datetime."""
    return (moment - _EPOCH) // _MICROSECOND


def format_instant(instant_us: int) -> str:
    """RFC 3339 in UTC with `Z`; the fraction is left out when it is zero."""
    seconds, micros = divmod(instant_us, SECOND_US)
    return f"{_second(seconds)}.{micros:06d}Z" if micros else f"{_second(seconds)}Z"


@lru_cache(1_024)
def _second(seconds: int) -> str:
    return (_EPOCH + timedelta(seconds=seconds)).isoformat()[:19]


def zone(name: str) -> ZoneInfo:
    """The IANA zone of that name. Raises ValueError when there is none."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"{name!r} is not an IANA time zone such as Europe/Vienna") from None


class LocalDays:
    """Which calendar day and hour an instant falls in, in one zone; right across daylight-saving changes.

    Every zone's offset changes only on a quarter of an hour of UTC, so the answer is remembered per
    quarter: a look-up costs a division and a dictionary access.
    """

    def __init__(self, zone_name: str) -> None:
        self._zone = zone(zone_name)
        self._by_quarter: dict[int, str] = {}
        self._hours: dict[int, int] = {}

    def day(self, instant_us: int) -> str:
        """The local day of an instant as `YYYY-MM-DD`."""
        quarter = instant_us // QUARTER_US
        day = self._by_quarter.get(quarter)
        if day is None:
            moment = _EPOCH + timedelta(microseconds=quarter * QUARTER_US)
            day = self._by_quarter[quarter] = _local_date(moment, self._zone).isoformat()
        return day

    def hour_us(self, instant_us: int) -> int:
        """The instant at which the local hour of an instant began: in some zones not on an hour of UTC."""
        quarter = instant_us // QUARTER_US
        begun_us = self._hours.get(quarter)
        if begun_us is None:
            quarter_us = quarter * QUARTER_US
            offset = (
                (_EPOCH + timedelta(microseconds=quarter_us)).astimezone(self._zone).utcoffset()
            )
            past_us = (quarter_us + (offset or timedelta()) // _MICROSECOND) % HOUR_US
            begun_us = self._hours[quarter] = quarter_us - past_us
        return begun_us

    def start_us(self, day: date) -> int:
        """The instant at which a local day begins."""
        return from_datetime(datetime(day.year, day.month, day.day, tzinfo=self._zone))


def _local_date(moment: datetime, zone_info: ZoneInfo) -> date:
    try:
        return moment.astimezone(zone_info).date()
    except OverflowError:  # the first and last day of the calendar have no neighbour to shift to
        return moment.date()


@lru_cache(4_096)
def week_of(day: str, week_start: str) -> str:
    """The first day of the week that `day` lies in, for weeks that start on `week_start`.

    The calendar's first week may be cut short: it starts on 0001-01-01 at the earliest.
    """
    moment = date.fromisoformat(day)
    back = (moment.weekday() - _WEEKDAYS.index(week_start)) % 7
    return date.fromordinal(max(moment.toordinal() - back, 1)).isoformat()


def month_of(day: str) -> str:
    """The month of a day, as `YYYY-MM`."""
    return day[:7]


def is_week_start(name: str) -> bool:
    """Whether `name` is a day of the week in English, lower case."""
    return name in _WEEKDAYS
