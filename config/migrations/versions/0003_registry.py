"""registry: the people and facilities NSSF's feed describes, and the record of its imports.

The tables of schema `registry` are rebuilt in `registry_next` and swapped in by every full import,
so nothing may hold a foreign key or a view on them; their indexes and grants are copied along.
"""

from alembic import op

from config.migrations.rights import app_table, read_only
from config.text import ASCII_DIGITS, CARD_FOLD_FROM, CARD_FOLD_TO

revision = "0003_registry"
down_revision = "0002_auth"
branch_labels = None
depends_on = None

ACCENTED = "àáâãäåçèéêëìíîïñòóôõöùúûüýÿ"
PLAIN = "aaaaaaceeeeiiiinooooouuuuyy"
INVISIBLE = "\u200b\u200c\u200d\u2060"
KHMER = "\u1780\u1800"
PHONE_DIGITS = "0123456789០១២៣៤៥៦៧៨៩"
PHONE_PUNCTUATION = " -.()/\u00a0\u2010\u2011\u2012\u2013"

# A little room on each page lets a delta change a row in place, without touching an index; so the
# column that changes most, the telephone, is searched in a table of its own. The
# search by name reads what a delta left pending in its index: vacuum comes soon after one.
FEED_TABLES = """
CREATE TABLE registry.facilities (
    code text NOT NULL CONSTRAINT pk_facilities PRIMARY KEY,
    name_km text NOT NULL,
    name_en text NOT NULL,
    kind text NOT NULL,
    level text NOT NULL,
    province text NOT NULL,
    contract_from date NOT NULL,
    contract_to date,
    bank_account text,
    phone text
);
CREATE TABLE registry.enterprises (
    number text NOT NULL CONSTRAINT pk_enterprises PRIMARY KEY,
    name text NOT NULL,
    sector text NOT NULL,
    province text NOT NULL
);
CREATE TABLE registry.members (
    card_key text NOT NULL CONSTRAINT pk_members PRIMARY KEY,
    card_number text NOT NULL,
    national_id text,
    name_km text,
    name_latin text,
    sex text NOT NULL,
    date_of_birth date NOT NULL,
    category text NOT NULL,
    enterprise text,
    province text NOT NULL,
    phone text,
    registered_on date NOT NULL,
    status text NOT NULL,
    status_on date NOT NULL,
    card_status text NOT NULL DEFAULT 'live',
    household_card text,
    protected boolean NOT NULL DEFAULT false,
    district text,
    occupation text
) WITH (fillfactor = 95, autovacuum_vacuum_scale_factor = 0.005);
CREATE INDEX ix_members_national_id ON registry.members (national_id)
    WHERE national_id IS NOT NULL;
CREATE INDEX ix_members_household_card ON registry.members (household_card)
    WHERE household_card IS NOT NULL;
CREATE INDEX ix_members_search ON registry.members USING gin
    (date_of_birth, fold_name(name_km) gin_trgm_ops, fold_name(name_latin) gin_trgm_ops);
CREATE TABLE registry.phones (
    phone text NOT NULL,
    card_key text NOT NULL,
    CONSTRAINT pk_phones PRIMARY KEY (phone, card_key)
);
CREATE TABLE registry.dependents (
    card_key text NOT NULL CONSTRAINT pk_dependents PRIMARY KEY,
    card_number text NOT NULL,
    principal_key text NOT NULL,
    relationship text NOT NULL,
    national_id text,
    name_km text,
    name_latin text,
    sex text NOT NULL,
    date_of_birth date NOT NULL,
    disabled boolean NOT NULL,
    chronically_ill boolean NOT NULL,
    valid_from date NOT NULL,
    valid_to date
) WITH (fillfactor = 95, autovacuum_vacuum_scale_factor = 0.005);
CREATE INDEX ix_dependents_principal_key ON registry.dependents (principal_key);
CREATE INDEX ix_dependents_national_id ON registry.dependents (national_id)
    WHERE national_id IS NOT NULL;
CREATE INDEX ix_dependents_search ON registry.dependents USING gin
    (date_of_birth, fold_name(name_km) gin_trgm_ops, fold_name(name_latin) gin_trgm_ops);
CREATE TABLE registry.coverages (
    card_key text NOT NULL,
    scheme text NOT NULL,
    valid_from date NOT NULL,
    valid_to date,
    CONSTRAINT pk_coverages PRIMARY KEY (card_key, scheme, valid_from)
) WITH (fillfactor = 95);
CREATE TABLE registry.contributions (
    card_key text NOT NULL,
    scheme text NOT NULL,
    paid_months text NOT NULL,
    contributory_wage_riel bigint,
    CONSTRAINT pk_contributions PRIMARY KEY (card_key, scheme)
) WITH (fillfactor = 95)
"""

RECORDS = """
CREATE TABLE registry_imports (
    number text NOT NULL CONSTRAINT pk_registry_imports PRIMARY KEY,
    kind text NOT NULL,
    file_name text NOT NULL,
    path text NOT NULL,
    sha256 text,
    bytes bigint,
    delta boolean NOT NULL DEFAULT false,
    skip_bad_rows boolean NOT NULL DEFAULT false,
    accept_change boolean NOT NULL DEFAULT false,
    complete_through text,
    state text NOT NULL,
    requested_by text NOT NULL,
    requested_at timestamptz NOT NULL DEFAULT now(),
    finished_at timestamptz,
    rows bigint NOT NULL DEFAULT 0,
    bad_rows bigint NOT NULL DEFAULT 0,
    errors bigint NOT NULL DEFAULT 0,
    detail text,
    report jsonb NOT NULL DEFAULT '{}',
    CONSTRAINT ck_registry_imports_state CHECK (state IN (
        'queued', 'running', 'committed', 'skipped', 'held', 'refused', 'interrupted'))
);
CREATE INDEX ix_registry_imports_requested_at ON registry_imports (requested_at);
CREATE TABLE registry_import_errors (
    import_number text NOT NULL,
    position integer NOT NULL,
    row_number bigint NOT NULL,
    column_name text NOT NULL,
    value text,
    reason text NOT NULL,
    CONSTRAINT pk_registry_import_errors PRIMARY KEY (import_number, position),
    CONSTRAINT fk_registry_import_errors_import_number FOREIGN KEY (import_number)
        REFERENCES registry_imports (number) ON DELETE CASCADE
);
CREATE TABLE registry_files (
    kind text NOT NULL,
    sha256 text NOT NULL,
    file_name text NOT NULL,
    rows bigint NOT NULL,
    delta boolean NOT NULL,
    import_number text NOT NULL,
    committed_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT pk_registry_files PRIMARY KEY (kind, sha256)
);
CREATE TABLE registry_state (
    id smallint NOT NULL CONSTRAINT pk_registry_state PRIMARY KEY,
    as_of timestamptz,
    contributions_loaded boolean NOT NULL DEFAULT false,
    complete_through text,
    CONSTRAINT ck_registry_state_one_row CHECK (id = 1)
);
INSERT INTO registry_state (id) VALUES (1);
CREATE TABLE facility_bank_accounts (
    id bigint GENERATED BY DEFAULT AS IDENTITY CONSTRAINT pk_facility_bank_accounts PRIMARY KEY,
    facility text NOT NULL,
    account text NOT NULL,
    state text NOT NULL,
    introduced_by text NOT NULL DEFAULT 'system:feed',
    introduced_at timestamptz NOT NULL DEFAULT now(),
    import_number text,
    decided_by text,
    decided_at timestamptz,
    CONSTRAINT ck_facility_bank_accounts_state
        CHECK (state IN ('held', 'confirmed', 'refused', 'superseded')),
    CONSTRAINT ck_facility_bank_accounts_decision
        CHECK ((decided_by IS NULL) = (decided_at IS NULL)
               AND (state <> 'held' OR decided_by IS NULL))
);
CREATE INDEX ix_facility_bank_accounts_facility ON facility_bank_accounts (facility, id);
CREATE UNIQUE INDEX uq_facility_bank_accounts_live
    ON facility_bank_accounts (facility, state) WHERE state IN ('held', 'confirmed')
"""

CANONICAL_MONTHS = r"""
CREATE FUNCTION canonical_months(months text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT string_agg(
        to_char(make_date(first / 12, first % 12 + 1, 1), 'YYYY-MM')
        || CASE WHEN last > first
           THEN '..' || to_char(make_date(last / 12, last % 12 + 1, 1), 'YYYY-MM') ELSE '' END,
        ' ' ORDER BY first)
    FROM (SELECT lower(r) AS first, upper(r) - 1 AS last FROM unnest((
        SELECT range_agg(int4range(
            left(part, 4)::int * 12 + substr(part, 6, 2)::int - 1,
            left(right(part, 7), 4)::int * 12 + right(part, 2)::int))
        FROM string_to_table(months, ' ') AS part)) AS r) AS ranges
$$
"""


def upgrade() -> None:
    """Create the tables."""
    _functions()
    # Lets a birth date stand beside a name's trigrams in one index; a trusted extension.
    op.execute("CREATE EXTENSION IF NOT EXISTS btree_gin")
    op.execute("CREATE SCHEMA registry")
    op.execute("CREATE SCHEMA registry_next")
    op.execute("GRANT USAGE ON SCHEMA registry TO nssf_app")
    op.execute(FEED_TABLES)
    for table in (
        "facilities",
        "enterprises",
        "members",
        "phones",
        "dependents",
        "coverages",
        "contributions",
    ):
        read_only(f"registry.{table}")
    op.execute(RECORDS)
    for table in ("registry_imports", "facility_bank_accounts"):
        app_table(table)
    for table in ("registry_import_errors", "registry_files", "registry_state"):
        read_only(table)


def _functions() -> None:
    """Create the folds that queries and imports share; config.text holds the twin of fold_card."""
    characters, become = ASCII_DIGITS + CARD_FOLD_FROM, ASCII_DIGITS + CARD_FOLD_TO
    op.execute(
        "CREATE FUNCTION fold_card(text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS"
        f" $$ SELECT translate(normalize($1, NFC), {_quoted(characters)}, {_quoted(become)}) $$"
    )
    # Most Latin names are plain, and for those lower() will do; a Khmer name has nothing but joiners
    # to lose. Not STRICT: a strict function with a CASE in it is not inlined, which would make it
    # ten times dearer; NULL gives NULL all the same.
    visible = "lower($1)"
    for joiner in INVISIBLE:
        visible = f"replace({visible}, {_quoted(joiner)}, '')"
    op.execute(
        "CREATE FUNCTION fold_name(text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$"
        " SELECT CASE WHEN octet_length($1) = char_length($1) THEN lower($1)"
        f' WHEN $1 COLLATE "C" BETWEEN {_quoted(KHMER[0])} AND {_quoted(KHMER[1])} THEN {visible}'
        f" ELSE translate(lower($1), {_quoted(ACCENTED + INVISIBLE)}, {_quoted(PLAIN)}) END $$"
    )
    digits = f"translate($1, {_quoted(PHONE_DIGITS + PHONE_PUNCTUATION)}, '01234567890123456789')"
    op.execute(
        "CREATE FUNCTION fold_phone(text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$"
        f" SELECT regexp_replace({digits}, '^(\\+855|00855|855(?=\\d{{8}})|0(?=[1-9]))0?', '+855') $$"
    )
    op.execute(CANONICAL_MONTHS)


def _quoted(text: str) -> str:
    escapes = (c if c.isalnum() else f"\\u{ord(c):04x}" for c in text)
    return "E'" + "".join(escapes) + "'"


def downgrade() -> None:
    """Drop the tables."""
    for table in (
        "registry_import_errors", "registry_imports", "registry_files", "registry_state",
        "facility_bank_accounts",
    ):  # fmt: skip
        op.execute(f"DROP TABLE {table}")
    op.execute("DROP SCHEMA registry_next CASCADE")
    op.execute("DROP SCHEMA registry CASCADE")
    for function in ("fold_card", "fold_name", "fold_phone", "canonical_months"):
        op.execute(f"DROP FUNCTION {function}(text)")
