-- The tables as the migrations beside this file leave them: to read, and to compare with. A test
-- applies it to an empty database and holds it against a new and an upgraded one.

-- Which changes a database has.
CREATE TABLE causeway_versions (
    version BIGINT      NOT NULL PRIMARY KEY,
    at      TIMESTAMPTZ NOT NULL DEFAULT now()
);

-- Orders, each changed under its version. All texts compare by their bytes.
--
-- The terms of an order are written once, and `body` is what changes. What never changes stands
-- first: the log of the server then has only the rest of a row that stays on its page.
--
-- An order's own two tasks, its closing and the inquiry after its payment, are columns of its row:
-- they are made, replaced and ended together with it, and one index entry while they are due is all
-- that they cost beside. NULL in `version`: there is no such task. NULL in `due` alone: it is done.
-- `made`, `until` and `holder` are what `made_at`, `leased_until` and `holder` are of other tasks.
CREATE TABLE orders (
    owner            TEXT COLLATE "C" NOT NULL,
    number           TEXT COLLATE "C" NOT NULL,
    -- The queryId of the payment; NULL: it is the number.
    query_id         TEXT COLLATE "C",
    terms            TEXT COLLATE "C" NOT NULL,
    version          BIGINT           NOT NULL,
    close_due        BIGINT,
    close_attempts   BIGINT,
    close_version    BIGINT,
    close_made       BIGINT,
    close_until      BIGINT,
    inquire_due      BIGINT,
    inquire_attempts BIGINT,
    inquire_version  BIGINT,
    inquire_made     BIGINT,
    inquire_until    BIGINT,
    close_holder     TEXT COLLATE "C",
    inquire_holder   TEXT COLLATE "C",
    state            TEXT COLLATE "C" NOT NULL,
    body             TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (owner, number)
) WITH (fillfactor = 80);

-- An order by its number alone. It is not unique, so that the table can be divided by owner;
-- numbers are unique because of how they are made.
CREATE INDEX orders_number ON orders (number);

-- What falls due, earliest first.
CREATE INDEX orders_close_due ON orders (close_due) WHERE close_due IS NOT NULL;
CREATE INDEX orders_inquire_due ON orders (inquire_due) WHERE inquire_due IS NOT NULL;

-- What a queryId names: the payment of an order or one of its reversals. The payment of an order
-- whose queryId is its number has no row: the order itself is found.
CREATE TABLE transactions (
    owner    TEXT COLLATE "C" NOT NULL,
    query_id TEXT COLLATE "C" NOT NULL,
    number   TEXT COLLATE "C" NOT NULL,
    kind     TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (owner, query_id)
);

-- A transaction by its number alone, for operators.
CREATE INDEX transactions_query_id ON transactions (query_id);

-- References of merchants, each claimed once.
CREATE TABLE keys (
    owner    TEXT COLLATE "C" NOT NULL,
    order_id TEXT COLLATE "C" NOT NULL,
    txn_time TEXT COLLATE "C" NOT NULL,
    number   TEXT COLLATE "C" NOT NULL,
    query_id TEXT COLLATE "C" NOT NULL,
    kind     TEXT COLLATE "C" NOT NULL,
    input    TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (owner, order_id, txn_time)
);

-- An order by a merchant's orderId without knowing the merchant, for operators. It is a hash, since
-- references have no order: each new one would fall on another page of a longer index.
CREATE INDEX keys_order_id ON keys USING hash (order_id);

-- Work that falls due, beside the orders' own tasks, and who works on it until when. `made_at` and `place` tell the order in
-- which tasks were made: the database's clock in microseconds, and the place within one commit.
-- `stray`: an order's own task whose order is not there; the platform makes none.
CREATE TABLE tasks (
    owner        TEXT COLLATE "C" NOT NULL,
    id           TEXT COLLATE "C" NOT NULL,
    number       TEXT COLLATE "C" NOT NULL,
    due_at       BIGINT,
    after        TEXT COLLATE "C",
    attempts     BIGINT           NOT NULL,
    notice       TEXT COLLATE "C",
    version      BIGINT           NOT NULL,
    made_at      BIGINT           NOT NULL,
    place        BIGINT           NOT NULL,
    leased_until BIGINT,
    holder       TEXT COLLATE "C",
    body         TEXT COLLATE "C" NOT NULL,
    stray        BIGINT,
    PRIMARY KEY (owner, id)
) WITH (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.02);

-- What falls due, earliest first.
CREATE INDEX tasks_due ON tasks (due_at, id) WHERE due_at IS NOT NULL;

-- The tasks of an order.
CREATE INDEX tasks_number ON tasks (number);

-- Notices that are late or were given up, for operators.
CREATE INDEX tasks_notice ON tasks (made_at, place) WHERE notice IS NOT NULL;

-- Orders' own tasks whose order is not there.
CREATE INDEX tasks_stray ON tasks (stray) WHERE stray IS NOT NULL;

-- The ends of the journal's lanes. A lane belongs to one writer at a time: who takes it over raises
-- its epoch, and every commit moves it on from the very batch that the writer knows, so that two
-- writers never continue the same lane and a writer can learn whether its last commit went through.
CREATE TABLE lanes (
    lane       BIGINT      NOT NULL PRIMARY KEY,
    epoch      BIGINT      NOT NULL,
    batch      BIGINT      NOT NULL,
    sequence   BIGINT      NOT NULL,
    hash       BYTEA       NOT NULL,
    held_until TIMESTAMPTZ NOT NULL
) WITH (fillfactor = 20);

-- The journal, chained in lanes; the lane is its owner. `place` tells the order of the lines of one
-- stream, which may stand in several lanes: the version of the order, or the time of an operation.
CREATE TABLE journal (
    lane     BIGINT           NOT NULL,
    sequence BIGINT           NOT NULL,
    at       BIGINT           NOT NULL,
    owner    TEXT COLLATE "C" NOT NULL,
    stream   TEXT COLLATE "C" NOT NULL,
    place    BIGINT           NOT NULL,
    kind     TEXT COLLATE "C" NOT NULL,
    body     TEXT COLLATE "C" NOT NULL,
    previous BYTEA            NOT NULL,
    hash     BYTEA            NOT NULL,
    PRIMARY KEY (lane, sequence)
);

-- What happened to one order.
CREATE INDEX journal_stream ON journal (stream);

-- The lines of the ledger, in minor units. A transaction is posted once.
CREATE TABLE postings (
    owner          TEXT COLLATE "C" NOT NULL,
    number         TEXT COLLATE "C" NOT NULL,
    transaction_id TEXT COLLATE "C" NOT NULL,
    line           BIGINT           NOT NULL,
    account        TEXT COLLATE "C" NOT NULL,
    minor          BIGINT           NOT NULL,
    currency       TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (owner, number, transaction_id, line)
);

-- Documents beside the orders. They belong to no merchant and are divided by their key.
CREATE TABLE records (
    space      TEXT COLLATE "C" NOT NULL,
    key        TEXT COLLATE "C" NOT NULL,
    version    BIGINT           NOT NULL,
    expires_at BIGINT,
    body       TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (space, key)
) WITH (fillfactor = 90);

-- What may be forgotten.
CREATE INDEX records_expiry ON records (expires_at) WHERE expires_at IS NOT NULL;

-- Messages that were acted on, for as long as they could be replayed; the application owns them.
CREATE TABLE seen (
    app   TEXT COLLATE "C" NOT NULL,
    id    TEXT COLLATE "C" NOT NULL,
    until BIGINT           NOT NULL,
    PRIMARY KEY (app, id)
) WITH (autovacuum_vacuum_scale_factor = 0.02);

-- What may be forgotten.
CREATE INDEX seen_until ON seen (until);

-- One row that readiness writes, to prove that the store can be written.
CREATE TABLE probe (
    one   BIGINT NOT NULL PRIMARY KEY CHECK (one = 1),
    count BIGINT NOT NULL
) WITH (fillfactor = 20);

-- Second names of transactions, such as a wallet's number of one. The first to take a name keeps it.
CREATE TABLE names (
    owner    TEXT COLLATE "C" NOT NULL,
    name     TEXT COLLATE "C" NOT NULL,
    number   TEXT COLLATE "C" NOT NULL,
    query_id TEXT COLLATE "C" NOT NULL,
    kind     TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (owner, name)
);
