SELECT i AS id, CAST(i || '.25' AS DECIMAL(9, 2)) AS fare, 'n, ' || i AS note
FROM range(1, 3000) t(i) WHERE i % 7 <> 3 AND i % 11 <> 5 AND i % 13 <> 6 AND i % 17 <> 8 AND i % 2 = 0 ORDER BY i LIMIT 500
