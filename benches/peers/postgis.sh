#!/usr/bin/env bash
# PostgreSQL with PostGIS in a temporary folder. `check FOLDER` exits with 0 if it can be run here.
# `run FOLDER SECONDS` loads FOLDER/points.csv (id, service, x, y, second, closed; metres in a plane) and
# runs each query for SECONDS. Output lines: name TAB figure. Unit: microseconds for a query, milliseconds
# for `dbscan`, seconds for `load`, transactions a second for `insert16`.
set -euo pipefail
bin=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -n 1)
[ -n "$bin" ]
ls /usr/share/postgresql/*/extension/postgis.control >/dev/null
as=()
if [ "$(id -u)" -eq 0 ]; then as=(runuser -u postgres --); fi
"${as[@]}" true
[ "$1" = check ] && exit 0
seconds=$3

work=$(mktemp -d /tmp/bench-postgis-XXXXXX)
chmod 755 "$work"; mkdir "$work/data"
cp "$2/points.csv" "$work/points.csv"
[ "$(id -u)" -eq 0 ] && chown -R postgres "$work"
cd "$work"
stop() { "${as[@]}" "$bin/pg_ctl" -D "$work/data" -m immediate stop >/dev/null 2>&1 || true; rm -rf "$work"; }
trap stop EXIT
"${as[@]}" "$bin/initdb" -D "$work/data" -A trust >/dev/null
"${as[@]}" "$bin/pg_ctl" -D "$work/data" -w -l "$work/log" -o "-k $work -c listen_addresses='' \
  -c shared_buffers=1GB -c work_mem=256MB -c maintenance_work_mem=1GB -c jit=off -c random_page_cost=1.1" \
  start >/dev/null
since() { awk -v began="$1" -v now="$(date +%s.%N)" 'BEGIN { printf "%f", now - began }'; }
sql() { "${as[@]}" psql -h "$work" -d postgres -qAt -v ON_ERROR_STOP=1 -c "$1"; }
sql "CREATE EXTENSION postgis; CREATE EXTENSION btree_gist;"
sql "CREATE TABLE raw (id bigint, service int, x float8, y float8, second bigint, closed int)"
began=$(date +%s.%N)
sql "COPY raw FROM '$work/points.csv' CSV"
sql "CREATE TABLE by_place AS SELECT id, service, second, ST_MakePoint(x, y) AS place FROM raw"
sql "CREATE INDEX ON by_place USING gist (place)"
printf 'load\t%s\n' "$(since "$began")"
sql "CREATE TABLE r AS SELECT * FROM by_place ORDER BY service, place; DROP TABLE by_place; DROP TABLE raw;
     CREATE INDEX ON r USING gist (place); CREATE INDEX ON r USING gist (service, place, second);
     CREATE TABLE q AS SELECT row_number() OVER () AS n, place, service, second FROM
       (SELECT * FROM r ORDER BY hashint8(id) LIMIT 10000) s; CREATE UNIQUE INDEX ON q (n)"
sql "VACUUM ANALYZE r"
sql "VACUUM ANALYZE q"
ask() { # name, sql
  printf '\\set i random(1,10000)\n%s\n' "$2" > "$work/ask.sql"
  "${as[@]}" "$bin/pgbench" -h "$work" -n -M prepared -f "$work/ask.sql" -T "$seconds" -c 1 postgres 2>/dev/null |
    awk -v name="$1" '/latency average/ { printf "%s\t%f\n", name, $4 * 1000 }'
}
sql "CREATE TABLE d AS SELECT place FROM r ORDER BY place"
sql "VACUUM ANALYZE d"
clustered() { sql "SELECT count(c) FROM (SELECT ST_ClusterDBSCAN(place, 50, 5) OVER () AS c FROM d) s" >/dev/null; }
clustered
began=$(date +%s.%N); clustered
printf 'dbscan\t%s\n' "$(since "$began" | awk '{ print $1 * 1000 }')"
ask nearest 'SELECT id FROM r ORDER BY place <-> (SELECT place FROM q WHERE n = :i) LIMIT 10;'
ask within50 'SELECT r.id FROM r, (SELECT place FROM q WHERE n = :i) k WHERE ST_DWithin(r.place, k.place, 50);'
ask within500 'SELECT r.id FROM r, (SELECT place FROM q WHERE n = :i) k WHERE ST_DWithin(r.place, k.place, 500);'
ask candidates 'SELECT r.id FROM r, (SELECT place, service, second FROM q WHERE n = :i) k
  WHERE r.service = k.service AND ST_DWithin(r.place, k.place, 100)
  AND r.second BETWEEN k.second - 2592000 AND k.second + 2592000;'
ask 'insert1' "INSERT INTO r (id, service, second, place) VALUES (:i, 1, 1, ST_MakePoint(:i, :i));"
"${as[@]}" "$bin/pgbench" -h "$work" -n -M prepared -f "$work/ask.sql" -T "$seconds" -c 16 -j 2 postgres 2>/dev/null |
  awk '/^tps/ { printf "insert16\t%f\n", $3 }'
