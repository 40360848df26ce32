COPY (
  SELECT CASE
    WHEN i % 7 = 3 THEN '{"id":' || i || ',"fare":"x' || i || '","tags":[]}'
    WHEN i % 11 = 5 THEN '{"id":' || i || ',"fare":1.5'
    WHEN i % 13 = 6 THEN '{"id":' || i || ',"id":1,"fare":1.5}'
    WHEN i % 17 = 8 THEN '[' || i || ']'
    ELSE '{"id":' || i || ',"fare":' || i || '.25,"tags":["n' || i || '",null]}' END
  FROM range(1, 3000) t(i) ORDER BY i
) TO '{dir}/in.jsonl' (FORMAT csv, HEADER false, QUOTE '', ESCAPE '', DELIMITER '|');
