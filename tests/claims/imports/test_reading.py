"""Reading files of claims: encodings, delimiters, workbooks, and what is refused before it is read."""

from __future__ import annotations

import io
import zipfile
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

import pytest

from claims.imports import reading, sheet
from claims.imports.reading import BadFile, BadRow, Document
from claims.imports.rules import Row
from tests.claims.imports.files import row, to_csv, to_xlsx

GOOD = to_csv([row("A"), row("B", practitioner="ដុកទ័រ ចាន់")])


def read(data: bytes) -> list[Any]:
    return list(reading.read_csv(io.BytesIO(data)))


@pytest.mark.parametrize(
    ("start", "found"),
    [
        (GOOD, "csv"),
        (b"\xef\xbb\xbf" + GOOD, "csv"),
        (b'{"a": 1}\n', "ndjson"),
        (b'\xef\xbb\xbf \n{"a": 1}', "ndjson"),
        (b"PK\x03\x04...", "xlsx"),
        (b"", None),
        (b" \n\n", None),
        (b"%PDF-1.7", None),
        (GOOD.decode().encode("utf-16"), None),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", None),
        (b"\x89PNG\r\n\x1a\n", None),
    ],
)
def test_a_format_is_what_the_first_bytes_show(start: bytes, found: str | None) -> None:
    assert reading.format_of(start) == found


@pytest.mark.parametrize("delimiter", [",", ";"])
@pytest.mark.parametrize("bom", [True, False])
def test_both_delimiters_and_a_byte_order_mark_are_understood(delimiter: str, bom: bool) -> None:
    data = to_csv([row("A"), row("B", practitioner="ដុកទ័រ ចាន់")], delimiter=delimiter, bom=bom)

    rows = read(data)

    assert [one.cells["diagnoses"] for one in rows] == ["J18.9;R50"] * 2
    assert rows[1] == Row(3, row("B", practitioner="ដុកទ័រ ចាន់"))


def test_a_row_that_is_not_utf8_is_told_and_the_next_one_is_read() -> None:
    lines = GOOD.split(b"\r\n")
    lines[1] = lines[1].replace(b"treatment", b"tr\xe9atment")

    assert read(b"\r\n".join(lines)) == [
        BadRow(2, reading.NOT_UTF8), Row(3, row("B", practitioner="ដុកទ័រ ចាន់")),
    ]  # fmt: skip


def test_empty_rows_are_counted_and_skipped() -> None:
    head, first, *_ = GOOD.split(b"\r\n")

    assert [one.number for one in read(b"\r\n".join([head, b"", b",,,", first]))] == [4]


def test_a_quoted_cell_may_hold_a_line_break_and_counts_as_one_row() -> None:
    rows = read(to_csv([row("A", referral__reason="one\ntwo"), row("B")]))

    assert [one.number for one in rows] == [2, 3]
    assert rows[0].cells["referral.reason"] == "one\ntwo"


def test_a_quote_that_is_never_closed_ends_the_reading_where_it_stands() -> None:
    data = GOOD + b'C,"' + b"x" * 200_000

    found = read(data)

    assert [type(one) for one in found] == [Row, Row, BadRow]
    assert found[2] == BadRow(4, reading.UNREADABLE_FROM_HERE)


@pytest.mark.parametrize(
    ("data", "row_number", "name"),
    [
        (to_csv([row() | {"price": "1"}]), 1, "price"),
        (to_csv([{k: v for k, v in row().items() if k != "diagnoses"}]), 1, "diagnoses"),
        (GOOD.replace(b"visit_type", b"type", 1), 1, "visit_type"),
        (GOOD.replace(b"diagnoses,", b"diagnoses,diagnoses,", 1), 1, ""),
        (b"a" * 200_000, 1, ""),
        (GOOD + b"," * 200 + b"\r\n", 4, ""),
    ],
)
def test_a_file_whose_header_is_wrong_is_refused_by_the_columns_name(
    data: bytes, row_number: int, name: str
) -> None:
    with pytest.raises(BadFile) as refused:
        read(data)

    assert (refused.value.row, refused.value.name) == (row_number, name)


def test_a_row_longer_than_the_header_is_told() -> None:
    assert isinstance(read(GOOD + b",".join([b"x"] * 20) + b"\r\n")[-1], BadRow)


def test_each_line_of_ndjson_is_read_by_itself() -> None:
    lines = [b'{"a": 1}', b"", b"[1]", b'{"a": NaN}', b'{"a"', b'{"a": "\xff"}', b'{"b": 2}']

    found = list(reading.read_documents(io.BytesIO(b"\n".join(lines))))

    assert found == [
        Document(1, {"a": 1}),
        *(BadRow(n, reading.NOT_JSON) for n in (3, 4, 5, 6)),
        Document(7, {"b": 2}),
    ]


def test_a_line_that_is_too_long_is_told_and_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "MAX_LINE", 20)
    data = b'{"a": "' + b"x" * 100 + b'"}\n{"b": 2}\n'

    assert list(reading.read_documents(io.BytesIO(data))) == [
        BadRow(1, reading.TOO_LONG), Document(2, {"b": 2}),
    ]  # fmt: skip


def test_more_rows_than_a_file_may_have_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "MAX_ROWS", 2)

    with pytest.raises(BadFile):
        read(GOOD)
    with pytest.raises(BadFile):
        list(reading.read_documents(io.BytesIO(b"{}\n{}\n{}\n")))


def read_book(data: bytes, tmp_path: Path) -> list[Any]:
    path = tmp_path / "book"
    path.write_bytes(data)
    with reading.opened(path, "xlsx") as sheet:
        return list(reading.read_sheet(sheet))


def unfolds(data: bytes, tmp_path: Path) -> bool:
    path = tmp_path / "book"
    path.write_bytes(data)
    with path.open("rb") as file:
        return reading.unfolds_too_far(file)


def test_a_workbook_reads_like_its_csv_with_numbers_and_days_of_its_own(tmp_path: Path) -> None:
    day = date(2026, 11, 20)
    cells = row("A", service_from=day, service_to=day, quantity=1, unit_price_riel=22500.0)

    first, second = read_book(to_xlsx([cells, row(77)], first_row=2), tmp_path)  # type: ignore[arg-type]

    assert first == Row(4, row("A", service_from="2026-11-20", service_to="2026-11-20"))
    assert (second.number, second.cells["facility_reference"]) == (5, "77")


@pytest.mark.parametrize("data", [b"PK\x03\x04 but no more", b"PK\x05\x06" + bytes(18)])
def test_what_only_begins_as_a_workbook_is_unreadable(data: bytes, tmp_path: Path) -> None:
    with pytest.raises(BadFile) as refused:
        read_book(data, tmp_path)

    assert refused.value.message == reading.UNREADABLE_SHEET


def bomb(size: int, *, honest: bool = True) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as folded:
        folded.writestr("xl/sharedStrings.xml", bytes(size))
    data = out.getvalue()
    lie = (10).to_bytes(4, "little")
    return data if honest else data.replace(size.to_bytes(4, "little"), lie)


def test_a_workbook_that_unfolds_too_far_is_seen_before_it_is_unfolded(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(reading, "MAX_UNFOLDED", 1000)

    assert unfolds(bomb(1001), tmp_path)
    assert not unfolds(bomb(1000), tmp_path)
    with pytest.raises(BadFile):
        unfolds(b"PK\x03\x04", tmp_path)


def test_a_workbook_that_lies_about_its_size_is_counted_while_it_is_unfolded() -> None:
    assert sheet.unfolded_size(bomb(5000), most=4000) > 4000
    assert sheet.unfolded_size(bomb(5000), most=6000) == 5000
    with pytest.raises(zipfile.BadZipFile):
        sheet.unfolded_size(bomb(5000, honest=False), most=4000)


def changed(changes: dict[bytes, bytes]) -> bytes:
    """Return a workbook whose parts were changed by hand, whole again in every other way."""
    out, book = io.BytesIO(), io.BytesIO(to_xlsx([row("A")]))
    with zipfile.ZipFile(book) as source, zipfile.ZipFile(out, "w") as target:
        for part in source.infolist():
            data = source.read(part)
            for old, new in changes.items():
                data = data.replace(old, new)
            target.writestr(part.filename, data)
    return out.getvalue()


def test_a_workbook_with_a_cell_at_the_worlds_end_takes_neither_memory_nor_time(
    tmp_path: Path,
) -> None:
    assert len(read_book(changed({}), tmp_path)) == 1

    with pytest.raises(BadFile):
        read_book(changed({b'r="A2"': b'r="XFD1048576"'}), tmp_path)


@pytest.mark.parametrize("entity", [b"&b;", b"&x;"])
def test_entities_of_a_workbooks_own_are_never_unfolded(entity: bytes, tmp_path: Path) -> None:
    head = b'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
    secret = tmp_path / "secret"
    secret.write_text("AAAAAAAAAA", encoding="utf-8")
    laughs = (
        b'<!DOCTYPE sst [<!ENTITY a "AAAAAAAAAA"><!ENTITY b "&a;&a;&a;">'
        b'<!ENTITY x SYSTEM "file://' + str(secret).encode() + b'">]>'
    )
    data = changed({head: head + laughs, b"<t>treatment</t>": b"<t>" + entity + b"</t>"})

    try:
        texts = [cell for one in read_book(data, tmp_path) for cell in one.cells.values()]
    except BadFile as refused:
        texts = [refused.message]

    assert texts
    assert not any("AAAAAAAAAA" in text for text in texts)


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        (True, "true"), (False, "false"), (6000.0, "6000"), (1.5, "1.5"), ("", ""), ("x", "x"),
        (date(2026, 11, 20), "2026-11-20"), (datetime(2026, 11, 20), "2026-11-20"),  # noqa: DTZ001
        (datetime(2026, 11, 20, 8), "2026-11-20T08:00:00"),  # noqa: DTZ001
        (time(8, 30), "08:30:00"),
    ],
)  # fmt: skip
def test_a_workbooks_cell_is_the_text_a_csv_file_would_have(cell: Any, text: str) -> None:
    assert sheet.as_text(cell) == text
