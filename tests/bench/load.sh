#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# load.sh [-n RUNS] [-i DIR]: what loading and unpacking an image costs.
#
# Pairs, interleaved in one run, `kuke image load` of a five-layer image of 182 MB
# in gzip (daemon up, nothing of it there before) with the floor under it, which
# is `igzip -dc | tar x` of one layer after the other without any hash or sync, and
# with what podman, docker and ctr need for the same where they are installed.
# DIR holds the image (bigimage.sh makes it, by default in a directory that goes).
# All that is written is on one journalled ext4 on a loop device with direct I/O;
# everything happens in namespaces of its own.
#
# Prints each, the most memory that one process of ours needed, and as its last
# lines the ratios of the medians of wall time: of each to ours, ours to the floor.
set -eu -o pipefail

here=$(cd "${BASH_SOURCE[0]%/*}" && pwd)
: "${top_builddir:=$(pwd)}"
export top_builddir
runs=5
images=${BENCH_IMAGES:-}
while getopts n:i: opt; do
	case $opt in
	n) runs=$OPTARG ;;
	i) images=$OPTARG ;;
	*) sed -n '4s/^# //p' "$0" >&2; exit 2 ;;
	esac
done

if [ -z "${BENCH_DISK:-}" ]; then
	BENCH_DISK=$(mktemp -d "${TMPDIR:-/tmp}/kukeon-bench.XXXXXX")
	export BENCH_DISK
	trap 'rm -rf --one-file-system "$BENCH_DISK"' EXIT
	if [ -z "$images" ]; then
		images=$BENCH_DISK/images
		"$here/bigimage.sh" "$images"
	fi
	unshare -m --propagation private "$here/load.sh" -n "$runs" -i "$images"
	exit
fi
truncate -s 12G "$BENCH_DISK/img"
mkfs.ext4 -q -F -E lazy_itable_init=0,lazy_journal_init=0 "$BENCH_DISK/img"
mkdir "$BENCH_DISK/fs"
loop=$(losetup --find --show --direct-io=on "$BENCH_DISK/img")
mount "$loop" "$BENCH_DISK/fs"
losetup -d "$loop" # goes with the mount
export TMPDIR=$BENCH_DISK/fs

# shellcheck source=../helpers/instance.bash
. "$here/../helpers/instance.bash"
trap 'instance_stop || true; umount -l "$BENCH_DISK/fs"' EXIT
instance_new
sed -i '/^  logLevel:/d' "$INSTANCE_CONFIG"
instance_init
disk=$INSTANCE/disk
mkdir "$disk"

acct=$(for f in /sys/fs/cgroup{/cpuacct,/cpu,cpuacct,}"$INSTANCE_CGROUP"/{cpuacct.usage,cpu.stat}; do
	[ ! -e "$f" ] || { echo "$f"; break; }; done)
# Everybody in the same groups: time is counted, and shared out on a busy machine, alike.
for dir in /sys/fs/cgroup{/cpuacct,/cpu,/cpu,cpuacct,}"$INSTANCE_CGROUP"; do
	[ ! -d "$dir" ] || mkdir -p "$dir/clients"
done

cat >"$disk/floor" <<-EOF
	#!/bin/sh
	set -e
	cd '$images/layers'
	for f in *.tar.gz; do
		mkdir -p "$disk/floor.d/\$f"
		igzip -dc "\$f" | tar -C "$disk/floor.d/\$f" --xattrs '--xattrs-include=*' \\
			--numeric-owner -xpf -
	done
EOF
chmod +x "$disk/floor"
pairs=("floor" "" "$disk/floor" "rm -rf '$disk/floor.d'; sync"
	"kuke" "" "kuke image load $images/big.oci.tar"
	"kuke image delete localhost/big:latest; sync")

# inside CMD…: in the instance and those groups.
inside()
{
	# shellcheck disable=SC2016 # the inner shell expands
	inst bash -ec 'for f in /sys/fs/cgroup{/cpuacct,/cpu,/cpu,cpuacct,}"$1/clients/cgroup.procs"; do
			[ ! -e "$f" ] || echo 0 >"$f"
		done
		shift; exec "$@"' - "$INSTANCE_CGROUP" "$@"
}

# The peers, each with all it stores on the same disk.
if command -v podman >/dev/null; then
	cat >"$disk/storage.conf" <<-EOF
		[storage]
		driver = "overlay"
		graphroot = "$disk/podman"
		runroot = "$disk/podman-run"
	EOF
	printf '[engine]\ncgroup_manager = "cgroupfs"\nevents_logger = "file"\nlock_type = "file"\nimage_copy_tmp_dir = "%s"\ntmp_dir = "%s"\n' \
		"$disk" "$disk/libpod" >"$disk/podman.conf"
	export CONTAINERS_CONF=$disk/podman.conf CONTAINERS_STORAGE_CONF=$disk/storage.conf
	pairs+=("podman" "" "podman load -q -i $images/big.oci.tar" "podman rmi -fa; sync")
fi
if command -v containerd >/dev/null && command -v ctr >/dev/null; then
	printf 'version = 2\nroot = "%s"\nstate = "%s"\n[grpc]\naddress = "%s"\n' \
		"$disk/ctrd" "$disk/ctrd-run" "$disk/ctrd.sock" >"$disk/containerd.toml"
	inside containerd -c "$disk/containerd.toml" >"$disk/containerd.log" 2>&1 &
	ctr="ctr -a $disk/ctrd.sock"
	# shellcheck disable=SC2086 # words
	wait_for 20 inst $ctr version
	pairs+=("ctr" "" "$ctr image import --base-name localhost/big $images/big.oci.tar"
		"$ctr images ls -q | xargs -r $ctr images rm --sync; sync")
fi
if command -v dockerd >/dev/null; then
	inside dockerd --data-root "$disk/docker" --exec-root "$disk/docker-run" --bridge none \
		--iptables=false --pidfile "$disk/docker.pid" -H "unix://$disk/docker.sock" \
		--storage-driver overlay2 >"$disk/dockerd.log" 2>&1 &
	docker="docker -H unix://$disk/docker.sock"
	# shellcheck disable=SC2086 # words
	wait_for 20 inst $docker version
	# It takes docker archives only; their layers are not compressed.
	pairs+=("docker" "" "$docker load -q -i $images/big.docker.tar"
		"$docker rmi -f localhost/big:latest; sync")
fi

inside timeout $((300 + runs * 120)) "$top_builddir/pair" -n "$runs" -w 1 ${acct:+-c "$acct"} \
	"${pairs[@]}" >"$INSTANCE/pairs" 2>"$INSTANCE/pair.log" </dev/null ||
	{ tail -5 "$INSTANCE/pair.log" >&2; exit 1; }

awk -F'\t' 'BEGIN { printf "%-8s %5s %30s %8s %8s\n", "ms", "runs", "wall min / median / max", "own cpu", "all cpu" }
	{ printf "%-8s %5d %9.1f /%9.1f /%9.1f %8.1f %8.1f\n", $1, $2, $3, $4, $5, $6, $7 }' "$INSTANCE/pairs"

"$top_builddir/pair" -m -n 1 -w 0 peak "" \
	"$top_builddir/imgdrive $disk/peak ns load $images/big.oci.tar" "" 2>/dev/null |
	awk -F'\t' '{ printf "peak of one process %.1f MiB\n", $8 / 1024 }'

awk -F'\t' '{ w[$1] = $4; n[NR] = $1 } END {
	for (i = 3; i <= NR; i++)
		printf "ratio %s / kuke %.2f\n", n[i], w[n[i]] / w["kuke"]
	printf "ratio kuke / floor %.2f\n", w["kuke"] / w["floor"] }' "$INSTANCE/pairs"
