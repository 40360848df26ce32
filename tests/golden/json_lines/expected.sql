SELECT * FROM (VALUES
  (1, 'plain', 1.5::DOUBLE, DATE '2024-02-29', TIMESTAMP '2024-02-29 23:59:59.5', ['a', 'b'],
   {'city': 'Zürich', 'xy': [8.54::DOUBLE, 47.37::DOUBLE], 'zip': NULL::VARCHAR}, NULL::BOOLEAN, NULL::DECIMAL(22, 2), NULL::VARCHAR,
   NULL::STRUCT(kind VARCHAR, n BIGINT)[], NULL::VARCHAR, NULL::VARCHAR, 1),
  (2, 'café 😀 "q" \ / ' || chr(10) || ' tab' || chr(9), 2, NULL, NULL, [], {'city': NULL, 'xy': NULL, 'zip': NULL}, NULL, NULL, NULL,
   NULL, NULL, NULL, 2),
  (9223372036854775807, '', -0.0, DATE '1969-12-31', TIMESTAMP '1969-12-31 23:59:59', [NULL, ']}'], NULL, true, NULL, NULL,
   NULL, NULL, NULL, 4),
  (-5, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 18446744073709551615, '{"a": [1, {"b": null}]}',
   [{'kind': 'x', 'n': 1}, NULL, {'kind': NULL, 'n': 2}], NULL, NULL, 5),
  (0, NULL, NULL, NULL, NULL, NULL, {'city': NULL, 'xy': NULL, 'zip': '08001'}, NULL, 0.25, 'text',
   [], NULL, NULL, 6),
  (7, '2024-01-01', NULL, NULL, NULL, NULL, NULL, NULL, -3, '1.50', NULL, NULL, '{}', 7)
) t(id, name, score, day, moment, tags, place, extra, big, mixed, events, nothing, empty, line)
