-- The terms of an order are written once, beside what changes of it, and its own tasks, its closing
-- and the inquiry after its payment, are columns of its row. The table is made anew; nodes of the
-- version before cannot use it, and writing waits until all rows are carried over.
ALTER TABLE orders RENAME TO orders_before;
ALTER TABLE orders_before RENAME CONSTRAINT orders_pkey TO orders_before_pkey;
DROP INDEX orders_number;

CREATE TABLE orders (
    owner            TEXT COLLATE "C" NOT NULL,
    number           TEXT COLLATE "C" NOT NULL,
    query_id         TEXT COLLATE "C",
    terms            TEXT COLLATE "C" NOT NULL,
    version          BIGINT           NOT NULL,
    close_due        BIGINT,
    close_attempts   BIGINT,
    close_version    BIGINT,
    close_made       BIGINT,
    close_until      BIGINT,
    inquire_due      BIGINT,
    inquire_attempts BIGINT,
    inquire_version  BIGINT,
    inquire_made     BIGINT,
    inquire_until    BIGINT,
    close_holder     TEXT COLLATE "C",
    inquire_holder   TEXT COLLATE "C",
    state            TEXT COLLATE "C" NOT NULL,
    body             TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (owner, number)
) WITH (fillfactor = 80);

-- Parts of a body are kept as they were written: `json`, unlike `jsonb`, does not change them.
INSERT INTO orders
SELECT it.owner, it.number, nullif(parts.query_id, it.number), parts.terms, it.version,
    closing.due_at, closing.attempts, closing.version, closing.made_at, closing.leased_until,
    inquiry.due_at, inquiry.attempts, inquiry.version, inquiry.made_at, inquiry.leased_until,
    closing.holder, inquiry.holder, it.state,
    '{"state":' || parts.state || ',"reversals":' || parts.reversals || '}'
FROM orders_before AS it
CROSS JOIN LATERAL (SELECT it.body::json #>> '{terms,query_id}' AS query_id,
    (it.body::json -> 'terms')::text AS terms, (it.body::json -> 'state')::text AS state,
    (it.body::json -> 'reversals')::text AS reversals OFFSET 0) AS parts
LEFT JOIN tasks AS closing ON closing.owner = it.owner AND closing.number = it.number
    AND closing.id = 'close:' || it.number AND closing.after IS NULL
    AND closing.body::json ->> 'task' = 'close'
LEFT JOIN tasks AS inquiry ON inquiry.owner = it.owner AND inquiry.number = it.number
    AND inquiry.id = 'inquire:' || parts.query_id AND inquiry.after IS NULL
    AND inquiry.body::json ->> 'task' = 'inquire'
    AND inquiry.body::json ->> 'reversal' = 'false';

DROP TABLE orders_before;
CREATE INDEX orders_number ON orders (number);
CREATE INDEX orders_close_due ON orders (close_due) WHERE close_due IS NOT NULL;
CREATE INDEX orders_inquire_due ON orders (inquire_due) WHERE inquire_due IS NOT NULL;
