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
