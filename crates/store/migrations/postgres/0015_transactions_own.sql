-- The payment of an order whose queryId is its number is found by the order.
DELETE FROM transactions AS it USING orders
WHERE orders.owner = it.owner AND orders.number = it.number AND it.query_id = it.number
    AND it.kind = 'payment' AND orders.query_id IS NULL;
