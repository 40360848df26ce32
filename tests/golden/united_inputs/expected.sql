WITH records AS (
  SELECT i AS id, 'n' || i AS name, NULL::DOUBLE AS score, i + 2 AS line, 'part-1.csv.bz2' AS file,
         8 AS header_bytes, strlen(i || ',n' || i || '.') AS bytes
  FROM range(3000) t(i)
  UNION ALL
  SELECT i, NULL, CAST(i AS DOUBLE) / 4, i - 3000 + 2, 'part-2.csv.xz',
         9, strlen(CAST(CAST(i AS DOUBLE) / 4 AS VARCHAR) || ',' || i || '.')
  FROM range(3000, 6000) t(i)
  UNION ALL
  SELECT i, 'a' || chr(10) || 'b' || i, NULL, 2 * (i - 6000) + 2, 'part-3.csv.lz4',
         8, strlen('"a.b' || i || '",' || i || '.')
  FROM range(6000, 9000) t(i)),
placed AS (
  SELECT *, header_bytes + coalesce(sum(bytes) OVER (PARTITION BY file ORDER BY id
                                    ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS place
  FROM records)
SELECT CAST(id AS BIGINT) AS id, name, score, CAST(line AS BIGINT) AS line, CAST(place AS BIGINT) AS "at", file
FROM placed WHERE id % 7 = 0 ORDER BY id
