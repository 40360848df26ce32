SELECT id, fare, distance, zone, CAST(fare AS DOUBLE) / nullif(distance, 0) AS per_unit, id * 2 AS double_id,
       upper(zone) AS shout, id * 2 + 1 AS next
FROM read_csv('in.csv', columns = {'id': 'BIGINT', 'fare': 'DECIMAL(8,2)', 'distance': 'INTEGER', 'zone': 'VARCHAR'})
WHERE fare >= 5 AND NOT zone = 'zone 3' AND ((id * 2) % 3 <> 0 OR nullif(distance, 0) IS NULL)
