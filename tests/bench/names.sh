#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# names.sh [--nft|--legacy] [-n N] [-c CELLS] [-q QPS] [-s SECONDS]: what names cost where a space denies.
#
# In a private instance, whose name server outside is a tiny one in C (dnsprobe serve), prints
# for either back end of the packet filter (or the one that is asked for):
#
#   cached     what a cell waits for a name that was asked for before, 10 times N (200) queries
#              of kukedns from a cell of a space that denies, and of dnsmasq, which has the same
#              server and a cache, from a cell of a space that allows; a query of one, then of
#              the other. Aimed at: a median of at most 0.3 ms by kukedns
#   uncached   the same for a name that has to be asked for, N rounds, each of which also asks
#              the server directly, from the host's namespace: the difference of the medians is
#              what kukedns and the packet filter take. Aimed at: at most 1 ms
#                over    names whose TTL is over: their address is open already
#                apart   names nobody has asked for, 100 ms after the round before, each of
#                        which changes the packet filter
#                in turn names nobody has asked for, each at once after the answer before
#   load       QPS (2000) queries a second for SECONDS (60) from CELLS (100) cells, by four
#              processes, from cold: 100 names, and one query in a hundred for a name that
#              nobody has asked for; how many were answered. Aimed at: all. Then what it took:
#              changes of the packet filter (lines of the daemon's log that say so), CPU time
#              and memory (PSS) of kukedns and of its keeper, and the same queries of dnsmasq
#
# and how many processes of these two there are without a space that denies. Aimed at: none.
# Without dnsmasq (./bootstrap deps bench) its side is left out.
set -eu -o pipefail

here=$(cd "${BASH_SOURCE[0]%/*}" && pwd)
: "${top_builddir:=$(pwd)}"
export top_builddir
usage()
{
	sed -n '4s/^# //p' "$0" >&2
	exit 2
}
rounds=200 cells=100 qps=2000 seconds=60 backends='legacy nft'
while getopts n:c:q:s:-: opt; do
	case $opt in
	n) rounds=$OPTARG ;;
	c) cells=$OPTARG ;;
	q) qps=$OPTARG ;;
	s) seconds=$OPTARG ;;
	-) case $OPTARG in nft | legacy) backends=$OPTARG ;; *) usage ;; esac ;;
	*) usage ;;
	esac
done

# shellcheck source=needs.bash
. "$here/needs.bash"
bench_needs runc ip:iproute2 iptables-legacy:iptables nft:nftables busybox:busybox-static jq
((cells >= 1 && cells <= 200)) || bench_die "-c is 1 to 200: a space has room for that many"
((qps >= 4 && qps % 4 == 0)) || bench_die "-q is a multiple of 4"
bench_build dnsprobe

# shellcheck source=../helpers/instance.bash
. "$here/../helpers/instance.bash"
trap 'instance_stop || true' EXIT
instance_new
# The log level of an instance stays: changes for answers are logged at debug level.
instance_init
busybox_image >/dev/null
work=$INSTANCE/home
log=$INSTANCE_RUN_PATH/data/kuke-system/kukeon/kukeon/kukeond/kukeond/log
server=192.0.2.1
probe=$top_builddir/dnsprobe

# ---- what is run ----

# cell NAME SPACE: its manifest.
cell()
{
	cat <<-END
		---
		apiVersion: v1beta1
		kind: Cell
		metadata: {name: $1}
		spec:
		  realmId: default
		  spaceId: $2
		  stackId: default
		  containers:
		  - {id: main, image: docker.io/library/busybox:latest, command: sleep, args: ["100000"]}
	END
}

# netns SPACE CELL
netns()
{
	echo "/proc/$(tail -qn1 "$INSTANCE/run/containers"/default.*/"$1_default_$2_main"/monitor | jq -r .pid)/ns/net"
}

gateway()
{
	kuke get cell "$2" --space "$1" -o json | jq -r .status.network.address | sed 's/[0-9]*$/1/'
}

# answers SERVER NETNS NAME
answers()
{
	inst nsenter --net="$2" "$probe" ask "$1" "$3" | grep -q '^NOERROR 1='
}

# What denies has a file of its own, which ends it too.
make_fence()
{
	local i

	kuke apply -f - >/dev/null <<-END
		{apiVersion: v1beta1, kind: Space, metadata: {name: fence}, spec: {realmId: default, network: {
		egress: {default: deny, allow: [{host: "*.bench.test", ports: [443]}]}}}}
	END
	kuke create stack default --space fence >/dev/null
	for ((i = 0; i < cells; i++)); do cell "c$i" fence; done >"$work/fence.yaml"
	kuke apply -f "$work/fence.yaml" >/dev/null
	fence=$(gateway fence c0)
	nets=()
	for ((i = 0; i < cells; i++)); do nets+=("$(netns fence "c$i")"); done
	wait_for 200 answers "$fence" "${nets[0]}" cached.bench.test
	answers "$fence" "${nets[0]}" brief.bench.test
}

end_fence()
{
	kuke delete -f "$work/fence.yaml" --timeout 0s >/dev/null
	kuke delete space fence --cascade >/dev/null
	wait_for 200 none_left
}

none_left()
{
	[ "$(processes)" -eq 0 ]
}

# use BACKEND
use()
{
	sed -i '/^  firewallBackend:/d' "$INSTANCE_CONFIG"
	echo "  firewallBackend: $1" >>"$INSTANCE_CONFIG"
	kuke daemon stop >/dev/null
	kuke daemon start >/dev/null
}

# The addresses that names have opened, where they should be.
opened()
{
	case $1 in
	legacy) inst iptables-legacy -S ;;
	nft) inst nft list ruleset ;;
	esac | grep -o 'kukeon:default:fence:allow[^"]*host=[^*"]*"' | wc -l
}

# ---- how it is measured ----

processes()
{
	local name n=0

	for name in kukedns kukeond-names; do n=$((n + $(inst pgrep -xc "$name" || true))); done
	echo "$n"
}

pss()
{
	# shellcheck disable=SC2016 # awk's own
	inst awk '/^Pss:/ { print $2 }' "/proc/$(inst pgrep -x "$1")/smaps_rollup"
}

# CPU time so far, in ms.
cpu()
{
	inst sed 's/.*) //' "/proc/$(inst pgrep -x "$1")/stat" |
		awk -v hz="$(getconf CLK_TCK)" '{ print ($12 + $13) * 1000 / hz }'
}

written()
{
	grep -c 'packet filter rules written' "$log" || true
}

# beside NAME ROUNDS PAUSE SIDE…: the medians are in us[0] and on, the worst in worst[0] and on.
beside()
{
	inst timeout 3600 "$probe" beside "$@" >"$work/beside" </dev/null
	mapfile -t us < <(cut -d' ' -f1 "$work/beside")
	mapfile -t worst < <(cut -d' ' -f2 "$work/beside")
}

# of_dnsmasq NUMBER: that side, as the end of a line.
of_dnsmasq()
{
	[ ${#peer[@]} -eq 0 ] || echo "; dnsmasq ${us[$1]} us, worst ${worst[$1]}"
}

# verdict NAME VALUE BAR
verdict()
{
	awk -v name="$1" -v v="$2" -v bar="$3" 'BEGIN {
		printf "%s %.2f, aimed at: at most %s: %s\n", name, v, bar, v <= bar ? "reached" : "missed" }'
}

ratio()
{
	awk -v a="$1" -v b="$2" 'BEGIN { printf "%.2f", a / b }'
}

cached()
{
	beside cached.bench.test $((rounds * 10)) 0 "$fence@${nets[0]}" "${peer[@]}"
	echo "cached, $1: kukedns ${us[0]} us, worst ${worst[0]}$(of_dnsmasq 1)$(
		[ ${#peer[@]} -eq 0 ] || echo "; ratio $(ratio "${us[0]}" "${us[1]}")")"
	verdict "cached $1 ms" "$(ratio "${us[0]}" 1000)" 0.3
}

# uncached WHAT BACKEND NAME PAUSE
uncached()
{
	local before

	before=$(written)
	beside "$3" "$rounds" "$4" "$server" "$fence@${nets[0]}" "${peer[@]}"
	echo "uncached $1, $2: direct ${us[0]} us, worst ${worst[0]}; kukedns ${us[1]} us, worst" \
		"${worst[1]}$(of_dnsmasq 2); $(($(written) - before)) changes of the packet filter"
	verdict "uncached $1 $2 ms more" "$(ratio $((us[1] - us[0])) 1000)" 1
}

# loaded SERVER NAME FILE NETNS…: four processes, each with its share of the cells.
loaded()
{
	local at=$1 name=$2 file=$3 share k i pids=()

	shift 3
	for k in 0 1 2 3; do
		share=()
		for ((i = k + 1; i <= $#; i += 4)); do share+=("${!i}"); done
		inst timeout $((seconds + 600)) "$probe" load "$at" "$name" $((qps / 4)) "$seconds" \
			"${share[@]:-$1}" >"$file.$k" </dev/null &
		pids+=($!)
	done
	for i in "${pids[@]}"; do wait "$i"; done
	# shellcheck disable=SC2016 # awk's own
	awk '{ asked += $1; answered += $3; empty += $5; if ($11 > last) last = $11 } END {
		print asked, answered - empty, asked - answered, empty, last + 0 }' "$file".[0-3]
}

load()
{
	local before own keeper asked good empty lost last

	before=$(written) own=$(cpu kukedns) keeper=$(cpu kukeond-names)
	read -r asked good lost empty last < <(loaded "$fence" "load-$1-%d.bench.test" "$work/load" "${nets[@]}")
	own=$(($(cpu kukedns) - own)) keeper=$(($(cpu kukeond-names) - keeper))
	echo "load, $1: $cells cells, $qps a second for $seconds s: $asked asked, $good answered, $lost lost," \
		"$empty without address, the last after $last ms; $(($(written) - before)) changes of the packet filter, $(opened "$1") addresses open"
	verdict "load $1 unanswered" $((asked - good)) 0
	echo "load, $1: cpu $own ms by kukedns, $keeper ms by its keeper; afterwards $(pss kukedns) KiB PSS" \
		"and $(pss kukeond-names) KiB"
	# Which back end there is does not concern it.
	[ ${#peer[@]} -gt 0 ] && [ "$1" = "${backends##* }" ] || return 0
	read -r asked good lost empty last < <(loaded "$open" "load-$1-%d.bench.test" "$work/load" "$open_net")
	echo "load, of dnsmasq from one cell: $asked asked, $good answered, $lost lost, $empty without address"
}

# ---- outside, the host's resolver, and dnsmasq ----

inst ip netns add outside
inst ip link set uplink1 netns outside
inst ip -n outside addr add "$server/24" dev uplink1
inst ip -n outside link set uplink1 up
inst ip -n outside link set lo up
inst ip netns exec outside "$probe" serve "$server" >"$work/serve" 2>&1 </dev/null &
disown
wait_for 200 grep -q ready "$work/serve"
echo "nameserver $server" >"$work/resolv"
inst mount --bind "$work/resolv" /etc/resolv.conf

# dnsmasq listens at the gateway of a space that allows, and a cell of that one asks it.
peer=()
if PATH=$PATH:/usr/sbin command -v dnsmasq >/dev/null; then
	kuke create space plain >/dev/null
	kuke create stack default --space plain >/dev/null
	cell peer plain | kuke apply -f - >/dev/null
	open=$(gateway plain peer)
	open_net=$(netns plain peer)
	inst dnsmasq --keep-in-foreground --conf-file=/dev/null --pid-file= --user=root --no-hosts --no-resolv \
		--server="$server" --listen-address="$open" --bind-interfaces --cache-size=10000 \
		--log-facility="$work/dnsmasq" </dev/null >/dev/null 2>&1 &
	disown
	wait_for 200 answers "$open" "$open_net" cached.bench.test
	peer=("$open@$open_net")
else
	echo "dnsmasq: not asked, as it is not installed; sudo ./bootstrap deps bench does that"
fi

# ---- the run ----

n=$(processes)
echo "without a space that denies: $n processes of kukedns and its keeper"
verdict "processes at rest" "$n" 0
for backend in $backends; do
	use "$backend"
	make_fence
	[ "$(processes)" -eq 2 ] || bench_die "$(processes) processes of kukedns and its keeper, not 2"
	[ "$(opened "$backend")" -ge 1 ] || bench_die "what is answered is not opened in $backend"
	cached "$backend"
	uncached over "$backend" brief.bench.test 0
	uncached apart "$backend" "apart-$backend-%d.bench.test" 100
	uncached "in turn" "$backend" "turn-$backend-%d.bench.test" 0
	load "$backend"
	end_fence
done
n=$(processes)
verdict "processes afterwards" "$n" 0
