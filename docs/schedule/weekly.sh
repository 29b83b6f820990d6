#!/usr/bin/env bash
# Evidence in, verdicts, report; a message when something drifted. Every schedule in this folder runs this file.
#
#   BUCKET     the bucket to watch                                 LOGS       log files: a folder, a glob, gs://sink/…
#   STATE      the folder that keeps catalogue and reports         CHECKOUT   a code checkout (optional)
#   ENV_NAME   what {env} stands for in the code (default: prod)   INVENTORY  an inventory report (default: list the bucket)
#   WEBHOOK    address that takes {"text": …} (optional)           MAIL_TO    address for the local mail command (optional)
set -euo pipefail
: "${BUCKET:?name the bucket}" "${LOGS:?say where the logs are}" "${STATE:?name a folder to keep things in}"

# A database is written on a local disk and copied back whole: the state folder may be a mounted bucket.
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
catalogue="$work/catalogue.duckdb"
mkdir -p "$STATE/reports"
first=yes
if [ -f "$STATE/catalogue.duckdb" ]; then
  first=no
  cp "$STATE/catalogue.duckdb" "$catalogue"
fi

# Exit code 3: some file could not be read to its end. What was read is kept, and the report says what is missing.
partly() { local code=0; "$@" || code=$?; if [ "$code" -ne 0 ] && [ "$code" -ne 3 ]; then exit "$code"; fi; }

partly thermocline ingest logs "$LOGS" --catalogue "$catalogue"
if [ -n "${INVENTORY:-}" ]; then
  partly thermocline ingest inventory "$INVENTORY" --catalogue "$catalogue"
else
  thermocline ingest listing "gs://$BUCKET" --catalogue "$catalogue"
fi
if [ -n "${CHECKOUT:-}" ]; then
  thermocline ingest code "$CHECKOUT" --env "${ENV_NAME:-prod}" --bucket "$BUCKET" --catalogue "$catalogue"
fi
thermocline analyze --bucket "$BUCKET" --catalogue "$catalogue"
thermocline report --bucket "$BUCKET" --catalogue "$catalogue" --output "$work/report"
if [ "$first" = no ]; then
  thermocline drift --bucket "$BUCKET" --catalogue "$catalogue" --json > "$work/drift.json"
fi

cp "$catalogue" "$STATE/catalogue.duckdb.new"
mv "$STATE/catalogue.duckdb.new" "$STATE/catalogue.duckdb"
rm -rf "$STATE/reports/latest"
cp -R "$work/report" "$STATE/reports/latest"
if [ "$first" = yes ]; then exit 0; fi
cp "$work/drift.json" "$STATE/reports/drift.json"

if tr -d '[:space:]' < "$work/drift.json" | grep -q '"changes":\[\]'; then exit 0; fi
text="Bucket $BUCKET has drifted since the last report; see $STATE/reports/drift.json"
if [ -n "${WEBHOOK:-}" ]; then
  curl --fail --silent --show-error --max-time 30 -H 'Content-Type: application/json' -d "{\"text\": \"$text\"}" "$WEBHOOK"
fi
if [ -n "${MAIL_TO:-}" ]; then printf '%s\n' "$text" | mail -s "Thermocline: $BUCKET" "$MAIL_TO"; fi
echo "$text"
