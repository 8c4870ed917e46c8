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
