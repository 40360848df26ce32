SELECT word, pattern_target, length(word) AS points, strlen(word) AS bytes, trim(word) AS tidy, left(word, 3) AS head,
       substring(word, 2, 3) AS middle, word || '-' || pattern_target AS joined,
       concat_ws('/', word, pattern_target) AS skipped, replace(pattern_target, '2', '#') AS swapped,
       regexp_replace(pattern_target, '[0-9]+', '<n>', 'g') AS digits, word LIKE '%a%' AS has_a,
       starts_with(pattern_target, '2') AS begins
FROM read_csv('words.csv', columns = {'word': 'VARCHAR', 'pattern_target': 'VARCHAR'})
