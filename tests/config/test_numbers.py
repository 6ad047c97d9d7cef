"""Public numbers: their shape, their month, and that nobody can guess the next."""

import os
import re
from datetime import UTC, date, datetime, timedelta

import pytest

from config import clock
from config.numbers import CROCKFORD, is_number, new_number, parse_month


def test_a_number_says_what_it_is_and_the_month_it_was_given():
    assert re.fullmatch(r"E26K[0-9A-HJKMNP-TV-Z]{9}", new_number("E", date(2026, 11, 22)))
    assert new_number("C", date(2027, 1, 31)).startswith("C27A")
    assert new_number("B", date(2027, 12, 1)).startswith("B27L")


def test_a_moment_counts_in_the_month_of_phnom_penh():
    last_evening_in_utc = datetime(2026, 10, 31, 17, 30, tzinfo=UTC)

    assert new_number("V", last_evening_in_utc).startswith("V26K")
    assert new_number("V", last_evening_in_utc - timedelta(hours=1)).startswith("V26J")


def test_without_a_moment_the_number_is_todays():
    assert parse_month(new_number("V")) == clock.today().replace(day=1)


def test_processes_made_from_one_draw_different_numbers():
    new_number("E")
    told = []
    for _ in range(2):
        read, write = os.pipe()
        child = os.fork()
        if not child:
            os.write(write, new_number("E").encode())
            os._exit(0)
        os.waitpid(child, 0)
        told.append(os.read(read, 99).decode())

    assert len({*told, new_number("E")}) == 3


def test_numbers_do_not_repeat_and_use_the_whole_alphabet():
    numbers = {new_number("E", date(2026, 11, 22)) for _ in range(5_000)}

    assert len(numbers) == 5_000
    assert set("".join(number[4:] for number in numbers)) == set(CROCKFORD)


@pytest.mark.parametrize("prefix", ["", "e", "EE", "ក", "1"])
def test_a_prefix_is_one_capital_letter(prefix):
    with pytest.raises(ValueError, match="one capital letter"):
        new_number(prefix, date(2026, 11, 22))


def test_a_moment_without_time_zone_is_refused():
    with pytest.raises(ValueError, match="time zone"):
        new_number("E", datetime(2026, 11, 22))  # noqa: DTZ001


def test_the_month_is_read_back_from_a_number():
    assert parse_month("C26KAAAAAAAAA") == date(2026, 11, 1)
    assert parse_month(new_number("R", date(2030, 2, 28))) == date(2030, 2, 1)


@pytest.mark.parametrize(
    "number",
    [
        "",
        "C26K",
        "C26MAAAAAAAAA",
        "C26KAAAAAAAAI",
        "c26kaaaaaaaaa",
        "C26KAAAAAAAAAA",
        "C២៦KAAAAAAAAA",
    ],
)
def test_what_is_no_number_of_ours_is_refused(number):
    with pytest.raises(ValueError, match="not a number"):
        parse_month(number)
    assert not is_number(number)


def test_a_fresh_number_has_the_form_of_one():
    assert is_number(new_number("P", date(2026, 11, 22)))
