COPY (SELECT i AS id, md5(CAST(i AS VARCHAR)) AS digest FROM range(8000) t(i)) TO '{dir}/in.csv.gz' (HEADER, COMPRESSION gzip);
