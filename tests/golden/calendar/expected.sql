SELECT day, moment, year(day) AS y, quarter(day) AS q, month(day) AS m, day(day) AS d, dayofyear(day) AS of_year,
       isodow(day) AS monday_is_1, hour(moment) AS h, CAST(date_trunc('month', day) AS DATE) AS month_start,
       date_trunc('hour', moment) AS hour_start, CAST(day + INTERVAL 30 DAY AS DATE) AS later,
       CAST(day + INTERVAL 12 MONTH AS DATE) AS clipped, day - DATE '2000-01-01' AS days_since, last_day(day) AS last
FROM read_csv('days.csv', columns = {'day': 'DATE', 'moment': 'TIMESTAMP'})
