#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# pull.sh [-n RUNS] [-i DIR]: what pulling and unpacking an image costs.
#
# Pairs, interleaved in one run, `kuke image pull` of a five-layer image of 182 MB
# in gzip from docker-registry on the loopback (daemon up, nothing of it there
# before) with the floor under it, which is `igzip -dc | tar x` of one layer after
# the other from files, without any network, hash or sync, and with what podman,
# docker and ctr need for the same where they are installed. DIR holds the image
# (bigimage.sh makes it, by default in a directory that goes). All that is written
# is on one journalled ext4 on a loop device with direct I/O; everything happens in
# namespaces of its own. The registry's time is in nobody's.
#
# Prints each; a pull of what is there already; the most memory that our processes
# needed at the same time (what they share is counted for each), by layer under way;
# and as its last lines the ratios of the medians of wall time: of each to ours,
# ours to the floor.
# shellcheck disable=SC2154 # images.bash sets what is not set here
set -eu -o pipefail

here=$(cd "${BASH_SOURCE[0]%/*}" && pwd)
: "${top_builddir:=$(pwd)}"
export top_builddir
# shellcheck source=images.bash
. "$here/images.bash"
images_options "$@"
images_enter "$here/pull.sh"
# shellcheck source=../helpers/registry.bash
. "$here/../helpers/registry.bash"

registry_start bench 5000
registry_push 5000 "oci:$images/big:latest" big:latest
ref=127.0.0.1:5000/big:latest

images_floor
pairs+=("kuke" "" "kuke image pull --quiet $ref" "kuke image delete $ref; sync")
if images_podman; then
	pairs+=("podman" "" "$podman pull -q --tls-verify=false $ref" "$podman rmi -fa; sync")
fi
if images_ctr; then
	pairs+=("ctr" "" "$ctr images pull --plain-http $ref"
		"$ctr images ls -q | xargs -r $ctr images rm --sync; sync")
fi
if images_docker; then
	pairs+=("docker" "" "$docker pull -q $ref" "$docker rmi -f $ref; sync")
fi
images_pair "$INSTANCE/pairs"

# The high-water marks of all that is alive, looked at often; a line per process.
# shellcheck disable=SC2016 # the inner shell expands
inst bash -c 'touch "$0"; while [ -e "$0" ]; do
		echo
		cat /proc/[0-9]*/status 2>/dev/null
	done' "$INSTANCE/watching" >"$INSTANCE/marks" &
watch=$!
wait_for 100 test -e "$INSTANCE/watching"
kuke image pull --quiet "$ref" >/dev/null
rm "$INSTANCE/watching"
wait "$watch" || true # the last of its cats

images_time "$INSTANCE/again" -n $((runs * 4)) -w 2 again "" "kuke image pull --quiet $ref" ""
awk -F'\t' '{ printf "again: %.1f / %.1f / %.1f ms wall, %.1f ms cpu\n", $3, $4, $5, $7 }' \
	"$INSTANCE/again"

awk 'function look() { if (sum > peak) { peak = sum; layers = count } sum = count = 0 }
	/^$/ { look() }
	/^Name:/ { name = $2 }
	/^VmHWM:/ && name ~ /^kuke/ {
		sum += $2
		count += name == "kukeunpack"
		if ($2 > most[name]) most[name] = $2
	}
	END {
		look()
		printf "peak: kukefetch %.1f MiB, one kukeunpack %.1f MiB, all processes %.1f MiB",
			most["kukefetch"] / 1024, most["kukeunpack"] / 1024, peak / 1024
		if (layers > 0)
			printf " with %d layers under way: %.1f MiB a layer", layers, peak / 1024 / layers
		printf "\n"
	}' "$INSTANCE/marks"

images_ratios "$INSTANCE/pairs"
