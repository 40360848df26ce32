SELECT CAST(i AS BIGINT) AS id, CAST(i / 100 AS DECIMAL(9, 2)) AS price, 'text ' || (i % 31) AS label,
       CASE WHEN i % 3 <> 0 THEN 'a longer text than twelve bytes, ' || (i % 11) END AS view,
       CASE WHEN i % 3 <> 0 THEN 'A LONGER TEXT THAN TWELVE BYTES, ' || (i % 11) END AS shout,
       CAST(date_trunc('month', DATE '2020-01-01' + CAST(i // 50 AS INTEGER)) AS DATE) AS month
FROM range(100, 1500) t(i) WHERE i % 7 <> 0
