COPY (SELECT i AS id, CAST(i / 100 AS DECIMAL(9, 2)) AS price, DATE '2020-01-01' + CAST(i // 50 AS INTEGER) AS day,
             CASE WHEN i % 7 = 0 THEN NULL ELSE 'text ' || (i % 31) END AS label
      FROM range(20000) t(i)) TO '{dir}/in.parquet' (ROW_GROUP_SIZE 2048, COMPRESSION zstd);
