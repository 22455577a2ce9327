# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# Registries of a private instance (instance.bash): Debian's docker-registry on
# its loopback. Storage, logs and keys are below $INSTANCE/home/registry.
#
#   registry_start NAME PORT [tls] [htpasswd] [token=PORT]
#   registry_ca                      make the authority and a certificate for localhost
#                                    (with options, PORT + 100 takes pushes without them)
#   registry_push PORT SOURCE REPOSITORY:TAG [SKOPEO-ARG…]
#   registry_put PORT REPOSITORY TAG   a manifest or index from stdin, as it is
#
# User and password are "user" and "secret word".

REGISTRY_USER=user
REGISTRY_PASSWORD='secret word'

registry_dir()
{
	printf '%s\n' "$INSTANCE/home/registry"
}

# An authority of our own, the registry's certificate by it, and a key for tokens.
registry_ca()
{
	local dir

	dir=$(registry_dir)
	[ ! -e "$dir/ca.pem" ] || return 0
	mkdir -p "$dir"
	openssl req -x509 -newkey rsa:2048 -nodes -days 30 -subj "/CN=kukeon test authority" \
		-keyout "$dir/ca.key" -out "$dir/ca.pem" 2>/dev/null
	openssl req -newkey rsa:2048 -nodes -subj "/CN=localhost" \
		-keyout "$dir/server.key" -out "$dir/server.csr" 2>/dev/null
	printf 'subjectAltName=DNS:localhost,IP:127.0.0.1\n' >"$dir/server.ext"
	openssl x509 -req -in "$dir/server.csr" -CA "$dir/ca.pem" -CAkey "$dir/ca.key" \
		-CAcreateserial -days 30 -extfile "$dir/server.ext" -out "$dir/server.pem" 2>/dev/null
}

registry_config()
{
	local dir=$1 name=$2 port=$3 opt

	shift 3
	printf 'version: 0.1\nlog: {level: info, accesslog: {disabled: false}}\n'
	printf 'storage: {filesystem: {rootdirectory: %s}}\n' "$dir/$name"
	printf 'http:\n  addr: 127.0.0.1:%s\n' "$port"
	for opt in "$@"; do
		[ "$opt" != tls ] ||
			printf '  tls: {certificate: %s, key: %s}\n' "$dir/server.pem" "$dir/server.key"
	done
	for opt in "$@"; do
		case $opt in
		htpasswd)
			htpasswd -Bbn "$REGISTRY_USER" "$REGISTRY_PASSWORD" >"$dir/htpasswd" 2>/dev/null
			printf 'auth: {htpasswd: {realm: test, path: %s}}\n' "$dir/htpasswd"
			;;
		token=*)
			printf 'auth: {token: {realm: "http://127.0.0.1:%s/token", service: test, issuer: test, rootcertbundle: %s}}\n' \
				"${opt#token=}" "$dir/server.pem"
			;;
		esac
	done
}

registry_up()
{
	inst bash -c "exec 3<>/dev/tcp/127.0.0.1/$1" 2>/dev/null
}

registry_serve()
{
	inst docker-registry serve "$1.yml" >"$1.log" 2>&1 3>&- &
	wait_for 200 registry_up "$2"
}

registry_start()
{
	local dir name=$1 port=$2 opt

	dir=$(registry_dir)
	registry_ca
	mkdir -p "$dir/$name"
	registry_config "$dir" "$@" >"$dir/$name.yml"
	registry_serve "$dir/$name" "$port"
	[ $# -gt 2 ] || return 0
	# A way in without a password, for pushing.
	registry_config "$dir" "$name" "$((port + 100))" >"$dir/$name.push.yml"
	registry_serve "$dir/$name.push" "$((port + 100))"
	for opt in "${@:3}"; do
		[ "$opt" != "${opt#token=}" ] || continue
		inst "$INSTANCE_HELPERS/token-server" "${opt#token=}" "$dir" \
			"$REGISTRY_USER" "$REGISTRY_PASSWORD" >"$dir/token.log" 2>&1 3>&- &
		wait_for 200 registry_up "${opt#token=}"
	done
}

registry_push()
{
	inst skopeo copy -q --insecure-policy --dest-tls-verify=false "${@:4}" \
		"$2" "docker://127.0.0.1:$1/$3"
}

registry_put()
{
	cat >"$(registry_dir)/put.json"
	inst python3 - "$@" "$(registry_dir)/put.json" <<-'END'
		import json, sys, urllib.request
		port, repository, tag, path = sys.argv[1:5]
		body = open(path, "rb").read()
		urllib.request.urlopen(urllib.request.Request(
		    "http://127.0.0.1:%s/v2/%s/manifests/%s" % (port, repository, tag), data=body,
		    method="PUT", headers={"Content-Type": json.loads(body)["mediaType"]}))
	END
}
