"""Migrations are one numbered line, agree with the models, and can be undone."""

from __future__ import annotations

from pathlib import Path

from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import Flask
from flask_migrate import downgrade, upgrade
from sqlalchemy import text

from config.db import db
from config.health import MIGRATIONS


def script() -> ScriptDirectory:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    return ScriptDirectory.from_config(config)


def test_there_is_one_head_and_files_are_numbered_in_order() -> None:
    revisions = [one.revision for one in script().walk_revisions()][::-1]

    assert len(script().get_heads()) == 1
    assert [r[:4] for r in revisions] == [f"{n:04}" for n in range(1, len(revisions) + 1)]
    files = sorted(p.stem for p in Path(MIGRATIONS, "versions").glob("0*.py"))
    assert files == sorted(revisions)


def test_the_models_and_the_migrated_database_agree(app: Flask) -> None:
    def include(name: str | None, kind: str, _: object) -> bool:
        if kind == "schema":
            return name in (None, "registry")
        return not (kind == "table" and str(name).startswith(("procrastinate_", "alembic_version")))

    with db.engine.connect() as connection:
        context = MigrationContext.configure(
            connection,
            opts={"include_schemas": True, "include_name": include, "compare_type": False},
        )
        assert compare_metadata(context, db.metadatas[None]) == []


def test_every_migration_can_be_undone_and_applied_again(app: Flask) -> None:
    db.session.remove()
    downgrade(directory=str(MIGRATIONS), revision="base")
    with db.engine.connect() as connection:
        left = connection.execute(
            text("SELECT relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
                 " WHERE nspname IN ('public', 'registry') AND relkind IN ('r', 'p', 'v', 'm')")
        ).scalars().all()  # fmt: skip
    assert left == ["alembic_version"]

    upgrade(directory=str(MIGRATIONS))
