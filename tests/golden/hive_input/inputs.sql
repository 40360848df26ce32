COPY (SELECT i AS id, 2020 + i % 3 AS year, i * 2 AS value FROM range(3000) t(i) ORDER BY year, id)
  TO '{dir}/in' (FORMAT parquet, PARTITION_BY (year));
