#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# footprint.sh [-n CELLS] [-s STARTS]: what kukeon takes while nothing happens.
#
# Prints the memory (PSS: shared pages count in part) of an idle kukeond, the
# mean of the monitors of 100 running containers, the wall time of `kuke
# version` as installed and its ratio to /bin/true's in the same run, and what
# `make install` and `make install-client` put on the disk, stripped.
set -eu -o pipefail

here=$(cd "${BASH_SOURCE[0]%/*}" && pwd)
: "${top_builddir:=$(pwd)}"
export top_builddir
cells=100
starts=200
while getopts n:s: opt; do
	case $opt in
	n) cells=$OPTARG ;;
	s) starts=$OPTARG ;;
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

# install_to DIR TARGET: as `make TARGET` would, stripped.
install_to()
{
	make -s -C "$top_builddir" "$2" DESTDIR="$1" \
		INSTALL_PROGRAM="install -s" >"$INSTANCE/install.log" 2>&1 ||
		{ cat "$INSTANCE/install.log" >&2; return 1; }
}

size_of()
{
	du -sk --apparent-size "$1" | cut -f1
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
# The daemon has served before it is looked at, and has had nothing to do for a while.
sleep 3
printf 'kukeond idle: %d KiB PSS\n' "$(pss "$(kukeond_pid)")"
kuke apply -f "$INSTANCE/cells.yaml" >/dev/null
sleep 3
printf 'kukeond idle, %d cells: %d KiB PSS\n' "$cells" "$(pss "$(kukeond_pid)")"

sum=0
n=0
for pid in $(inst pgrep -x kukeshim); do
	sum=$((sum + $(pss "$pid")))
	n=$((n + 1))
done
[ "$n" -gt "$cells" ] || { echo "footprint.sh: only $n monitors run" >&2; exit 1; }
printf 'kukeshim: %d KiB PSS, mean of %d\n' $((sum / n)) "$n"

install_to "$INSTANCE/all" install
install_to "$INSTANCE/client" install-client
installed=$(find "$INSTANCE/client" -name kuke -path '*/bin/*')
"$top_builddir/pair" -n "$starts" "kuke version" "" "$installed version" "" \
	true "" /bin/true "" 2>/dev/null |
	awk -F'\t' 'NF < 6 { next } # what kuke printed
		{ wall[$1] = $4 }
		$1 ~ /^kuke/ { printf "kuke version: %.2f ms wall (minimum %.2f), %.2f ms cpu\n", $4, $3, $6 }
		END { printf "ratio kuke version / true %.2f\n", wall["kuke version"] / wall["true"] }'
printf 'installed: %d KiB, kuke alone %d KiB\n' \
	"$(size_of "$INSTANCE/all")" "$(size_of "$INSTANCE/client")"
