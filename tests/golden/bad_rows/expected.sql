SELECT i AS id, CAST(i || '.25' AS DECIMAL(9, 2)) AS fare, 'n, ' || i AS note, i % 3 AS part
FROM range(1, 3000) t(i) WHERE i % 7 <> 3 AND i % 11 <> 5 AND i % 13 <> 6 AND i % 17 <> 8
UNION ALL
SELECT id, fare, note, id % 3 FROM (VALUES (5000, CAST(1.25 AS DECIMAL(9, 2)), 'first'), (5002, 2.25, 'l' || chr(10) || 'm'), (5004, 4.25, 'last')) t(id, fare, note)
