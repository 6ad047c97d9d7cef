"""The spreadsheet writer: no cell starts a formula, numbers stay numbers, Khmer survives."""

import csv
import io
import zipfile
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from python_calamine import CalamineWorkbook

from config.sheets import UTF8_BOM, csv_bytes, csv_rows, neutralise, xlsx_bytes

DANGEROUS = [
    "=1+1",
    "+1",
    "-1",
    "@SUM(A1)",
    "|cmd",
    "%0A",
    " =1+1",
    "\t=1+1",
    "\r=1+1",
    "\n=1+1",
    "\u3000=1+1",
    "\u00a0=1+1",
    "\u200b=1+1",
    "\ufeff=1+1",
    "＝1+1",
    "＋1",
    "－1",
    "＠SUM(A1)",
    "\tplain",
    "-",
]
HARMLESS = ["", "SOK TARA", "សុខ តារា", "2990101-0000001-ក", "a=b", "1-2", "<img onerror=x>", "'=1"]


def parsed(data):
    return list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline="")))


@pytest.mark.parametrize("text", DANGEROUS)
def test_a_text_that_would_start_a_formula_is_neutralised_in_both_formats(text):
    assert parsed(csv_bytes(["note"], [[text]]))[1][0] == f"'{text}"

    book = CalamineWorkbook.from_filelike(io.BytesIO(xlsx_bytes(["note"], [[text]])))
    cell = book.get_sheet_by_index(0).to_python()[1][0]
    assert cell.startswith("'")


@pytest.mark.parametrize("text", HARMLESS)
def test_an_ordinary_text_is_left_alone(text):
    assert neutralise(text) == text
    assert parsed(csv_bytes(["note", "n"], [[text, 1]]))[1][0] == text


def test_a_title_of_a_column_is_neutralised_too():
    assert parsed(csv_bytes(["=title"], []))[0] == ["'=title"]


@given(st.text())
def test_no_cell_of_any_text_starts_a_formula(text):
    cell = parsed(csv_bytes(["note"], [[text]]))[1:] or [[""]]
    assert not (cell[0] or [""])[0].strip().startswith(tuple("=+-@|%＝＋－＠"))


def test_numbers_stay_numbers_even_negative_ones():
    assert parsed(csv_bytes(["riel", "hours"], [[-6_000, Decimal("1.5")]]))[1] == ["-6000", "1.5"]

    book = CalamineWorkbook.from_filelike(io.BytesIO(xlsx_bytes(["riel"], [[-6_000]])))
    assert book.get_sheet_by_index(0).to_python()[1][0] == -6_000


def test_a_number_of_more_than_fifteen_digits_is_not_rounded_by_the_sheet():
    data = xlsx_bytes(["account"], [[1234567890123456789]])
    book = CalamineWorkbook.from_filelike(io.BytesIO(data))
    assert book.get_sheet_by_index(0).to_python()[1][0] == "1234567890123456789"


def test_days_moments_and_nothing_have_one_spelling():
    evening = datetime(2026, 11, 22, 9, 10, 11, tzinfo=timezone(timedelta(hours=7)))

    row = [date(2026, 11, 22), evening, None, True]

    expected = ["2026-11-22", "2026-11-22T02:10:11Z", "", "true"]
    assert parsed(csv_bytes(["a", "b", "c", "d"], [row]))[1] == expected
    assert evening.astimezone(UTC).hour == 2


def test_a_moment_without_time_zone_is_refused():
    with pytest.raises(ValueError, match="time zone"):
        csv_bytes(["at"], [[datetime(2026, 11, 22)]])  # noqa: DTZ001


def test_csv_has_byte_order_mark_and_crlf_unless_told_otherwise():
    assert csv_bytes(["នាម"], [["សុខ"]]) == UTF8_BOM + "នាម\r\nសុខ\r\n".encode()
    assert csv_bytes(["a"], [["b"]], bom=False) == b"a\r\nb\r\n"


def test_quotes_commas_and_line_breaks_come_back_as_they_went():
    row = ['say "a, b"', "two\nlines", "semi;colon"]
    assert parsed(csv_bytes(["a", "b", "c"], [row]))[1] == row


def test_a_large_export_is_made_piece_by_piece():
    asked = 0

    def rows():
        nonlocal asked
        for number in range(20_000):
            asked += 1
            yield [number, "សុខ តារា"]

    pieces = csv_rows(["n", "name"], rows())
    next(pieces), next(pieces)

    assert 0 < asked < 20_000


def test_the_pieces_together_are_the_whole_file():
    table = [[number, f"line {number}"] for number in range(20_000)]

    assert b"".join(csv_rows(["n", "t"], iter(table))) == csv_bytes(["n", "t"], table)
    assert len(parsed(csv_bytes(["n", "t"], table))) == 20_001


def test_a_row_of_the_wrong_width_is_refused_not_shifted():
    with pytest.raises(ValueError, match="a row of 1 cells under 2 titles"):
        csv_bytes(["a", "b"], [["only"]])
    with pytest.raises(ValueError, match="a row of 3 cells under 2 titles"):
        xlsx_bytes(["a", "b"], [[1, 2, 3]])


def test_xlsx_holds_texts_links_and_khmer_as_plain_text():
    data = xlsx_bytes(["name", "site"], [["សុខ តារា", "https://example.org/"]], sheet="Claims")

    book = CalamineWorkbook.from_filelike(io.BytesIO(data))
    assert book.sheet_names == ["Claims"]
    assert book.get_sheet_by_index(0).to_python() == [
        ["name", "site"],
        ["សុខ តារា", "https://example.org/"],
    ]
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        page = archive.read("xl/worksheets/sheet1.xml").decode()
    assert "<f>" not in page
    assert "hyperlink" not in page


def test_a_text_too_long_for_a_cell_is_refused_not_dropped():
    with pytest.raises(ValueError, match="32767 characters"):
        xlsx_bytes(["note"], [["x" * 40_000]])
