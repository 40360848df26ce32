SELECT code, CAST(count AS BIGINT) AS count, CAST(share AS DOUBLE) AS share, CAST(day AS DATE) AS day, note, late
FROM (VALUES ('007', '1', '0.5', '2024-02-29', 'x', '1'), ('008', '2', '1.25', '2024-03-01', NULL, '2'),
             ('009', NULL, '2', NULL, 'y', '3'), ('010', '40000000000', '3.75', '1999-12-31', 'z', 'four'))
  t(code, count, share, day, note, late)
