# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# shellcheck disable=SC2034 # SUBJECT is read by probe.bash

# What probe_begin adds to the instance's configuration (instance.bash). crun is
# a name for the host's runc, so that the choice is seen.
server_keys()
{
	mkdir -p "$HERE/bin"
	printf '#!/bin/sh\nexec %s "$@"\n' "$(command -v runc)" >"$HERE/bin/crun"
	chmod 755 "$HERE/bin/crun"
	PATH=$HERE/bin:$PATH
	openssl req -x509 -newkey rsa:2048 -nodes -days 30 -subj /CN=192.0.2.2 \
		-addext subjectAltName=IP:192.0.2.2 -keyout "$HERE/ca.key" -out "$HERE/ca.pem" 2>/dev/null
	cat <<-END
		  socketGID: 4242
		  containerdSocket: /no/such/containerd.sock
		  reconcileInterval: 1s
		  podSubnetCIDR: 10.77.0.0/16
		  podSubnetSize: 28
		  podSubnetCIDRv6: fd77:1:2::/48
		  firewallBackend: nft
		  runtime: crun
		  keepLayers: true
		  insecureRegistries: ["192.0.2.2:5480"]
		  registryMirrors: {mirrored.test: "127.0.0.1:1"}
		  registryCAFile: $HERE/ca.pem
		  seccompDefault: true
		  imageLimits:
		    maxBytes: 2147483648
		    maxEntries: 2000
		    maxRatio: 20
		    maxLayers: 3
		    maxPath: 200
		    maxXattrs: 2
		    maxXattrBytes: 100
		  captureMaxBytes: 70000
		  captureFiles: 2
		  terminalSize: last
	END
}

# server_refused TEXT: kukeond does not start with this configuration.
server_refused()
{
	local out
	cat >"$WORK/server.yaml"
	out=$(inst timeout 300 "$INSTANCE_BINDIR/kukeond" serve --configuration "$WORK/server.yaml" 2>&1) && return 1
	grep -qF -- "$1" <<<"$out"
}

server_not_yet()
{
	proof "kukeond does not start: not supported yet"
	printf 'kind: ServerConfiguration\nmetadata: {name: x}\nspec: {socket: %s/x/s, runPath: %s/x, %s}\n' \
		"$WORK" "$WORK" "$2" | server_refused "not supported yet: spec.$1"
}

serverconfiguration.apiVersion()
{
	proof "kukeond does not start with v9"
	printf 'apiVersion: v9\nkind: ServerConfiguration\nmetadata: {name: x}\n' |
		server_refused 'unsupported apiVersion: v9 (expected v1beta1)'
}

serverconfiguration.kind()
{
	proof "kukeond does not start with another kind"
	printf 'kind: ClientConfiguration\nmetadata: {name: x}\n' | server_refused 'kind'
}

serverconfiguration.metadata.name()
{
	proof "a name that is no string is refused"
	printf 'kind: ServerConfiguration\nmetadata: {name: [x]}\n' | server_refused 'cannot unmarshal'
}

serverconfiguration.metadata.labels()
{
	proof "labels that are no map are refused"
	printf 'kind: ServerConfiguration\nmetadata: {name: x, labels: [y]}\n' |
		server_refused 'cannot unmarshal !!seq into map'
}

serverconfiguration.spec.socket()
{
	proof "the kernel has a listening socket of that path"
	grep -qF " $INSTANCE_SOCKET " "$SEEN/listening"
}

serverconfiguration.spec.socketGID()
{
	proof "the socket belongs to that group"
	[ "$(stat -c '%g %a' "$INSTANCE_SOCKET")" = '4242 660' ]
}

serverconfiguration.spec.runPath()
{
	proof "state is below it"
	[ -d "$INSTANCE_RUN_PATH/data/$REALM/sp" ]
}

serverconfiguration.spec.containerdSocket()
{
	proof "accepted, no effect: nothing is at that path and everything runs"
	grep -q 'containerdSocket: /no/such/containerd.sock' "$INSTANCE_CONFIG"
	[ ! -e /no/such/containerd.sock ]
}

serverconfiguration.spec.logLevel()
{
	proof "kukeond's log has lines of level debug"
	grep -q level=DEBUG "$HERE/kukeond.log"
}

bridge_is_there()
{
	inst ip link show "$1"
}

serverconfiguration.spec.reconcileInterval()
{
	proof "a bridge that somebody deletes is back with the next pass"
	local name
	name=$(bridge_of filled)
	inst ip link delete "$name"
	wait_for 160 bridge_is_there "$name"
}

serverconfiguration.spec.kukeondImage()
{
	server_not_yet kukeondImage 'kukeondImage: x'
}

serverconfiguration.spec.containerdNamespaceSuffix()
{
	proof "the directory of a realm's namespace ends in it"
	[ -d "$INSTANCE_RUN_PATH/namespaces/default.$INSTANCE_NS_SUFFIX" ]
}

serverconfiguration.spec.cgroupRoot()
{
	proof "processes of containers are in groups below it"
	SUBJECT=cell seen_line plain cgroup ":$INSTANCE_CGROUP/$REALM/"
}

serverconfiguration.spec.podSubnetCIDR()
{
	proof "bridges have addresses in it"
	grep -qE "$(bridge_of sp) +inet 10\.77\." "$SEEN/addresses"
}

serverconfiguration.spec.podSubnetSize()
{
	proof "bridges have addresses of that prefix length"
	grep -qE "$(bridge_of sp) +inet 10\.77\.[0-9.]*/28 " "$SEEN/addresses"
}

serverconfiguration.spec.podSubnetCIDRv6()
{
	proof "bridges have addresses in it"
	grep -qE "$(bridge_of sp) +inet6 fd77:1:2:[0-9a-f:]*/64 " "$SEEN/addresses"
}

serverconfiguration.spec.firewallBackend()
{
	proof "rules are in nf_tables, and not in the legacy tables"
	inst nft list tables | grep -q '^table inet kukeon-'
	inst iptables-legacy -S && ! inst iptables-legacy -S | grep KUKE
}

# pull_says TEXT REF: why pulling it fails.
pull_says()
{
	local out
	out=$(kuke image pull --realm default "$2" 2>&1) && return 1
	grep -qF -- "$1" <<<"$out"
}

tcp_up()
{
	inst bash -c "exec 9<>/dev/tcp/192.0.2.2/$1" 2>/dev/null
}

serverconfiguration.spec.insecureRegistries()
{
	proof "a registry of that name and port is spoken to in plain, another is not"
	local port
	cat >"$HERE/404" <<-'END'
		#!/bin/sh
		head -c 20 >/dev/null
		printf 'HTTP/1.1 404 x\r\nContent-Length: 0\r\n\r\n'
		sleep 1
	END
	chmod 755 "$HERE/404"
	for port in 5480 5481; do
		inst socat "TCP-LISTEN:$port,bind=192.0.2.2,reuseaddr,fork" EXEC:"$HERE/404" \
			>/dev/null 2>&1 3>&- &
		wait_for 100 tcp_up "$port"
	done
	pull_says 'not found' 192.0.2.2:5480/x
	refute pull_says 'not found' 192.0.2.2:5481/x
	inst pkill -x socat
}

serverconfiguration.spec.registryMirrors()
{
	proof "an error of a pull speaks of the mirror"
	pull_says '; mirror 127.0.0.1:1: ' mirrored.test/x
}

serverconfiguration.spec.registryCAFile()
{
	proof "a registry with a certificate of that authority is believed"
	inst openssl s_server -quiet -www -accept 192.0.2.2:5482 -key "$HERE/ca.key" \
		-cert "$HERE/ca.pem" >/dev/null 2>&1 3>&- </dev/null &
	wait_for 100 tcp_up 5482
	pull_says 'failed to pull image' 192.0.2.2:5482/x
	refute pull_says trusted 192.0.2.2:5482/x
	inst pkill -x openssl
}

serverconfiguration.spec.seccompDefault()
{
	proof "Seccomp of /proc/PID/status is a filter, where the container says nothing of it"
	SUBJECT=cell
	seen_line plain status $'^Seccomp:\t2$'
}

serverconfiguration.spec.runtime()
{
	proof "monitors run that program"
	inst pgrep -f -- "--id=sp_st_cell-id_plain .*--runc=$HERE/bin/crun "
}

serverconfiguration.spec.keepLayers()
{
	proof "the layer of the image is still among the blobs"
	[ -n "$(find "$INSTANCE_RUN_PATH/namespaces/own.$INSTANCE_NS_SUFFIX/blobs/sha256" -size +500k)" ]
}

# told KEY VALUE: the terminal of a container that is attachable is started with it.
told()
{
	SUBJECT=container
	attempt 'attachable: true' >/dev/null
	[ "$(inst jq -c ".spec.$1" "$(tty_dir)/../kuketty-metadata.json")" = "$2" ]
	undo
}

serverconfiguration.spec.captureMaxBytes()
{
	proof "terminals are told so"
	told captureMaxBytes 70000
}

serverconfiguration.spec.captureFiles()
{
	proof "terminals are told so"
	told captureFiles 2
}

serverconfiguration.spec.terminalSize()
{
	proof "terminals are told so"
	told sizePolicy '"last"'
}

# beyond LIMIT: an image that goes beyond it is not loaded, and the message names it.
beyond()
{
	local out

	[ -e "$WORK/maxlayers.tar" ] || "$FIELDS_DIR/limits" "$WORK"
	out=$(kuke image load "$WORK/${1,,}.tar" --realm "$REALM" 2>&1) && return 1
	grep -qF "(imageLimits.$1)" <<<"$out"
}

serverconfiguration.spec.imageLimits.maxBytes()
{
	proof "a layer that is larger is not unpacked"
	beyond maxBytes
}

serverconfiguration.spec.imageLimits.maxEntries()
{
	proof "a layer with more entries is not unpacked"
	beyond maxEntries
}

serverconfiguration.spec.imageLimits.maxRatio()
{
	proof "a layer that unpacks to more times its size is not unpacked"
	beyond maxRatio
}

serverconfiguration.spec.imageLimits.maxLayers()
{
	proof "an image with more layers is not unpacked"
	beyond maxLayers
}

serverconfiguration.spec.imageLimits.maxPath()
{
	proof "a layer with a longer path is not unpacked"
	beyond maxPath
}

serverconfiguration.spec.imageLimits.maxXattrs()
{
	proof "a file with more attributes is not unpacked"
	beyond maxXattrs
}

serverconfiguration.spec.imageLimits.maxXattrBytes()
{
	proof "a file with larger attributes is not unpacked"
	beyond maxXattrBytes
}
