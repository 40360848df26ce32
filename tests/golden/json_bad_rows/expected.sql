SELECT i AS id, CAST(i || '.25' AS DECIMAL(9, 2)) AS fare, ['n' || i, NULL] AS tags, i % 3 AS part
FROM range(1, 3000) t(i) WHERE i % 7 <> 3 AND i % 11 <> 5 AND i % 13 <> 6 AND i % 17 <> 8
UNION ALL
SELECT id, fare, tags, id % 3 FROM (VALUES (5000, CAST(1.25 AS DECIMAL(9, 2)), ['first']), (5005, 4.25, NULL)) t(id, fare, tags)
