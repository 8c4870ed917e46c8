-- What a queryId names: the payment of an order or one of its reversals.
CREATE TABLE transactions (
    owner    TEXT COLLATE "C" NOT NULL,
    query_id TEXT COLLATE "C" NOT NULL,
    number   TEXT COLLATE "C" NOT NULL,
    kind     TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (owner, query_id)
);

-- A transaction by its number alone, for operators.
CREATE INDEX transactions_query_id ON transactions (query_id);
