-- Three tables of the kind that a payment writes: keys by texts, a body, one that is ordered.
CREATE TABLE orders (
    owner   TEXT COLLATE "C" NOT NULL,
    number  TEXT COLLATE "C" NOT NULL,
    version BIGINT           NOT NULL,
    body    TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (owner, number)
);

CREATE TABLE keys (
    owner    TEXT COLLATE "C" NOT NULL,
    order_id TEXT COLLATE "C" NOT NULL,
    number   TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (owner, order_id)
);

CREATE TABLE journal (
    sequence BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    number   TEXT COLLATE "C" NOT NULL,
    body     TEXT COLLATE "C" NOT NULL
);
