\set id random(1, 9000000000000000000)
WITH placed AS (
    INSERT INTO orders (owner, number, version, body)
    VALUES ('100000010000017', :id::text, 1, repeat('o', 300))
), claimed AS (
    INSERT INTO keys (owner, order_id, number)
    VALUES ('100000010000017', md5(:id::text), :id::text)
)
INSERT INTO journal (number, body) VALUES (:id::text, repeat('e', 300));
