SELECT CAST(i AS BIGINT) AS id, CAST(i / 100 AS DECIMAL(9, 2)) AS price, 'text ' || (i % 31) AS label,
       CAST(date_trunc('month', DATE '2020-01-01' + CAST(i // 50 AS INTEGER)) AS DATE) AS month
FROM range(5000, 11000) t(i) WHERE i % 7 <> 0
