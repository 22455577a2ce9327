#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# start.sh [-d] [-s] [-n RUNS]: what starting a cell costs beyond starting its container.
#
# Pairs, interleaved in one run, `kuke run -d` of a cell with one container
# (network included, image present, daemon up, a new cell each time) with the
# bare `runc run -d` that kukeshim executes for such a cell: the bundle of a cell
# that was started before, its root file system mounted beforehand, network, ipc
# and uts namespaces pinned beforehand and new each time. Clean-up is not timed.
# Everything happens in namespaces of its own; what a disk holds is on a
# journalled ext4 on a loop device. With -s both have the built-in seccomp profile
# (seccompDefault), and a third side is the bare runc without it. With -d the space of the
# cell has a policy that denies, with 20 allow rules.
#
# Prints both, the CPU time of all processes involved, the medians of the steps
# as the daemon's debug log tells them, the durable writes of one start, and as
# the last line "ratio X": the ratio of the medians of wall time.
set -eu -o pipefail

here=$(cd "${BASH_SOURCE[0]%/*}" && pwd)
: "${top_builddir:=$(pwd)}"
export top_builddir
runs=20 seccomp='' deny=''
while getopts dsn: opt; do
	case $opt in
	d) deny=1 ;;
	s) seccomp=1 ;;
	n) runs=$OPTARG ;;
	*) sed -n '4s/^# //p' "$0" >&2; exit 2 ;;
	esac
done

# shellcheck source=needs.bash
. "$here/needs.bash"
if [ -z "${BENCH_DISK:-}" ]; then
	bench_needs runc ip:iproute2 iptables-legacy:iptables busybox:busybox-static \
		mkfs.ext4:e2fsprogs strace jq
	bench_build pair
	BENCH_DISK=$(mktemp -d "${TMPDIR:-/tmp}/kukeon-bench.XXXXXX")
	export BENCH_DISK
	trap 'rm -rf --one-file-system "$BENCH_DISK"' EXIT
	unshare -m --propagation private "$here/start.sh" "$@"
	exit
fi
truncate -s 1G "$BENCH_DISK/img"
mkfs.ext4 -q -F -E lazy_itable_init=0,lazy_journal_init=0 "$BENCH_DISK/img"
mkdir "$BENCH_DISK/fs"
mount -o loop "$BENCH_DISK/img" "$BENCH_DISK/fs"
export TMPDIR=$BENCH_DISK/fs

# shellcheck source=../helpers/instance.bash
. "$here/../helpers/instance.bash"
trap 'instance_stop || true; umount -l "$BENCH_DISK/fs"' EXIT
instance_new
# What is timed is what a user gets: the debug log comes for the breakdown.
sed -i '/^  logLevel:/d' "$INSTANCE_CONFIG"
[ -z "$seccomp" ] || echo "  seccompDefault: true" >>"$INSTANCE_CONFIG"
instance_init
busybox_image >/dev/null
if [ -n "$deny" ]; then
	{
		echo '{kind: Space, metadata: {name: default}, spec: {realmId: default, network: {egress: {default: deny, allow: ['
		for ((i = 0; i < 20; i++)); do echo "  {cidr: 198.51.100.$i/32, ports: [443]},"; done
		echo ']}}}}'
	} >"$INSTANCE/deny.yaml"
	kuke apply -f "$INSTANCE/deny.yaml" >/dev/null
fi

manifest()
{
	cat <<-EOF
	apiVersion: v1beta1
	kind: Cell
	metadata: {name: $1}
	spec:
	  realmId: default
	  spaceId: default
	  stackId: default
	  containers:
	  - {id: main, image: docker.io/library/busybox:latest, command: sleep, args: ["3600"]}
	EOF
}

# The bundle that a cell's start left, with places of its own for the pins and the root,
# and a tmpfs of the runtime's at /run, where the start has composed one.
manifest pattern >"$INSTANCE/pattern.yaml"
kuke run -d -f "$INSTANCE/pattern.yaml" >/dev/null
rt=$INSTANCE/run
start=$(echo "$rt"/cells/default/default/default/pattern/*/)
bench=$rt/bench
mkdir -p "$bench/bundle" "$INSTANCE/m"
spec=$(echo "$rt"/containers/*/default_default_pattern_main/bundle/config.json)
sed -E -e "s,\"(type\":\"(ipc|uts|network)\"\,\"path)\":\"/proc/[0-9]*/fd/[0-9]*\",\"\1\":\"$bench/\2\",g; s,$bench/network,$bench/net," \
	-e "s,\"${start}root.main\",\"$bench/root\"," -e 's,/default_default_pattern_main",/bare",' \
	-e "s,\"bind\"\,\"source\":\"${start}mounts.main/[0-9]*\"\,\"options\":\[\"rbind\"\],\"tmpfs\"\,\"source\":\"tmpfs\"\,\"options\":[\"nosuid\"\,\"strictatime\"\,\"mode=755\"\,\"size=65536k\"]," \
	"$spec" >"$bench/bundle/config.json"
[ "$(grep -o "\"$bench/[a-z]*\"" "$bench/bundle/config.json" | wc -l)" -eq 4 ] ||
	{ echo "start.sh: the bundle has not the three pins and the root" >&2; exit 1; }
filter=$([ -n "$seccomp" ] && echo .linux.seccomp || echo '.linux.seccomp | not')
jq -e "$filter" "$bench/bundle/config.json" >/dev/null ||
	{ echo "start.sh: the bundle's seccomp profile is not as asked for" >&2; exit 1; }
bare_before="unshare --net='$bench/net' --ipc='$bench/ipc' --uts='$bench/uts' true"
bare_after="runc --root '$bench/runc' delete -f bare{n}; umount '$bench/net' '$bench/ipc' '$bench/uts'"
# bare_run BUNDLE
bare_run()
{
	echo "runc --root $bench/runc --log $bench/log --log-format json run -d --bundle $1 --pid-file $bench/pid bare{n}"
}
without=()
if [ -n "$seccomp" ]; then
	mkdir "$bench/without"
	jq -c 'del(.linux.seccomp)' "$bench/bundle/config.json" >"$bench/without/config.json"
	without=("runc, no profile" "$bare_before" "$(bare_run "$bench/without")" "$bare_after")
fi
layer=$(inst sed -n 's/.*[ ,]lowerdir+\{0,1\}=\([^,]*\),.*/\1/p' "/proc/$(inst pgrep -f 'sleep 3600')/mountinfo" | head -n 1)
inst sh -ec "touch '$bench/net' '$bench/ipc' '$bench/uts'; mkdir '$bench/root' '$bench/upper' '$bench/work'
	mount --bind '$bench' '$bench'; mount --make-private '$bench'
	mount -t overlay -o 'lowerdir=$layer,upperdir=$bench/upper,workdir=$bench/work' overlay '$bench/root'"

acct=$(for f in /sys/fs/cgroup{/cpuacct,/cpu,cpuacct,}"$INSTANCE_CGROUP"/{cpuacct.usage,cpu.stat}; do
	[ ! -e "$f" ] || { echo "$f"; break; }; done)
[ -z "$acct" ] || mkdir -p "${acct%/*}/_clients"
for ((i = 0; i < runs + 2; i++)); do manifest "c$i" >"$INSTANCE/m/$i.yaml"; done
: >"$INSTANCE/pairs"
# shellcheck disable=SC2016 # the inner shell expands
inst sh -ec 'if [ -n "$1" ]; then echo 0 >"${1%/*}/_clients/cgroup.procs"; fi; shift; exec "$@"' - "$acct" \
	timeout $((600 + runs * 100)) "$top_builddir/pair" -n "$runs" -w 2 ${acct:+-c "$acct"} \
	"runc run -d" "$bare_before" "$(bare_run "$bench/bundle")" "$bare_after" \
	"${without[@]}" \
	"kuke run -d" "" \
	"kuke run -d -f $INSTANCE/m/{n}.yaml" \
	"kuke kill cell c{n}; kuke delete cell c{n}" \
	>"$INSTANCE/pairs" 2>"$INSTANCE/pair.log" </dev/null ||
	{ tail -5 "$INSTANCE/pair.log" >&2; exit 1; }
[ -z "$acct" ] || rmdir "${acct%/*}/_clients"

awk -F'\t' 'BEGIN { printf "%-16s %5s %26s %8s %8s\n", "ms", "runs", "wall min / median / max", "own cpu", "all cpu" }
	{ printf "%-16s %5d %8.1f /%7.1f /%7.1f %8.1f %8.1f\n", $1, $2, $3, $4, $5, $6, $7 }' "$INSTANCE/pairs"

# The steps of some more starts, as the daemon's debug log tells them.
echo "  logLevel: debug" >>"$INSTANCE_CONFIG"
kuke daemon stop >/dev/null
kuke daemon start >/dev/null
for ((i = 0; i < (runs + 1) / 2; i++)); do
	manifest "d$i" >"$INSTANCE/m/d$i.yaml"
	# When the client is executed, and when it has ended.
	# shellcheck disable=SC2016 # the inner shell expands
	inst bash -c 'begin=$EPOCHREALTIME; "$@" >/dev/null && echo "$begin $EPOCHREALTIME"' - \
		"$INSTANCE_BINDIR/kuke" run -d -f "$INSTANCE/m/d$i.yaml" >>"$INSTANCE/times"
	kuke kill cell "d$i" >/dev/null
	kuke delete cell "d$i" >/dev/null
done
log=$INSTANCE_RUN_PATH/data/kuke-system/kukeon/kukeon/kukeond/kukeond/log
# Means of the faster half of the starts, so that the steps add up to the whole. What is
# before the daemon's first step and after its last one is the client's, the wire's and the
# fork's; "save" and "seccomp filter" are done while runc works, "runc" is the wait after them.
sed -n 's/.*msg=timing step="\{0,1\}\([^"=]*\)"\{0,1\} us=\([0-9]*\) at=\([0-9.]*\).*/\1\t\2\t\3/p' "$log" |
	awk -F'\t' -v times="$INSTANCE/times" '
	function add(i, step, ms) {
		if (!seen[step]++)
			steps[++n_steps] = step
		took[i, step] += ms
	}
	BEGIN {
		while ((getline line <times) > 0) {
			n++
			split(line, t, " ")
			begin[n] = last[n] = t[1]
			end[n] = t[2]
		}
	}
	{
		for (i = 1; i <= n && !($3 >= begin[i] && $3 <= end[i]); i++) ;
		if (i > n)
			next
		add(i, last[i] == begin[i] ? "kuke, wire, fork" : "debug log", ($3 - last[i]) * 1000 - $2 / 1000)
		add(i, $1, $2 / 1000)
		last[i] = $3
	}
	END {
		for (i = 1; i <= n; i++) {
			add(i, "answer, kuke", (end[i] - last[i]) * 1000)
			whole[i] = (end[i] - begin[i]) * 1000
			rank[i] = 1
			for (j = 1; j < i; j++) # of equals, the first is the faster one
				whole[j] <= whole[i] ? rank[i]++ : rank[j]++
		}
		for (k = 1; k <= n_steps; k++) {
			for (i = 1; i <= n; i++)
				if (rank[i] <= (n + 1) / 2)
					sum[k] += took[i, steps[k]] / int((n + 1) / 2)
			printf "  %-18s %8.2f ms\n", steps[k], sum[k]
			all += sum[k]
		}
		printf "  %-18s %8.2f ms\n", "together", all
	}'

# strace has the daemon.
traced()
{
	inst grep -q '^TracerPid:[[:space:]]*[1-9]' "/proc/$(kukeond_pid)/status"
}

# How often one start waits for the disk, seen from outside.
if command -v strace >/dev/null; then
	manifest synced >"$INSTANCE/synced.yaml"
	# shellcheck disable=SC2016 # the inner shell expands
	inst sh -c 'echo $$ >"$1/strace.pid"; exec timeout 600 strace -f -qq \
		-e trace=fsync,fdatasync,syncfs,sync -o "$1/syncs" -p "$2"' - \
		"$INSTANCE" "$(kukeond_pid)" 2>/dev/null &
	strace=$!
	wait_for 200 traced
	inst timeout 300 kuke run -d -f "$INSTANCE/synced.yaml" >/dev/null
	inst kill "$(cat "$INSTANCE/strace.pid")"
	wait "$strace" 2>/dev/null || true
	echo "syncs of one start: $(grep -c 'sync' "$INSTANCE/syncs")"
fi
awk -F'\t' '{ w[NR] = $4; c[NR] = $7 } END {
	if (NR == 3) printf "the profile costs runc %.1f ms, cpu %.1f ms\n", w[1] - w[2], c[1] - c[2]
	if (c[1] > 0) printf "ratio of all cpu %.2f\n", c[NR] / c[1]
	printf "ratio %.2f\n", w[NR] / w[1] }' "$INSTANCE/pairs"
