SELECT i AS id, CAST(CASE
    WHEN i % 11 = 5 OR i % 13 = 6 THEN '1.5'
    WHEN i % 17 = 8 THEN '2.5'
    WHEN i % 19 = 9 THEN '3.5'
    ELSE i || '.25' END AS DECIMAL(9, 2)) AS fare,
  CASE
    WHEN i % 11 = 5 THEN NULL
    WHEN i % 13 = 6 THEN 'a'
    WHEN i % 17 = 8 THEN '"a"b'
    WHEN i % 19 = 9 THEN '"a, b'
    ELSE 'n, ' || i || chr(10) || 'm' END AS note,
  i % 3 AS part
FROM range(1, 3000) t(i)
WHERE i % 7 <> 3 AND NOT (i % 23 = 10 AND i % 11 <> 5 AND i % 13 <> 6 AND i % 17 <> 8 AND i % 19 <> 9)
