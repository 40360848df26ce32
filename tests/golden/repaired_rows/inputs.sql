COPY (
  SELECT CASE
    WHEN i = 0 THEN 'id,fare,note,'
    WHEN i % 7 = 3 THEN i || ',x' || i
    WHEN i % 11 = 5 THEN i || ',1.5'
    WHEN i % 13 = 6 THEN i || ',1.5,a,,'
    WHEN i % 17 = 8 THEN i || ',2.5,"a"b'
    WHEN i % 19 = 9 THEN i || ',3.5,""a, b"'
    WHEN i % 23 = 10 THEN i || ',4.5,a,b'
    ELSE i || ',' || i || '.25,"n, ' || i || chr(10) || 'm"' END
  FROM range(3000) t(i) ORDER BY i
) TO '{dir}/in.csv' (HEADER false, QUOTE '', ESCAPE '', DELIMITER '|');
