#!/bin/sh
# A private authority and what it signed, in the directory $1.
set -eu
cd "$1"
# certificate <name> <subjectAltName> <from> <to>: by the authority
authority() {
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$1.key" -out "$1.pem" \
		-subj "/CN=$1" -days 3650 -addext basicConstraints=critical,CA:TRUE -addext keyUsage=keyCertSign 2>/dev/null
	: >"$1.index"
}
certificate() {
	openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$1.key" -out "$1.csr" \
		-subj "/CN=$1" 2>/dev/null
	printf '[x]\nsubjectAltName=%s\nextendedKeyUsage=serverAuth,clientAuth\n' "$2" >"$1.ext"
	cat >"$1.cnf" <<-CNF
		[ca]
		default_ca=d
		[d]
		database=ca.index
		new_certs_dir=.
		rand_serial=yes
		default_md=sha256
		policy=p
		unique_subject=no
		[p]
		commonName=supplied
	CNF
	openssl ca -batch -notext -config "$1.cnf" -cert ca.pem -keyfile ca.key -in "$1.csr" -out "$1.pem" \
		-extfile "$1.ext" -extensions x -startdate "$3" -enddate "$4" 2>"$1.log" || { cat "$1.log" >&2; exit 1; }
}
authority ca
authority other
certificate good DNS:localhost,IP:127.0.0.1 20200101000000Z 20991231000000Z
certificate name DNS:elsewhere.example 20200101000000Z 20991231000000Z
certificate expired DNS:localhost,IP:127.0.0.1 20200101000000Z 20200102000000Z
certificate future DNS:localhost,IP:127.0.0.1 20900101000000Z 20991231000000Z
certificate client DNS:box,URI:spiffe://fleet/box,email:ops@example.org,IP:192.0.2.7 20200101000000Z 20991231000000Z
# Clients that are their own authorities, one of them once.
own() {
	openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$1.key" -out "$1.csr" \
		-subj "/CN=$1" 2>/dev/null
	printf '[x]\nbasicConstraints=critical,CA:TRUE\nsubjectAltName=DNS:%s\n' "$1" >"$1.ext"
	openssl ca -selfsign -batch -notext -config good.cnf -keyfile "$1.key" -in "$1.csr" -out "$1.pem" \
		-extfile "$1.ext" -extensions x -startdate 20200101000000Z -enddate "$2" 2>"$1.log" ||
		{ cat "$1.log" >&2; exit 1; }
}
own own 20991231000000Z
own formerly 20200102000000Z
