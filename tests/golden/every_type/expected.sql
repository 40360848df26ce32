SELECT CAST(a AS BOOLEAN) AS flag, CAST(b AS TINYINT) AS small, CAST(c AS SMALLINT) AS whole, CAST(d AS BIGINT) AS big,
       CAST(e AS DOUBLE) AS approximate, CAST(f AS DECIMAL(10, 2)) AS price, g AS label, CAST(h AS DATE) AS day,
       CAST(i AS TIMESTAMP) AS moment
FROM (VALUES
  ('true', '1', '100', '9000000000', '1.5', '10.25', 'alpha', '2024-01-31', '2024-01-31 23:59:59.123456'),
  ('false', '-128', '-32768', '-9223372036854775808', '-0.125', '-99999999.99', 'beta', '1970-01-01',
   '1969-12-31 23:59:59.5'),
  (NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
  ('true', '127', '32767', '9223372036854775807', '1e300', '0.01', '', '9999-12-31', '0001-01-01 00:00:00'))
  t(a, b, c, d, e, f, g, h, i)
