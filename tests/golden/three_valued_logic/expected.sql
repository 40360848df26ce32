SELECT a, b, a AND b AS conjunction, a OR b AS disjunction, NOT a AS negation, a = b AS same,
       a IS NOT DISTINCT FROM b AS same_or_both_null, a IN (b, false) AS in_list,
       CASE WHEN a AND b THEN 'both' WHEN a OR b THEN 'one' ELSE 'neither or unknown' END AS chosen,
       coalesce(a, b) AS first
FROM read_csv('truth.csv', columns = {'a': 'BOOLEAN', 'b': 'BOOLEAN'})
WHERE NOT (a AND b) OR a IS NULL
