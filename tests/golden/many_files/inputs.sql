COPY (SELECT i AS id, 'first' AS part FROM range(0, 900) t(i)) TO '{dir}/in_1.csv' (HEADER);
COPY (SELECT i AS id, 'second' AS part FROM range(900, 901) t(i)) TO '{dir}/in_2.csv' (HEADER);
COPY (SELECT i AS id, 'third' AS part FROM range(901, 901) t(i)) TO '{dir}/in_3.csv' (HEADER);
COPY (SELECT i AS id, 'fourth' AS part FROM range(901, 2500) t(i)) TO '{dir}/in_4.csv' (HEADER);
