SELECT CAST(i AS BIGINT) AS id, CASE WHEN i < 900 THEN 'first' WHEN i < 901 THEN 'second' ELSE 'fourth' END AS part
FROM range(2500) t(i)
