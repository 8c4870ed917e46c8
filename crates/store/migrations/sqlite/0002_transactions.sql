-- What a queryId names: the payment of an order or one of its reversals. The payment of an order
-- whose queryId is its number has no row: the order itself is found.
CREATE TABLE transactions (
    query_id TEXT NOT NULL PRIMARY KEY,
    owner    TEXT NOT NULL,
    number   TEXT NOT NULL,
    kind     TEXT NOT NULL
) STRICT, WITHOUT ROWID;
