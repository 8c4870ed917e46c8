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
