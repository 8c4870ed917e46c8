-- Orders, each replaced as a whole under its version. All texts compare by their bytes.
CREATE TABLE orders (
    owner   TEXT COLLATE "C" NOT NULL,
    number  TEXT COLLATE "C" NOT NULL,
    version BIGINT           NOT NULL,
    state   TEXT COLLATE "C" NOT NULL,
    body    TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (owner, number)
) WITH (fillfactor = 80);

-- An order by its number alone. It is not unique, so that the table can be divided by owner;
-- numbers are unique because of how they are made.
CREATE INDEX orders_number ON orders (number);
