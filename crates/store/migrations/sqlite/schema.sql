-- The tables as the migrations beside this file leave them: to read, and to compare with. A test
-- applies it to an empty file and holds it against a new and an upgraded one.

-- Orders, each replaced as a whole under its version. The logical key is (owner, number); numbers
-- are the platform's own and unique over all owners, so that one index finds an order with and
-- without its owner. Numbers grow with time: the index is written at its end.
--
-- The terms of an order are written once: `submitted` is the line of the journal that tells them,
-- or, where its first event is another, `terms` has them. `body` is what changes.
--
-- An order's own two tasks, its closing and the inquiry after its payment, are columns of its row:
-- they are made, replaced and ended together with it, and one index entry while they are due is all
-- that they cost beside. `made` tells their place among the other tasks: twice the row of the last
-- of those when they were made, plus one when the other one was there already.
CREATE TABLE orders (
    number           TEXT    NOT NULL PRIMARY KEY,
    owner            TEXT    NOT NULL,
    version          INTEGER NOT NULL,
    -- The queryId of the payment; NULL: it is the number.
    query_id         TEXT,
    state            TEXT    NOT NULL,
    -- NULL in `version`: there is no such task. NULL in `due` alone: it is done.
    close_due        INTEGER,
    close_attempts   INTEGER,
    close_version    INTEGER,
    close_made       INTEGER,
    inquire_due      INTEGER,
    inquire_attempts INTEGER,
    inquire_version  INTEGER,
    inquire_made     INTEGER,
    submitted        INTEGER,
    terms            TEXT,
    body             TEXT    NOT NULL,
    CHECK ((submitted IS NULL) <> (terms IS NULL))
) STRICT;

-- What falls due, earliest first.
CREATE INDEX orders_close_due ON orders (close_due, number) WHERE close_due IS NOT NULL;
CREATE INDEX orders_inquire_due ON orders (inquire_due, number) WHERE inquire_due IS NOT NULL;

-- What a queryId names: the payment of an order or one of its reversals. The payment of an order
-- whose queryId is its number has no row: the order itself is found.
CREATE TABLE transactions (
    query_id TEXT NOT NULL PRIMARY KEY,
    owner    TEXT NOT NULL,
    number   TEXT NOT NULL,
    kind     TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- References of merchants. The logical key is (owner, order_id, txn_time).
--
-- References are without order, so that each new one falls on another page of its index. The rows
-- themselves are therefore written one after the other, and only `digest`, eight bytes, is indexed:
-- five from order_id alone, three from owner and txn_time, so that an order_id is a range. Where two
-- references have one digest, the later one takes the next that is free: what is found is compared.
CREATE TABLE keys (
    row      INTEGER PRIMARY KEY,
    digest   INTEGER NOT NULL UNIQUE,
    owner    TEXT    NOT NULL,
    order_id TEXT    NOT NULL,
    txn_time TEXT    NOT NULL,
    number   TEXT    NOT NULL,
    -- NULL: it is the number.
    query_id TEXT,
    kind     TEXT    NOT NULL,
    input    TEXT    NOT NULL
) STRICT;

-- Second names of transactions, such as a wallet's number. Whoever gives them out begins them with
-- the time or counts them, so that they are kept in their own order: new ones meet on one page.
CREATE TABLE names (
    name     TEXT    NOT NULL,
    owner    TEXT    NOT NULL,
    number   TEXT    NOT NULL,
    -- NULL: it is the number.
    query_id TEXT,
    kind     TEXT    NOT NULL,
    PRIMARY KEY (name, owner)
) STRICT, WITHOUT ROWID;

-- Work that falls due, beside the orders' own tasks. The logical key is (owner, id). The row id
-- tells the order in which tasks were made. Leases are not kept here: one process writes this file,
-- so that a claim ends with it.
CREATE TABLE tasks (
    row      INTEGER PRIMARY KEY,
    id       TEXT    NOT NULL,
    owner    TEXT    NOT NULL,
    number   TEXT    NOT NULL,
    due_at   INTEGER,
    after    TEXT,
    attempts INTEGER NOT NULL,
    notice   TEXT,
    stray    INTEGER,
    version  INTEGER NOT NULL,
    body     TEXT    NOT NULL,
    UNIQUE (id, owner)
) STRICT;

-- What falls due, earliest first.
CREATE INDEX tasks_due ON tasks (due_at, id) WHERE due_at IS NOT NULL;

-- The tasks of an order.
CREATE INDEX tasks_number ON tasks (number);

-- Notices that are late or were given up, for operators.
CREATE INDEX tasks_notice ON tasks (notice) WHERE notice IS NOT NULL;

-- Orders' own tasks whose order is not there: the platform makes none.
CREATE INDEX tasks_stray ON tasks (stray) WHERE stray IS NOT NULL;

-- The journal. This store has one writer and therefore one lane, number 0; the logical key is
-- (lane, sequence). The writer counts the sequence itself.
CREATE TABLE journal (
    sequence INTEGER PRIMARY KEY,
    lane     INTEGER NOT NULL CHECK (lane = 0),
    at       INTEGER NOT NULL,
    owner    TEXT    NOT NULL,
    stream   TEXT    NOT NULL,
    kind     TEXT    NOT NULL,
    body     TEXT    NOT NULL,
    previous BLOB    NOT NULL,
    hash     BLOB    NOT NULL
) STRICT;

-- What happened to one order.
CREATE INDEX journal_stream ON journal (stream);

-- The lines of the ledger, in minor units. The logical key is (owner, number, transaction_id,
-- line): a transaction is posted once.
CREATE TABLE postings (
    number         TEXT    NOT NULL,
    transaction_id TEXT    NOT NULL,
    line           INTEGER NOT NULL,
    owner          TEXT    NOT NULL,
    account        TEXT    NOT NULL,
    minor          INTEGER NOT NULL,
    currency       TEXT    NOT NULL,
    PRIMARY KEY (number, transaction_id, line)
) STRICT, WITHOUT ROWID;

-- Documents beside the orders.
CREATE TABLE records (
    space      TEXT    NOT NULL,
    key        TEXT    NOT NULL,
    version    INTEGER NOT NULL,
    expires_at INTEGER,
    body       TEXT    NOT NULL,
    PRIMARY KEY (space, key)
) STRICT;

-- What may be forgotten.
CREATE INDEX records_expiry ON records (expires_at) WHERE expires_at IS NOT NULL;

-- Messages that were acted on, for as long as they could be replayed: 16 bytes of the SHA-256 of
-- application and identifier, since nobody asks for the texts.
CREATE TABLE seen (
    digest BLOB    NOT NULL PRIMARY KEY,
    until  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- What may be forgotten.
CREATE INDEX seen_until ON seen (until);

-- One row that readiness writes, to prove that the store can be written.
CREATE TABLE probe (
    one   INTEGER PRIMARY KEY CHECK (one = 1),
    count INTEGER NOT NULL
) STRICT;
