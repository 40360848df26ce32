COPY (SELECT i AS id, i % 13 AS k FROM range(20000) t(i)) TO '{dir}/in.csv' (HEADER);
