# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2034,SC2154 # what whoever sources it sets and reads
#
# What the benchmarks of images share.
#
#   . images.bash; images_options "$@"      -n RUNS, -i DIR: $runs, $images
#   images_enter "$0"   comes back in a mount namespace of its own, with a journalled
#                       ext4 on a loop device with direct I/O for all that is written,
#                       and in it a private instance, daemon up ($INSTANCE, $disk)
#   images_floor        pairs+=: igzip -dc | tar x, one layer after the other
#   images_podman, images_ctr, images_docker   set $podman, $ctr or $docker to what runs
#                       it, its state on that disk too; false where it is not installed
#   inside CMD…         in the instance, in the control groups whose time is counted
#   images_pair FILE    run $pairs interleaved, print the table, leave the lines in FILE
#   images_time FILE ARG…   pair with these arguments, its lines to FILE
#   images_ratios FILE  the last lines: of each to ours, ours to the floor

runs=5
images=${BENCH_IMAGES:-}
pairs=()

images_options()
{
	local opt

	while getopts n:i: opt; do
		case $opt in
		n) runs=$OPTARG ;;
		i) images=$OPTARG ;;
		*) sed -n '4s/^# //p' "$0" >&2; exit 2 ;;
		esac
	done
}

images_enter()
{
	local loop file dir

	# shellcheck source=needs.bash
	. "$here/needs.bash"
	if [ -z "${BENCH_DISK:-}" ]; then
		bench_needs runc ip:iproute2 iptables-legacy:iptables busybox:busybox-static \
			mkfs.ext4:e2fsprogs igzip:isal skopeo docker-registry
		bench_build pair
		BENCH_DISK=$(mktemp -d "${TMPDIR:-/tmp}/kukeon-bench.XXXXXX")
		export BENCH_DISK
		trap 'rm -rf --one-file-system "$BENCH_DISK"' EXIT
		if [ -z "$images" ]; then
			images=$BENCH_DISK/images
			"$here/bigimage.sh" "$images"
		fi
		unshare -m --propagation private "$1" -n "$runs" -i "$images"
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

	acct=$(for file in /sys/fs/cgroup{/cpuacct,/cpu,cpuacct,}"$INSTANCE_CGROUP"/{cpuacct.usage,cpu.stat}; do
		[ ! -e "$file" ] || { echo "$file"; break; }; done)
	# Everybody in the same groups: time is counted, and shared out on a busy machine,
	# alike. The daemon takes a name with "_" for no object's, and leaves it there.
	for dir in /sys/fs/cgroup{/cpuacct,/cpu,/cpu,cpuacct,}"$INSTANCE_CGROUP"; do
		[ ! -d "$dir" ] || mkdir -p "$dir/_clients"
	done
}

inside()
{
	# shellcheck disable=SC2016 # the inner shell expands
	inst bash -ec 'for f in /sys/fs/cgroup{/cpuacct,/cpu,/cpu,cpuacct,}"$1/_clients/cgroup.procs"; do
			[ ! -e "$f" ] || echo 0 >"$f"
		done
		shift; exec "$@"' - "$INSTANCE_CGROUP" "$@"
}

images_floor()
{
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
	pairs+=("floor" "" "$disk/floor" "rm -rf '$disk/floor.d'; sync")
}

images_podman()
{
	command -v podman >/dev/null || return 1
	cat >"$disk/storage.conf" <<-EOF
		[storage]
		driver = "overlay"
		graphroot = "$disk/podman"
		runroot = "$disk/podman-run"
	EOF
	printf '[engine]\ncgroup_manager = "cgroupfs"\nevents_logger = "file"\nlock_type = "file"\nimage_copy_tmp_dir = "%s"\ntmp_dir = "%s"\n' \
		"$disk" "$disk/libpod" >"$disk/podman.conf"
	export CONTAINERS_CONF=$disk/podman.conf CONTAINERS_STORAGE_CONF=$disk/storage.conf
	podman=podman
}

images_ctr()
{
	command -v containerd >/dev/null && command -v ctr >/dev/null || return 1
	printf 'version = 2\nroot = "%s"\nstate = "%s"\n[grpc]\naddress = "%s"\n' \
		"$disk/ctrd" "$disk/ctrd-run" "$disk/ctrd.sock" >"$disk/containerd.toml"
	inside containerd -c "$disk/containerd.toml" >"$disk/containerd.log" 2>&1 &
	ctr="ctr -a $disk/ctrd.sock"
	# shellcheck disable=SC2086 # words
	wait_for 400 inst $ctr version
}

images_docker()
{
	command -v dockerd >/dev/null || return 1
	inside dockerd --data-root "$disk/docker" --exec-root "$disk/docker-run" --bridge none \
		--iptables=false --pidfile "$disk/docker.pid" -H "unix://$disk/docker.sock" \
		--storage-driver overlay2 >"$disk/dockerd.log" 2>&1 &
	docker="docker -H unix://$disk/docker.sock"
	# shellcheck disable=SC2086 # words
	wait_for 400 inst $docker version
}

# images_time FILE PAIR-ARG…
images_time()
{
	local out=$1

	shift
	inside timeout $((3600 + runs * 600)) "$top_builddir/pair" ${acct:+-c "$acct"} "$@" \
		>"$out" 2>"$INSTANCE/pair.log" </dev/null ||
		{ tail -5 "$INSTANCE/pair.log" >&2; return 1; }
}

images_pair()
{
	images_time "$1" -n "$runs" -w 1 "${pairs[@]}"
	awk -F'\t' 'BEGIN { printf "%-8s %5s %30s %8s %8s\n", "ms", "runs", "wall min / median / max", "own cpu", "all cpu" }
		{ printf "%-8s %5d %9.1f /%9.1f /%9.1f %8.1f %8.1f\n", $1, $2, $3, $4, $5, $6, $7 }' "$1"
}

images_ratios()
{
	awk -F'\t' '{ w[$1] = $4; n[NR] = $1 } END {
		for (i = 3; i <= NR; i++)
			printf "ratio %s / kuke %.2f\n", n[i], w[n[i]] / w["kuke"]
		printf "ratio kuke / floor %.2f\n", w["kuke"] / w["floor"] }' "$1"
}
