#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# many.sh [-n CELLS] [-r RUNS] [-c AT-ONCE] [-p PODMAN]: what many cells cost, and the next one beside them.
#
# Fills a private instance with CELLS cells (1000) of one container that sleeps, with
# a network each, at most 200 in a space. Before the first, at a quarter, at the half
# and before the last it times, RUNS times (10), in milliseconds:
#
#   cell     kuke run -d of one cell more
#   beside   three times as often, runc run of a bundle that has nothing to do with
#            kukeon, and interleaved
#   apart    the same in a mount namespace that was made before the first cell
#
# On the way, in rounds that alternate: AT-ONCE (100) cells created and deleted by four
# clients, each one after the other, and as many containers created and deleted by four
# loops of runc; then one apply -f of AT-ONCE cells. With all cells there: mounts of the
# host, `kuke get` of cells and of containers with the CPU time of client and daemon,
# CPU time of a timer's pass, memory of kukeond and of the monitors (PSS), growth of
# the kernel's memory (of all that runs on the host meanwhile, the containers included).
# In the end all are deleted by one delete -f, and what is left is looked for. Podman
# does what it can of this with PODMAN (100) containers without a network; 0: not at all.
#
# State is on a journalled ext4 on a loop device.
set -eu -o pipefail

here=$(cd "${BASH_SOURCE[0]%/*}" && pwd)
: "${top_builddir:=$(pwd)}"
export top_builddir
# shellcheck source=images.bash
. "$here/images.bash"
cells=1000
runs=10
at_once=100
podmen=100
while getopts n:r:c:p: opt; do
	case $opt in
	n) cells=$OPTARG ;;
	r) runs=$OPTARG ;;
	c) at_once=$OPTARG ;;
	p) podmen=$OPTARG ;;
	*) sed -n '4s/^# //p' "$0" >&2; exit 2 ;;
	esac
done

# shellcheck source=needs.bash
. "$here/needs.bash"
[ "$cells" -ge $((at_once + 8)) ] || bench_die "-n must be at least 8 more than -c ($at_once)"
if [ -z "${BENCH_DISK:-}" ]; then
	bench_needs runc ip:iproute2 iptables-legacy:iptables busybox:busybox-static \
		mkfs.ext4:e2fsprogs jq
	bench_build pair pinned
	BENCH_DISK=$(mktemp -d "${TMPDIR:-/tmp}/kukeon-bench.XXXXXX")
	export BENCH_DISK
	trap 'rm -rf --one-file-system "$BENCH_DISK"' EXIT
	unshare -m --propagation private "$here/many.sh" -n "$cells" -r "$runs" -c "$at_once" -p "$podmen"
	exit
fi
truncate -s 8G "$BENCH_DISK/img"
mkfs.ext4 -q -F -E lazy_itable_init=0,lazy_journal_init=0 "$BENCH_DISK/img"
mkdir "$BENCH_DISK/fs"
mount -o loop "$BENCH_DISK/img" "$BENCH_DISK/fs"
export TMPDIR=$BENCH_DISK/fs

# shellcheck source=../helpers/instance.bash
. "$here/../helpers/instance.bash"
trap 'instance_stop || true; umount -l "$BENCH_DISK/fs"' EXIT
instance_new
# What is timed is what a user gets, and no pass comes in between.
sed -i '/^  logLevel:/d' "$INSTANCE_CONFIG"
echo "  reconcileInterval: 1h" >>"$INSTANCE_CONFIG"
instance_init
busybox_image >/dev/null
work=$INSTANCE/home
disk=$INSTANCE/disk
mkdir "$disk"

# ---- what is run ----

# cell NUMBER: its manifest.
cell()
{
	cat <<-END
	---
	apiVersion: v1beta1
	kind: Cell
	metadata: {name: c$1}
	spec:
	  realmId: default
	  spaceId: s$(($1 / 200))
	  stackId: default
	  containers:
	  - {id: main, image: docker.io/library/busybox:latest, command: sleep, args: ["100000"]}
	END
}

# cells_file FILE FROM TO: those up to TO, without it.
cells_file()
{
	local i

	for ((i = $2; i < $3; i++)); do cell "$i"; done >"$1"
}

# What runc itself would run: busybox in namespaces of its own.
make_bundle()
{
	local root=$work/bundle/rootfs applet

	mkdir -p "$root"/{bin,proc,sys,dev,etc,tmp}
	cp "$(command -v busybox)" "$root/bin/busybox"
	for applet in sh sleep true; do ln "$root/bin/busybox" "$root/bin/$applet"; done
	(cd "$work/bundle" && inst runc spec)
	jq '.process.terminal = false | .process.args = ["sleep", "100000"] | .root.readonly = false
		| .linux.cgroupsPath = $group' --arg group "$INSTANCE_CGROUP/_bare/{id}" \
		"$work/bundle/config.json" >"$work/config.json"
	for name in "$@"; do
		mkdir -p "$work/bundles/$name"
		ln -s "$root" "$work/bundles/$name/rootfs"
		sed "s,{id},$name,; s,\"rootfs\",\"$root\"," "$work/config.json" >"$work/bundles/$name/config.json"
	done
	# The one that is over at once, in the foreground.
	mkdir -p "$work/bundles/true"
	sed "s,{id},true,; s,\"rootfs\",\"$root\",; s,\"sleep\",\"true\"," \
		"$work/config.json" >"$work/bundles/true/config.json"
}

kuke=$INSTANCE_BINDIR/kuke
runc="runc --root $INSTANCE/run/bare"
# four NAME COMMAND N: a program that runs it with $1 from 0 to N, without it, four at a time,
# each with its share.
four()
{
	cat >"$work/$1" <<-END
		#!/bin/bash
		set -eu
		one()
		{
			$2 </dev/null >/dev/null 2>&1
		}
		pids=()
		for k in 0 1 2 3; do
			(for ((i = k; i < $3; i += 4)); do one "\$i"; done) &
			pids+=(\$!)
		done
		for pid in "\${pids[@]}"; do wait "\$pid"; done
	END
	chmod +x "$work/$1"
}

# shellcheck disable=SC2016 # the programs expand
{
	four clients.create "$kuke run -d -f '$work/m/'\$1.yaml" "$at_once"
	four clients.delete "$kuke delete cell c\$1 --space s\$((\$1 / 200)) --timeout 0s" "$at_once"
	four runcs.create "$runc run -d --bundle '$work/bundles/'b\$1 b\$1" "$at_once"
	four runcs.delete "$runc delete -f b\$1" "$at_once"
}

# ---- how it is measured ----

acct=$(for f in /sys/fs/cgroup{/cpuacct,/cpu,cpuacct,}"$INSTANCE_CGROUP"/{cpuacct.usage,cpu.stat}; do
	[ ! -e "$f" ] || { echo "$f"; break; }; done)
# The clients' time too; the daemon takes a name with "_" for no object's.
[ -z "$acct" ] || mkdir -p "${acct%/*}/_clients"

# timed PAIR-ARG…: its lines.
timed()
{
	# shellcheck disable=SC2016 # the inner shell expands
	inst sh -ec 'if [ -n "$1" ]; then echo 0 >"${1%/*}/_clients/cgroup.procs"; fi; shift; exec "$@"' - "$acct" \
		timeout 7200 "$top_builddir/pair" ${acct:+-c "$acct"} "$@" 2>"$work/pair.log" </dev/null ||
		{ tail -5 "$work/pair.log" >&2; return 1; }
}

# column LABEL NUMBER: of the lines on standard input. 4: wall, 6: its own CPU, 7: all CPU.
column()
{
	awk -F'\t' -v l="$1" -v n="$2" '$1 == l { print $n }'
}

say()
{
	printf "%s\n" "$*"
}

mounts()
{
	wc -l <"/proc/$INSTANCE_PID/mountinfo"
}

pss()
{
	local pid

	for pid in $(inst pgrep -x "$1"); do
		# shellcheck disable=SC2016 # awk's own
		inst awk '/^Pss:/ { print $2 }' "/proc/$pid/smaps_rollup"
	done | awk '{ s += $1 } END { print s + 0, NR }'
}

# KiB of the kernel's memory that grow with what there is.
kernel_memory()
{
	awk '/^(Slab|KernelStack|PageTables|Percpu):/ { s += $2 } END { print s }' /proc/meminfo
}

# A mount namespace without what is mounted from now on.
quiet_ns()
{
	# shellcheck disable=SC2016 # the inner shell expands
	inst unshare -m --propagation private sh -c 'echo $$ >"$1"; exec sleep 1000000' - "$work/apart.pid" \
		2>/dev/null & # it is killed in the end, of which the shell need not tell
	wait_for 100 test -s "$work/apart.pid"
	apart=$(cat "$work/apart.pid")
}

# next OTHERS: the cost of one more, and of a bare runc beside and apart.
next()
{
	local enter="nsenter --mount=/proc" i

	# One after the other, and deleted afterwards: after a deletion, the kernel is busy with it.
	rm -rf "$work/next" && mkdir "$work/next"
	for ((i = 0; i <= runs; i++)); do cell $((cells + 1 + i)) >"$work/next/$i.yaml"; done
	timed -n "$runs" -w 1 cell "" "$kuke run -d -f $work/next/{n}.yaml" "" >"$work/next.$1"
	cat "$work/next"/*.yaml >"$work/nexts.yaml"
	kuke delete -f "$work/nexts.yaml" --timeout 0s >/dev/null
	sleep 1 # until the kernel has removed what they had
	timed -n $((runs * 3)) -w 1 \
		beside "" "$enter/1/ns/mnt $runc run --bundle $work/bundles/true beside{n}" "" \
		apart "" "$enter/$apart/ns/mnt $runc run --bundle $work/bundles/true apart{n}" "" \
		>>"$work/next.$1"
	awk -F'\t' -v others="$1" -v first="$(column cell 4 <"$work/next.0")" '{ w[$1] = $4; c[$1] = $7 } END {
		printf "after %4d cells: cell %.1f ms wall, %.2f x the first, %.1f ms all cpu; ",
			others, w["cell"], w["cell"] / first, c["cell"]
		printf "runc beside %.1f, apart %.1f: ratio %.2f\n", w["beside"], w["apart"], w["beside"] / w["apart"] }' \
		"$work/next.$1"
}

# How many passes the daemon makes in a while, and what it takes for them: "PASSES CPU-MS".
passes()
{
	local group=${acct%/*}/kuke-system/kukeon/kukeon/kukeond file=${acct##*/}

	# shellcheck disable=SC2016 # the inner shell expands
	inst bash -c 'usage()
		{
			case $1 in
			*.usage) read -r u <"$1"; echo $((u / 1000)) ;;
			*) awk "/^usage_usec/ { print \$2 }" "$1" ;;
			esac
		}
		declare -A seen=()
		mkfifo "$3"
		exec 9<>"$3"
		before=$(usage "$1") end=$((SECONDS + 5))
		while [ "$SECONDS" -lt "$end" ]; do
			read -r -a children <"/proc/$2/task/$2/children" || true
			for pid in "${children[@]}"; do seen[$pid]=1; done
			read -r -t 0.002 -u 9 || true
		done
		after=$(usage "$1")
		echo "${#seen[@]} $(((after - before) / 1000))"' - "$group/$file" "$(kukeond_pid)" "$work/pause"
}

# ---- one after the other ----

mkdir -p "$work/m"
for ((i = 0; i < at_once; i++)); do cell "$i" >"$work/m/$i.yaml"; done
# shellcheck disable=SC2046 # words
make_bundle $(seq -f 'b%g' 0 $((at_once - 1)))
quiet_ns
# The first cell of each space makes what stays as long as that.
for ((i = 0; i <= (cells + 1) / 200; i++)); do cell $((i * 200)); done >"$work/first.yaml"
kuke apply -f "$work/first.yaml" >/dev/null
kuke delete -f "$work/first.yaml" --timeout 0s >/dev/null
# shellcheck disable=SC2086 # words
inst $runc run --bundle "$work/bundles/true" first >/dev/null 2>&1
kuke daemon stop >/dev/null
kuke daemon start >/dev/null
instance_snapshot --by-name -x "$INSTANCE/run/bare" -x "$disk"
mounts_before=$(mounts)
kernel_before=$(kernel_memory)

next 0

# Four clients against four loops of runc, and one apply of as many.
rounds=3
[ "$at_once" -ge 100 ] || rounds=1
timed -n "$rounds" -w 0 \
	"runc create" "" "$work/runcs.create" "" "kuke create" "" "$work/clients.create" "" \
	"runc delete" "" "$work/runcs.delete" "" "kuke delete" "" "$work/clients.delete" "" >"$work/four"
for verb in create delete; do
	awk -F'\t' -v v="$verb" -v n="$at_once" '{ w[$1] = $4; c[$1] = $7 } END {
		k = "kuke " v; r = "runc " v
		printf "%s of %d by four: kuke %.0f ms (%.0f all cpu), runc %.0f ms (%.0f all cpu): throughput %.2f of runc'"'"'s\n",
			v, n, w[k], c[k], w[r], c[r], w[r] / w[k] }' "$work/four"
done
cells_file "$work/apply.yaml" 0 "$at_once"
timed -n "$rounds" -w 0 apply "" "$kuke apply -f $work/apply.yaml" \
	"$kuke delete -f $work/apply.yaml --timeout 0s" >"$work/apply"
printf 'apply -f of %d: %.0f ms wall, %.0f ms all cpu\n' "$at_once" \
	"$(column apply 4 <"$work/apply")" "$(column apply 7 <"$work/apply")"

made=0
for stage in $((cells / 4)) $((cells / 2)) $((cells - 1)); do
	cells_file "$work/more.yaml" "$made" "$stage"
	made=$stage
	kuke apply -f "$work/more.yaml" >/dev/null
	next "$stage"
done
cells_file "$work/more.yaml" "$made" "$cells"
kuke apply -f "$work/more.yaml" >/dev/null
running=$(kuke get cells -o json | jq '[.[] | select(.spec.realmId == "default" and .status.state == "Ready")] | length')
say "cells that are Ready: $running"
say "mounts of the host: $mounts_before before, $(mounts) with $cells cells"

timed -n 5 -w 1 cells "" "$kuke get cells" "" containers "" "$kuke get containers" "" >"$work/get"
for what in cells containers; do
	printf 'get %s: %.1f ms wall, %.1f ms all cpu\n' "$what" \
		"$(column "$what" 4 <"$work/get")" "$(column "$what" 7 <"$work/get")"
done

read -r kib n < <(pss kukeshim)
say "monitors: $((kib / n)) KiB PSS each, mean of $n"
read -r kib n < <(pss kukeond)
say "kukeond: $kib KiB PSS"
say "kernel memory: $((($(kernel_memory) - kernel_before) / cells)) KiB for each cell"

if [ -n "$acct" ]; then
	sed -i 's/reconcileInterval: .*/reconcileInterval: 1s/' "$INSTANCE_CONFIG"
	kuke daemon stop >/dev/null
	rm -f "$INSTANCE/run/.swept"
	kuke daemon start >/dev/null
	wait_for 300 test -e "$INSTANCE/run/.swept"
	read -r n ms < <(passes)
	[ "$n" -gt 0 ] || n=1
	say "pass over $cells cells: $((ms / n)) ms cpu, mean of $n"
	sed -i 's/reconcileInterval: .*/reconcileInterval: 1h/' "$INSTANCE_CONFIG"
	kuke daemon stop >/dev/null
	kuke daemon start >/dev/null
fi

cells_file "$work/all.yaml" 0 "$cells"
timed -n 1 -w 0 delete "" "$kuke delete -f $work/all.yaml --timeout 0s" "" >"$work/delete"
printf 'delete -f of %d: %.0f ms wall, %.0f ms all cpu\n' "$cells" \
	"$(column delete 4 <"$work/delete")" "$(column delete 7 <"$work/delete")"
if instance_leakcheck >"$work/left"; then
	say "left: nothing"
else
	say "left: $(wc -l <"$work/left")"
	head -20 "$work/left"
fi

# ---- podman ----

if [ "$podmen" -eq 0 ] || ! images_podman; then
	exit 0
fi
"$INSTANCE_HELPERS/busybox-image" "$work/busybox.tar"
inst podman load -q -i "$work/busybox.tar" >/dev/null
sleeps="podman run -d --network none"
image="docker.io/library/busybox:latest sleep 100000"
# shellcheck disable=SC2016 # the programs expand
{
	four podmen.create "$sleeps --name p\$1 $image" "$podmen"
}
podman_next()
{
	timed -n "$runs" -w 1 podman "" "$sleeps --name next $image" "podman rm -f -t 0 next" >"$work/podman.$1"
	printf 'podman after %d: %.1f ms wall, %.1f ms all cpu\n' "$1" \
		"$(column podman 4 <"$work/podman.$1")" "$(column podman 7 <"$work/podman.$1")"
}
podman_next 0
timed -n 1 -w 0 create "" "$work/podmen.create" "" >"$work/podmen"
podman_next "$podmen"
timed -n 3 -w 1 ps "" "podman ps" "" >>"$work/podmen"
read -r kib n < <(pss conmon)
timed -n 1 -w 0 delete "" "podman rm -f -a -t 0" "" >>"$work/podmen"
printf 'podman: create of %d by four %.0f ms, ps %.1f ms, delete of all %.0f ms, conmon %d KiB PSS\n' \
	"$podmen" "$(column create 4 <"$work/podmen")" "$(column ps 4 <"$work/podmen")" \
	"$(column delete 4 <"$work/podmen")" $((kib / (n ? n : 1)))
