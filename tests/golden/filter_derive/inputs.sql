COPY (
  SELECT i AS id, CASE WHEN i % 11 = 0 THEN NULL ELSE CAST((i * 37 % 9973) / 100 AS DECIMAL(8, 2)) END AS fare,
         CASE WHEN i % 5 = 0 THEN 0 ELSE i % 17 END AS distance, 'zone ' || (i * 7 % 23) AS zone
  FROM range(5000) t(i)
) TO '{dir}/in.csv' (HEADER);
