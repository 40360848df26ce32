SELECT CAST(id AS INTEGER) AS id, name, note FROM (VALUES
  (1, 'ada', 'first line' || chr(10) || 'second line'),
  (2, 'bob, the builder', 'he said "yes"'),
  (3, 'eve', NULL),
  (4, '', ''),
  (5, '  padded  ', 'plain'),
  (6, 'Zoë', 'naïve, 東京 🚰')) t(id, name, note)
