SELECT 'n' || i AS name, CAST(CASE WHEN i % 3 = 0 THEN -1 ELSE i END AS INTEGER) AS e, CAST(i AS INTEGER) AS key,
       CAST(i * 1.5 AS DECIMAL(12, 1)) AS b
FROM range(2000) t(i)
