-- Second names of transactions: a wallet's number of a payment. The logical key is (owner, name).
CREATE TABLE names (
    name     TEXT NOT NULL,
    owner    TEXT NOT NULL,
    number   TEXT NOT NULL,
    query_id TEXT NOT NULL,
    kind     TEXT NOT NULL,
    PRIMARY KEY (name, owner)
) STRICT, WITHOUT ROWID;
