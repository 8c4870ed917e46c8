-- The journal, chained in lanes; the lane is its owner. `place` tells the order of the lines of one
-- stream, which may stand in several lanes: the version of the order, or the time of an operation.
CREATE TABLE journal (
    lane     BIGINT           NOT NULL,
    sequence BIGINT           NOT NULL,
    at       BIGINT           NOT NULL,
    owner    TEXT COLLATE "C" NOT NULL,
    stream   TEXT COLLATE "C" NOT NULL,
    place    BIGINT           NOT NULL,
    kind     TEXT COLLATE "C" NOT NULL,
    body     TEXT COLLATE "C" NOT NULL,
    previous BYTEA            NOT NULL,
    hash     BYTEA            NOT NULL,
    PRIMARY KEY (lane, sequence)
);

-- What happened to one order.
CREATE INDEX journal_stream ON journal (stream);
