"""What was wrong with a file: the first faults into a table, all of them into a CSV file."""

from __future__ import annotations

from typing import IO, Any

from psycopg import Connection

from config.sheets import csv_rows
from gateway.registry.loading.staging import FAULTS

KEPT = 1000
HEADER = ("row", "column", "value", "reason")
_ORDERED = (
    f"SELECT row_number, column_name, value, reason FROM {FAULTS} ORDER BY row_number, column_name"
)


def keep(connection: Connection[Any], number: str, report: IO[bytes]) -> None:
    """Write every fault of an import to the report, streaming, and the first ones to the table."""
    connection.execute("DELETE FROM registry_import_errors WHERE import_number = %s", (number,))
    connection.execute(
        "INSERT INTO registry_import_errors"
        f" SELECT %s, row_number() OVER (), f.* FROM ({_ORDERED} LIMIT {KEPT}) AS f",
        (number,),
    )
    with connection.transaction(), connection.cursor(name="faults") as cursor:
        cursor.execute(_ORDERED)
        for chunk in csv_rows(HEADER, cursor):
            report.write(chunk)
