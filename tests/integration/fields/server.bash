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
	cat <<-END
		  socketGID: 4242
		  containerdSocket: /no/such/containerd.sock
		  reconcileInterval: 1s
		  podSubnetCIDR: 10.77.0.0/16
		  podSubnetSize: 28
		  runtime: crun
		  keepLayers: true
		  seccompDefault: true
		  imageLimits:
		    maxBytes: 2147483648
		    maxEntries: 2000
		    maxRatio: 20
		    maxLayers: 3
		    maxPath: 200
		    maxXattrs: 2
		    maxXattrBytes: 100
	END
}

# server_refused TEXT: kukeond does not start with this configuration.
server_refused()
{
	local out
	cat >"$WORK/server.yaml"
	out=$(inst timeout 10 "$INSTANCE_BINDIR/kukeond" serve --configuration "$WORK/server.yaml" 2>&1) && return 1
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
	wait_for 8 bridge_is_there "$name"
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

serverconfiguration.spec.insecureRegistries()
{
	server_not_yet insecureRegistries 'insecureRegistries: [x.test]'
}

serverconfiguration.spec.registryMirrors()
{
	server_not_yet registryMirrors 'registryMirrors: {docker.io: x.test}'
}

serverconfiguration.spec.registryCAFile()
{
	server_not_yet registryCAFile 'registryCAFile: /x'
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
