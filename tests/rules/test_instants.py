"""Instants and the local days they fall on, right across daylight-saving changes in zones of every kind."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promosight.rules.instants import (
    _MINUTES,
    LocalDays,
    format_instant,
    from_datetime,
    is_week_start,
    month_of,
    parse_instant,
    week_of,
    zone,
)
from promosight.rules.many_instants import parse_plain

HOUR_US = 3_600_000_000
FIRST_US = parse_instant("0001-01-01T00:00:00Z")
LAST_US = parse_instant("9999-12-31T23:59:59.999999Z")
ZONES = (
    "Europe/Vienna",
    "America/New_York",
    "Asia/Kolkata",  # +05:30
    "Asia/Kathmandu",  # +05:45
    "Pacific/Chatham",  # +12:45, and changes
    "Australia/Lord_Howe",  # changes by half an hour
    "America/St_Johns",  # -03:30
    "Pacific/Kiritimati",  # +14:00
    "Etc/GMT+12",
    "UTC",
)
DAYS = {name: LocalDays(name) for name in ZONES}
RECENT_US = st.integers(
    parse_instant("2000-01-01T00:00:00Z"), parse_instant("2035-12-31T00:00:00Z")
)
WEEK = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


@given(st.integers(FIRST_US, LAST_US))
def test_an_instant_written_and_read_is_the_same(instant_us: int) -> None:
    assert parse_instant(format_instant(instant_us)) == instant_us


@given(RECENT_US, st.integers(-24 * 60 + 1, 24 * 60 - 1))
def test_every_offset_tells_the_same_instant(instant_us: int, minutes: int) -> None:
    sign = "-" if minutes < 0 else "+"
    offset = f"{sign}{abs(minutes) // 60:02}:{abs(minutes) % 60:02}"
    local = format_instant(instant_us + minutes * 60_000_000).replace("Z", offset)
    assert parse_instant(local) == instant_us


@given(RECENT_US, st.text("0123456789:.zZ +", min_size=3, max_size=3))
def test_an_instant_means_the_same_after_another_of_its_minute(at_us: int, ending: str) -> None:
    """Minutes are remembered, and only what ends as theirs do is read by them."""

    def told(text: str) -> int | str:
        try:
            return parse_instant(text)
        except ValueError as error:
            return str(error)

    minute = format_instant(at_us)[:17]
    for text in (f"{minute}{ending}", f"{minute}{ending[:2]}Z", f"{minute}60Z"):
        _MINUTES.clear()
        anew = told(text)
        _MINUTES.clear()
        parse_instant(f"{minute}07Z")
        assert told(text) == anew


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-23T10:15:00Z",
        "2026-11-23t10:15:00Z",
        "2026-11-23t10:15:00.0z",
        "2026-11-23 10:15:00Z",
        "2026-11-23T11:15:00+01:00",
        "2026-11-23T05:15:00.000-05:00",
        "2026-11-23T16:00:00.000000+05:45",
        "2026-11-23T10:15:00-00:00",
        "2026-11-23 10:15:00 UTC",
        "2026-11-23 10:15:00.000000 UTC",
        "2026-11-23 11:15:00+01",
        "2026-11-23T11:15:00.000+0100",
    ],
)
def test_one_instant_may_be_written_in_several_forms(text: str) -> None:
    assert parse_instant(text) == 1_795_428_900_000_000


@pytest.mark.parametrize(
    ("text", "means"),
    [
        ("2016-12-31T23:59:60Z", "2017-01-01T00:00:00Z"),
        ("2016-12-31t23:59:60.25z", "2017-01-01T00:00:00.250000Z"),
        ("2017-01-01T05:29:60+05:30", "2017-01-01T00:00:00Z"),
        ("2016-12-31 23:59:60 UTC", "2017-01-01T00:00:00Z"),
    ],
)
def test_a_leap_second_is_the_first_of_the_next_day(text: str, means: str) -> None:
    assert format_instant(parse_instant(text)) == means


def test_a_fraction_is_shown_only_when_there_is_one() -> None:
    assert format_instant(0) == "1970-01-01T00:00:00Z"
    assert format_instant(1) == "1970-01-01T00:00:00.000001Z"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("2026-11-23T10:15:00", "offset"),
        ("2026-11-23 10:15:00.123456", "offset"),
        ("", "RFC 3339"),
        ("2026-11-23", "RFC 3339"),
        ("2026-11-23Z", "RFC 3339"),
        ("1795428900", "RFC 3339"),
        ("23.11.2026 10:15:00Z", "RFC 3339"),
        ("20261123T101500Z", "RFC 3339"),
        ("2026-W48-1T10:15:00Z", "RFC 3339"),
        ("2026-W48-1T10:15Z", "RFC 3339"),
        ("2026-327T10:15:00Z", "RFC 3339"),
        ("2026-11-23T10:15Z", "RFC 3339"),
        ("2026-11-23T101500Z", "RFC 3339"),
        ("2026-11-23T10:15:00,5Z", "RFC 3339"),
        ("2026-11-23T10:15:00+01:00:30", "RFC 3339"),
        ("٢٠٢٦-11-23T10:15:00Z", "RFC 3339"),
        ("2026-02-29T10:15:00Z", "RFC 3339"),
        ("2026-11-23T25:15:00Z", "RFC 3339"),
        ("2026-11-23T10:15:00+24:00", "RFC 3339"),
        ("2026-11-23T10:15:00+01:00 UTC", "RFC 3339"),
        ("2026-11-23T10:15:00 CET", "RFC 3339"),
        ("2016-12-31T22:59:60Z", "RFC 3339"),
        ("2016-12-31T23:59:60+01:00", "RFC 3339"),
        ("2016-12-31T23:59:60", "RFC 3339"),
        ("2016-12-31T23:59:61Z", "RFC 3339"),
        ("9999-12-31T23:59:60Z", "RFC 3339"),
        # A day that the offset pushes out of the years 1 to 9999 has no place in any calendar.
        ("0001-01-01T00:00:00+14:00", "outside the calendar"),
        ("9999-12-31T23:59:59-12:00", "outside the calendar"),
    ],
)
def test_what_is_no_exact_instant_is_refused(text: str, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        parse_instant(text)


@given(st.text(max_size=40))
def test_any_text_is_an_instant_or_refused(text: str) -> None:
    try:
        instant_us = parse_instant(text)
    except ValueError:
        return
    assert FIRST_US <= instant_us <= LAST_US


@given(st.sampled_from(ZONES), RECENT_US)
def test_the_local_day_is_the_one_on_the_wall(zone_name: str, instant_us: int) -> None:
    seconds, microseconds = divmod(instant_us, 1_000_000)
    moment = datetime.fromtimestamp(seconds, ZoneInfo(zone_name)).replace(microsecond=microseconds)
    assert DAYS[zone_name].day(instant_us) == moment.date().isoformat()
    assert from_datetime(moment) == instant_us


@given(st.sampled_from(ZONES), RECENT_US)
def test_an_instant_lies_between_the_start_of_its_day_and_of_the_next(
    zone_name: str, instant_us: int
) -> None:
    days = DAYS[zone_name]
    day = date.fromisoformat(days.day(instant_us))
    start_us, end_us = days.start_us(day), days.start_us(day + timedelta(days=1))
    assert start_us <= instant_us < end_us
    assert days.day(start_us) == days.day(end_us - 1) == day.isoformat()
    assert days.day(start_us - 1) == (day - timedelta(days=1)).isoformat()


@pytest.mark.parametrize(
    ("zone_name", "day", "hours"),
    [
        ("Europe/Vienna", "2026-03-29", 23),
        ("Europe/Vienna", "2026-10-25", 25),
        ("America/New_York", "2026-03-08", 23),
        ("America/New_York", "2026-11-01", 25),
        ("Pacific/Chatham", "2026-09-27", 23),
        ("Pacific/Chatham", "2026-04-05", 25),
        ("Australia/Lord_Howe", "2026-10-04", 23.5),
        ("Australia/Lord_Howe", "2026-04-05", 24.5),
        ("America/Sao_Paulo", "2018-11-04", 23),  # midnight itself was skipped
        ("America/Sao_Paulo", "2018-02-17", 25),  # the hour before midnight came twice
        ("Asia/Kathmandu", "2026-03-29", 24),
        ("Asia/Kolkata", "2026-10-25", 24),
    ],
)
def test_a_day_of_a_clock_change_has_as_many_hours_as_it_has(
    zone_name: str, day: str, hours: float
) -> None:
    days = LocalDays(zone_name)
    start_us = days.start_us(date.fromisoformat(day))
    end_us = days.start_us(date.fromisoformat(day) + timedelta(days=1))
    assert end_us - start_us == int(hours * HOUR_US)
    quarters = range(start_us, end_us, HOUR_US // 4)
    assert {days.day(quarter_us) for quarter_us in quarters} == {day}
    assert days.day(start_us - 1) < day < days.day(end_us)


@pytest.mark.parametrize(
    ("zone_name", "last", "first"),
    [
        ("Asia/Kathmandu", "2026-11-22T18:14:59.999999Z", "2026-11-22T18:15:00Z"),
        ("Asia/Kolkata", "2026-11-22T18:29:59.999999Z", "2026-11-22T18:30:00Z"),
        ("Pacific/Chatham", "2026-06-22T11:14:59.999999Z", "2026-06-22T11:15:00Z"),
        ("America/St_Johns", "2026-11-23T03:29:59.999999Z", "2026-11-23T03:30:00Z"),
    ],
)
def test_midnight_is_exact_where_the_offset_is_no_whole_hour(
    zone_name: str, last: str, first: str
) -> None:
    days = LocalDays(zone_name)
    assert days.day(parse_instant(last)) < days.day(parse_instant(first))


def test_the_ends_of_the_calendar_have_a_day_in_every_zone() -> None:
    """`9999-12-31` is how many systems say `never expires`."""
    for days in DAYS.values():
        assert days.day(FIRST_US) == "0001-01-01"
        assert days.day(LAST_US).startswith("9999-12-3")


@pytest.mark.parametrize(
    "name", ["Europe/Nowhere", "", "CEST+1", "../etc/passwd", "Europe", "a\0b"]
)
def test_a_zone_that_is_none_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="IANA"):
        zone(name)


@given(st.dates(date(2000, 1, 1), date(2040, 1, 1)), st.sampled_from(WEEK))
def test_a_week_begins_on_its_first_day_and_holds_seven(day: date, week_start: str) -> None:
    first = date.fromisoformat(week_of(day.isoformat(), week_start))
    assert WEEK[first.weekday()] == week_start
    assert timedelta(0) <= day - first < timedelta(days=7)
    week = [week_of((first + timedelta(days=n)).isoformat(), week_start) for n in range(8)]
    assert len(set(week[:7])) == 1
    assert week[7] > week[6]


def test_a_brand_chooses_the_day_its_week_begins() -> None:
    assert week_of("2026-11-22", "monday") == "2026-11-16"  # a Sunday
    assert week_of("2026-11-22", "sunday") == "2026-11-22"
    assert week_of("2026-11-22", "saturday") == "2026-11-21"
    assert week_of("0001-01-01", "sunday") == "0001-01-01"


def test_the_month_is_that_of_the_local_day() -> None:
    instant_us = parse_instant("2026-10-31T23:30:00Z")
    assert month_of(DAYS["Europe/Vienna"].day(instant_us)) == "2026-11"
    assert month_of(DAYS["America/New_York"].day(instant_us)) == "2026-10"


def test_a_week_starts_on_a_day_with_a_name() -> None:
    assert all(is_week_start(name) for name in WEEK)
    assert not any(is_week_start(name) for name in ("Monday", "mon", "", "0"))


def test_a_datetime_and_its_instant_agree() -> None:
    moment = datetime(2026, 11, 23, 10, 15, tzinfo=UTC)
    assert from_datetime(moment) == parse_instant("2026-11-23T10:15:00Z")


@given(
    st.lists(
        st.datetimes().map(lambda one: f"{one:%Y}".zfill(4) + f"{one:-%m-%dT%H:%M:%SZ}"), min_size=1
    ),
    st.none() | st.tuples(st.integers(0, 19), st.sampled_from("09:TZ-tz +5٣")),
)
def test_many_plain_instants_are_what_each_is_alone(
    texts: list[str], wrong: tuple[int, str] | None
) -> None:
    """Digit by digit for all of them: the same microseconds, and nothing where a single one would be refused."""
    if wrong is not None:
        place, sign = wrong
        texts[-1] = texts[-1][:place] + sign + texts[-1][place + 1 :]
    found = parse_plain(texts)
    if wrong is None or found is not None:
        assert found == [parse_instant(text) for text in texts]


@pytest.mark.parametrize(
    "text",
    [
        *("2025-02-29T00:00:00Z", "1900-02-29T00:00:00Z", "2025-13-01T00:00:00Z"),
        *("2025-00-01T00:00:00Z", "2025-01-00T00:00:00Z", "2025-04-31T00:00:00Z"),
        *("0000-01-01T00:00:00Z", "2025-01-01T24:00:00Z", "2025-01-01T00:60:00Z"),
        *("2025-01-01T00:00:60Z", "2025-01-01T00:00:00", "2025-01-01T00:00:00ZZ", ""),
    ],
)
def test_what_is_no_plain_instant_is_left_to_who_reads_one(text: str) -> None:
    assert parse_plain(["2025-01-01T00:00:00Z", text]) is None
    assert parse_plain(["2024-02-29T23:59:59Z", "2000-02-29T00:00:00Z"]) is not None
