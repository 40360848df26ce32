COPY (SELECT i AS a, i * 1.5 AS b, 'n' || i AS c, i % 2 = 0 AS d, CASE WHEN i % 3 = 0 THEN NULL ELSE i END AS e
      FROM range(2000) t(i)) TO '{dir}/in.csv' (HEADER);
