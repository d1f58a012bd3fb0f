#!/bin/sh
# Creates what does not exist yet: a token for pushes, and the password of Grafana's user admin.
set -eu
dir=${SECRETS_DIR:-/secrets}

# secret <name> <user who may read it>
secret() {
	[ ! -s "$dir/$1" ] || return 0
	umask 077
	# Written whole or not at all: the script may be stopped at any time.
	head -c 24 /dev/urandom | base64 | tr '+/' '-_' >"$dir/.$1"
	chmod 400 "$dir/.$1"
	chown "$2" "$dir/.$1"
	mv "$dir/.$1" "$dir/$1"
}

# The user of the agent and of the sample application.
secret push_token 65534:65534
# The user of Grafana's image.
secret grafana_password 472:0
