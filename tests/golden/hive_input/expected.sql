SELECT CAST(i AS BIGINT) AS id, 2020 + i % 3 AS year, i * 2 AS value, if((i * 2) % 4 = 0, 'even', 'odd') AS kind
FROM range(3000) t(i) WHERE i % 3 <> 1
