"""The platform: roles, the audit trail, seals, jobs, idempotency keys.

Append-only tables that grow for ever are partitioned by Phnom Penh month. `make_months()` makes the
partitions of this month and the next two, and one for whatever fits in none, so that no insert
ever fails for want of one; the application may call it but not make or enter a partition itself.
"""

from alembic import op
from procrastinate.schema import SchemaManager

from config.migrations.rights import app_table, append_only, append_only_by_month

revision = "0001_platform"
down_revision = None
branch_labels = None
depends_on = None

JOB_TABLES = ("procrastinate_workers", "procrastinate_jobs", "procrastinate_periodic_defers",
              "procrastinate_events")  # fmt: skip

UNUSED_TRIGGERS = (
    "procrastinate_jobs_notify_queue_job_inserted_v1",
    "procrastinate_trigger_status_events_insert_v1",
    "procrastinate_trigger_status_events_update_v1",
    "procrastinate_trigger_scheduled_events_v1",
)
MONTH_MARK = """
CREATE FUNCTION month_mark(moment timestamptz) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN lpad((date_part('year', moment AT TIME ZONE 'Asia/Phnom_Penh')::int % 100)::text, 2, '0')
    || chr(64 + date_part('month', moment AT TIME ZONE 'Asia/Phnom_Penh')::int)
"""
# Uniqueness across partitions follows from the number, which names its month (a table without numbers
# has none to keep unique). Each partition demands its own month's mark, a constant: PostgreSQL reads
# a check anew with every INSERT, and month_mark() took a third of the time of recording one.
MAKE_MONTH = r"""
CREATE FUNCTION make_month(parent text, month date) RETURNS boolean LANGUAGE plpgsql
SET search_path = public, pg_temp AS $$
DECLARE
  part text := parent || '_' || coalesce(to_char(month, 'YYYY_MM'), 'rest');
  starts timestamptz := month::timestamp AT TIME ZONE 'Asia/Phnom_Penh';
  ends timestamptz := (month + interval '1 month')::timestamp AT TIME ZONE 'Asia/Phnom_Penh';
  moment text := substring(pg_get_partkeydef(parent::regclass) FROM '\((.*)\)');
  mark text := coalesce(quote_literal(month_mark(starts)), 'month_mark(' || moment || ')');
BEGIN
  IF to_regclass('months.' || part) IS NOT NULL THEN RETURN false; END IF;
  EXECUTE format('CREATE TABLE months.%I (LIKE %I INCLUDING DEFAULTS INCLUDING CONSTRAINTS)',
                 part, parent);
  IF EXISTS (SELECT FROM pg_attribute
             WHERE attrelid = parent::regclass AND attname = 'number' AND NOT attisdropped) THEN
    EXECUTE format('ALTER TABLE months.%I ADD CONSTRAINT %I UNIQUE (number),'
                   ' ADD CONSTRAINT %I CHECK (substr(number, 2, 3) = %s)',
                   part, 'uq_' || part || '_number', 'ck_' || part || '_number', mark);
  END IF;
  EXECUTE format('CREATE TRIGGER tr_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON months.%I'
                 ' FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()', part);
  IF month IS NULL THEN
    EXECUTE format('ALTER TABLE %I ATTACH PARTITION months.%I DEFAULT', parent, part);
  ELSE
    EXECUTE format('ALTER TABLE %I ATTACH PARTITION months.%I FOR VALUES FROM (%L) TO (%L)',
                   parent, part, starts, ends);
  END IF;
  RETURN true;
END $$
"""
MAKE_MONTHS = """
CREATE FUNCTION make_months() RETURNS integer LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp AS $$
DECLARE
  parent text;
  first date := date_trunc('month', now() AT TIME ZONE 'Asia/Phnom_Penh');
  made integer := 0;
BEGIN
  PERFORM pg_advisory_xact_lock(hashtext('make_months'));
  FOR parent IN SELECT c.relname FROM pg_partitioned_table p JOIN pg_class c ON c.oid = p.partrelid
                 WHERE c.relnamespace = 'public'::regnamespace ORDER BY c.relname LOOP
    made := made + make_month(parent, NULL)::int;
    FOR ahead IN 0..2 LOOP
      BEGIN
        made := made + make_month(parent, (first + ahead * interval '1 month')::date)::int;
      EXCEPTION WHEN check_violation THEN
        -- Rows of that month lie in the rest already: they stay, and so do those that follow.
        RAISE WARNING 'the month of % that begins on % lies in the rest', parent, first;
      END;
    END LOOP;
  END LOOP;
  RETURN made;
END $$
"""


def upgrade() -> None:
    """Create the tables."""
    op.execute(
        """DO $$ BEGIN
        IF NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = 'nssf_app') THEN
          CREATE ROLE nssf_app NOLOGIN;
        END IF;
        IF NOT pg_has_role(current_user, 'nssf_app', 'MEMBER') THEN
          EXECUTE format('GRANT nssf_app TO %I', current_user);
        END IF;
        END $$"""
    )
    op.execute("GRANT USAGE ON SCHEMA public TO nssf_app")
    op.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
    op.execute("CREATE EXTENSION IF NOT EXISTS btree_gist")
    op.execute(
        """CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN RAISE EXCEPTION 'table % is append-only', TG_TABLE_NAME USING ERRCODE = '42501'; END $$"""
    )
    _months()
    # Through the driver: many statements, with ":" and "%" that are not parameters.
    op.get_bind().connection.driver_connection.execute(SchemaManager.get_schema())
    # A NOTIFY holds one lock for the whole database until its transaction is durable, so that no two
    # commits share a write: the worker polls instead. Nothing reads a job's history of states.
    for trigger in UNUSED_TRIGGERS:
        op.execute(f"DROP TRIGGER {trigger} ON procrastinate_jobs")
    op.execute("REVOKE ALL ON ALL TABLES IN SCHEMA public FROM PUBLIC")
    for table in JOB_TABLES:
        app_table(table)
    op.execute("GRANT SELECT ON alembic_version TO nssf_app")
    _audit()
    _small_tables()


def _months() -> None:
    op.execute("CREATE SCHEMA months")
    for function in (MONTH_MARK, MAKE_MONTH, MAKE_MONTHS):
        op.execute(function)
    op.execute("REVOKE ALL ON FUNCTION make_month(text, date), make_months() FROM PUBLIC")
    op.execute("GRANT EXECUTE ON FUNCTION make_months() TO nssf_app")


def _audit() -> None:
    op.execute(
        """CREATE TABLE audit_events (
          id bigint GENERATED BY DEFAULT AS IDENTITY,
          recorded_at timestamptz NOT NULL DEFAULT now(),
          actor text NOT NULL,
          action text NOT NULL,
          subject text NOT NULL,
          facility text,
          request_id text,
          details jsonb NOT NULL DEFAULT '{}',
          xact xid8 NOT NULL DEFAULT pg_current_xact_id(),
          CONSTRAINT pk_audit_events PRIMARY KEY (id, recorded_at))
          PARTITION BY RANGE (recorded_at)"""
    )
    for name, columns in (
        ("subject", "subject, id"), ("actor", "actor, id"), ("facility", "facility, id"),
        ("recorded_at", "recorded_at"), ("xact", "xact, id"),
    ):  # fmt: skip
        op.execute(f"CREATE INDEX ix_audit_events_{name} ON audit_events ({columns})")
    append_only_by_month("audit_events")
    op.execute(
        """CREATE TABLE seals (
          id bigint GENERATED BY DEFAULT AS IDENTITY,
          chain text NOT NULL,
          position bigint NOT NULL,
          from_xact xid8 NOT NULL,
          to_xact xid8 NOT NULL,
          rows bigint NOT NULL,
          digest bytea NOT NULL,
          previous bytea NOT NULL,
          kid text NOT NULL,
          signature bytea NOT NULL,
          sealed_at timestamptz NOT NULL DEFAULT now(),
          CONSTRAINT pk_seals PRIMARY KEY (id),
          CONSTRAINT uq_seals_chain_position UNIQUE (chain, position))"""
    )
    append_only("seals")


def _small_tables() -> None:
    op.execute(
        """CREATE TABLE generation (id smallint NOT NULL, n bigint NOT NULL,
          CONSTRAINT pk_generation PRIMARY KEY (id), CONSTRAINT ck_generation_one_row CHECK (id = 1))"""
    )
    op.execute("INSERT INTO generation VALUES (1, 1)")
    app_table("generation")
    op.execute(
        """CREATE TABLE idempotency_keys (
          caller text NOT NULL,
          key text NOT NULL,
          fingerprint bytea NOT NULL,
          status smallint,
          content_type text,
          headers text,
          body bytea,
          created_at timestamptz NOT NULL DEFAULT now(),
          CONSTRAINT pk_idempotency_keys PRIMARY KEY (caller, key))"""
    )
    op.execute("CREATE INDEX ix_idempotency_keys_created_at ON idempotency_keys (created_at)")
    app_table("idempotency_keys")


def downgrade() -> None:
    """Drop the tables."""
    for table in ("idempotency_keys", "generation", "seals", "audit_events"):
        op.execute(f"DROP TABLE {table}")
    for table in (*JOB_TABLES[::-1],):
        op.execute(f"DROP TABLE IF EXISTS {table} CASCADE")
    op.execute(
        """DO $$ DECLARE f record; BEGIN
        FOR f IN SELECT p.oid::regprocedure AS name FROM pg_proc p
                 WHERE p.proname LIKE 'procrastinate_%' LOOP
          EXECUTE 'DROP FUNCTION ' || f.name || ' CASCADE'; END LOOP; END $$"""
    )
    for kind in ("procrastinate_job_to_defer_v1", "procrastinate_job_status",
                 "procrastinate_job_event_type"):  # fmt: skip
        op.execute(f"DROP TYPE IF EXISTS {kind} CASCADE")
    op.execute("DROP SCHEMA months")
    op.execute("DROP FUNCTION make_months(), make_month(text, date), month_mark(timestamptz)")
    op.execute("DROP FUNCTION refuse_change()")
