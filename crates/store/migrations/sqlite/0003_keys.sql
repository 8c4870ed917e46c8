-- References of merchants. The logical key is (owner, order_id, txn_time); order_id stands first
-- in the index, so that operators find an order by it without knowing the owner.
CREATE TABLE keys (
    order_id TEXT NOT NULL,
    txn_time TEXT NOT NULL,
    owner    TEXT NOT NULL,
    number   TEXT NOT NULL,
    query_id TEXT NOT NULL,
    kind     TEXT NOT NULL,
    input    TEXT NOT NULL,
    PRIMARY KEY (order_id, txn_time, owner)
) STRICT;
