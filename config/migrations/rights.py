"""Rights of the application role, given table by table in migrations."""

from __future__ import annotations

from alembic import op

APP = "nssf_app"


def app_table(name: str) -> None:
    """Let the application read and write a table."""
    op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {name} TO {APP}")
    _sequences(name)


def append_only(name: str) -> None:
    """Let the application read and add to a table; nobody changes its rows, not even the owner."""
    op.execute(f"GRANT SELECT, INSERT ON {name} TO {APP}")
    _sequences(name)
    op.execute(
        f"CREATE TRIGGER tr_{name}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {name}"
        " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
    )


def append_only_by_month(name: str) -> None:
    """Protect a table partitioned by month and make its first partitions.

    They lie in the schema `months`, which the application cannot enter: it reads and adds through
    the table alone, and each partition refuses changes even to its owner.
    """
    append_only(name)
    op.execute("SELECT make_months()")


def read_only(name: str) -> None:
    """Let the application read a table only."""
    op.execute(f"GRANT SELECT ON {name} TO {APP}")


def _sequences(name: str) -> None:
    op.execute(
        f"""DO $$ DECLARE s text; BEGIN
        FOR s IN SELECT pg_get_serial_sequence('{name}', a.attname) FROM pg_attribute a
                 WHERE a.attrelid = '{name}'::regclass AND a.attnum > 0 AND NOT a.attisdropped LOOP
          IF s IS NOT NULL THEN EXECUTE 'GRANT USAGE, SELECT ON SEQUENCE ' || s || ' TO {APP}'; END IF;
        END LOOP; END $$"""
    )
