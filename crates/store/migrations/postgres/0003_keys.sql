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

-- An order by a merchant's orderId without knowing the merchant, for operators.
CREATE INDEX keys_order_id ON keys (order_id);
