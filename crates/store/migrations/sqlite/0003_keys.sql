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

-- Second names of transactions, such as a wallet's number. The logical key is (owner, name); the
-- digest is as above, five bytes from the name and three from the owner.
CREATE TABLE names (
    row      INTEGER PRIMARY KEY,
    digest   INTEGER NOT NULL UNIQUE,
    owner    TEXT    NOT NULL,
    name     TEXT    NOT NULL,
    number   TEXT    NOT NULL,
    -- NULL: it is the number.
    query_id TEXT,
    kind     TEXT    NOT NULL
) STRICT;
