#!/bin/sh
# A program that counts its work and pushes the counts every few seconds, with one POST of JSON.
# The value of a counter is what was added since the last push.
set -eu
: "${PUSH_URL:?where to push to, such as http://sysmetrics:9101/api/metrics}"
: "${TOKEN_FILE:?the file with the token}"
trap 'exit 0' INT TERM

while :; do
	orders=$(($(od -An -N1 -tu1 /dev/urandom) % 10))
	body='{"source": "sample_app", "metrics": [
		{"name": "sample_orders_total", "metric_type": "counter", "help": "Orders taken.",
			"labels": {"shop": "main"}, "value": {"value": '$orders'}},
		{"name": "sample_queue_depth", "metric_type": "gauge", "help": "Orders that wait.",
			"labels": {"shop": "main"}, "value": {"value": '$((orders / 2))'}}]}'
	# A restart of the agent must not end this program.
	timeout 5 wget -q -O /dev/null --header "Authorization: Bearer $(cat "$TOKEN_FILE")" \
		--header "Content-Type: application/json" --post-data "$body" "$PUSH_URL" ||
		echo "not pushed to $PUSH_URL" >&2
	sleep "${PUSH_SECONDS:-5}" &
	wait $!
done
