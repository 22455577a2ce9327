#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# footprint.sh [-n CELLS]: what kukeon takes while nothing happens.
#
# Prints the memory (PSS: shared pages count in part) of an idle kukeond, the
# mean of the monitors of 100 running containers, the wall time of `kuke
# version`, and what `make install` puts on the disk, stripped.
set -eu -o pipefail

here=$(cd "${BASH_SOURCE[0]%/*}" && pwd)
: "${top_builddir:=$(pwd)}"
export top_builddir
cells=100
while getopts n: opt; do
	case $opt in
	n) cells=$OPTARG ;;
	*) sed -n '4s/^# //p' "$0" >&2; exit 2 ;;
	esac
done

# shellcheck source=needs.bash
. "$here/needs.bash"
bench_needs runc ip:iproute2 iptables-legacy:iptables busybox:busybox-static
bench_build
# shellcheck source=../helpers/instance.bash
. "$here/../helpers/instance.bash"
trap 'instance_stop || true' EXIT
instance_start
busybox_image >/dev/null

pss()
{
	# shellcheck disable=SC2016 # awk's own
	inst awk '/^Pss:/ { print $2 }' "/proc/$1/smaps_rollup"
}

# The files of the build tree that one directory has as `make install` would.
install_size()
{
	local dir=$INSTANCE/size

	make -s -C "$top_builddir" install-strip DESTDIR="$dir" >"$INSTANCE/install.log" 2>&1 ||
		{ cat "$INSTANCE/install.log" >&2; return 1; }
	du -sk --apparent-size "$dir" | cut -f1
	rm -rf "$dir"
}

for ((i = 0; i < cells; i++)); do
	cat <<-EOF
	---
	apiVersion: v1beta1
	kind: Cell
	metadata: {name: c$i}
	spec:
	  realmId: default
	  spaceId: default
	  stackId: default
	  containers:
	  - {id: main, image: docker.io/library/busybox:latest, command: sleep, args: ["3600"]}
	EOF
done >"$INSTANCE/cells.yaml"
# The daemon has served before it is looked at.
printf 'kukeond idle: %d KiB PSS\n' "$(pss "$(kukeond_pid)")"
kuke apply -f "$INSTANCE/cells.yaml" >/dev/null
printf 'kukeond idle, %d cells: %d KiB PSS\n' "$cells" "$(pss "$(kukeond_pid)")"

sum=0
n=0
for pid in $(inst pgrep -x kukeshim); do
	sum=$((sum + $(pss "$pid")))
	n=$((n + 1))
done
[ "$n" -gt "$cells" ] || { echo "footprint.sh: only $n monitors run" >&2; exit 1; }
printf 'kukeshim: %d KiB PSS, mean of %d\n' $((sum / n)) "$n"

"$top_builddir/pair" -n 50 "kuke version" "" "$INSTANCE_BINDIR/kuke version" "" 2>/dev/null |
	awk -F'\t' '{ printf "kuke version: %.2f ms wall (minimum %.2f), %.2f ms cpu\n", $4, $3, $6 }'
printf 'installed: %d KiB\n' "$(install_size)"
