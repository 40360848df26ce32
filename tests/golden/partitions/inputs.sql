COPY (
  SELECT i AS id, 2020 + i % 4 AS year, CASE i % 6 WHEN 0 THEN 'a=b/c' WHEN 1 THEN NULL WHEN 2 THEN 'ü x' WHEN 3 THEN '100%'
         WHEN 4 THEN '__HIVE_DEFAULT_PARTITION' ELSE 'plain' END AS city, i * 3 AS value
  FROM range(3000) t(i)
) TO '{dir}/in.csv' (HEADER);
