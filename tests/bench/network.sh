#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# network.sh [-n CELLS] [-r RUNS] [-s SPACES] [-t SECONDS]: what the network of cells costs.
#
# Prints, each with what is aimed at:
#
#   attach    what the link of a cell takes beyond its container and its namespaces: an
#             address, the veth pair, addresses, routes, names (the daemon's debug log), and
#             what `kuke run -d` takes more than for a cell on the host's network; interleaved,
#             RUNS times (30), with one run of the CNI plugin bridge for a namespace (ADD)
#   crowd     the same of one cell more in a space with CELLS (1000) others but one, against
#             the first one
#   rules     those of SPACES (200) spaces with 20 allow rules each, in one commit: `kuke
#             --no-daemon create space` after all rules were flushed, in both back ends
#   cell      throughput of TCP in RUNS / 5 turns of SECONDS (2) each, from cell to cell,
#             against two namespaces at a bare bridge; by iperf3, if that is installed
#   outside   the same from a cell to another host, with the rules and the translation of its
#             address, against such a namespace that is masqueraded
#
# The start of a cell in a space with a policy that denies is start.sh -d. Everything happens
# in namespaces of its own.
set -eu -o pipefail

here=$(cd "${BASH_SOURCE[0]%/*}" && pwd)
: "${top_builddir:=$(pwd)}"
export top_builddir
cells=1000 runs=30 spaces=200 seconds=2
while getopts n:r:s:t: opt; do
	case $opt in
	n) cells=$OPTARG ;;
	r) runs=$OPTARG ;;
	s) spaces=$OPTARG ;;
	t) seconds=$OPTARG ;;
	*) sed -n '4s/^# //p' "$0" >&2; exit 2 ;;
	esac
done

# shellcheck source=needs.bash
. "$here/needs.bash"
plugin=/usr/lib/cni/bridge
bench_needs runc ip:iproute2 iptables-legacy:iptables nft:nftables busybox:busybox-static jq
[ -x "$plugin" ] || bench_die "missing: $plugin; sudo apt-get install containernetworking-plugins"
bench_build pair

# shellcheck source=../helpers/instance.bash
. "$here/../helpers/instance.bash"
trap 'instance_stop || true' EXIT
instance_new
# A bridge takes 1024 ports, a space its subnet, and no pass comes in between.
cat >>"$INSTANCE_CONFIG" <<-END
	  reconcileInterval: 1h
	  podSubnetCIDR: 10.64.0.0/10
	  podSubnetSize: 20
END
instance_init
busybox_image >/dev/null
work=$INSTANCE/home
log=$INSTANCE_RUN_PATH/data/kuke-system/kukeon/kukeon/kukeond/kukeond/log

# ---- what is run, and how it is measured ----

# cell NAME SPACE [YAML]
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
		  - {id: main, image: docker.io/library/busybox:latest, command: sleep, args: ["100000"]${3:+, $3}}
	END
}

space()
{
	kuke create space "$1" >/dev/null
	kuke create stack default --space "$1" >/dev/null
}

timed()
{
	inst timeout 7200 "$top_builddir/pair" "$@" 2>"$work/pair.log" </dev/null ||
		{ tail -5 "$work/pair.log" >&2; return 1; }
}

# column LABEL NUMBER FILE. 4: the median of wall time.
column()
{
	awk -F'\t' -v l="$1" -v n="$2" '$1 == l { print $n }' "$3"
}

median()
{
	sort -n | awk '{ v[NR] = $1 } END { if (NR) printf "%s\n", v[int((NR + 1) / 2)] }'
}

# Of the starts in the log since line $1 that made a link: the median of its steps.
attached()
{
	tail -n "+$(($1 + 1))" "$log" |
		sed -n 's/.*msg=timing step="\{0,1\}\([^"=]*\)"\{0,1\} us=\([0-9]*\) at=.*/\1\t\2/p' |
		awk -F'\t' '$1 == "address" { linked = 1; us = 0 }
			!linked { next }
			{ us += $2 }
			$1 == "names" { print us / 1000; linked = 0 }' | median
}

# The same, step by step.
steps()
{
	tail -n "+$(($1 + 1))" "$log" |
		sed -n 's/.*msg=timing step="\{0,1\}\([^"=]*\)"\{0,1\} us=\([0-9]*\) at=.*/\1\t\2/p' |
		awk -F'\t' '$1 == "address" { linked = 1 }
			linked { us[$1] += $2; n[$1]++ }
			$1 == "names" { linked = 0 }
			END { for (s in us) printf "%s %.2f ms\n", s, us[s] / n[s] / 1000 }' | sort |
		paste -sd, | sed 's/,/, /g'
}

lines()
{
	wc -l <"$log"
}

# verdict NAME VALUE at most|at least BAR
verdict()
{
	awk -v name="$1" -v v="$2" -v how="$3" -v bar="$4" 'BEGIN {
		ok = how == "at most" ? v <= bar : v >= bar
		printf "%s %.2f, aimed at: %s %s: %s\n", name, v, how, bar, ok ? "reached" : "missed" }'
}

kuke=$INSTANCE_BINDIR/kuke

# ---- attaching ----

mkdir "$work/netns"
jq -nc --arg dir "$work/ipam" '{cniVersion: "1.0.0", name: "bench", type: "bridge", bridge: "bench0",
	isGateway: true, ipam: {type: "host-local", dataDir: $dir, subnet: "10.200.0.0/16",
	routes: [{dst: "0.0.0.0/0"}]}}' >"$work/bridge.json"
# plugin COMMAND FILE NETNS ID: a program that runs it.
for command in ADD DEL; do
	cat >"$work/cni.$command" <<-END
		#!/bin/sh
		CNI_COMMAND=$command CNI_CONTAINERID="\$1" CNI_NETNS="\$2" CNI_IFNAME=eth0 \\
			CNI_PATH=${plugin%/*} exec $plugin <$work/bridge.json >/dev/null
	END
	chmod +x "$work/cni.$command"
done
# attach SPACE FILE: the sides of a cell with a link, one without, and the plugin.
attach()
{
	local i

	mkdir -p "$work/m"
	for ((i = 0; i < runs + 2; i++)); do
		cell "a$i" "$1" >"$work/m/a$i.yaml"
		cell "h$i" "$1" 'hostNetwork: true' >"$work/m/h$i.yaml"
	done
	timed -n "$runs" -w 2 \
		linked "" "$kuke run -d -f $work/m/a{n}.yaml" "$kuke delete cell a{n} --space $1 --timeout 0s" \
		host "" "$kuke run -d -f $work/m/h{n}.yaml" "$kuke delete cell h{n} --space $1 --timeout 0s" \
		plugin "touch $work/netns/{n}; unshare --net=$work/netns/{n} true" \
			"$work/cni.ADD bench{n} $work/netns/{n}" \
			"$work/cni.DEL bench{n} $work/netns/{n}; umount $work/netns/{n}" \
		sh "" "/bin/sh -c :" "" >"$2"
}

# The plugin needs a shell for its environment, which is not its own time.
beyond()
{
	awk -v a="$(column "$1" 4 "$3")" -v b="$(column "$2" 4 "$3")" 'BEGIN { printf "%.2f", a - b }'
}

space big
inst mount -t tmpfs tmpfs "$work/netns"
from=$(lines)
attach big "$work/first"
first=$(attached "$from")
echo "attach: $first ms by the daemon's log, $(beyond linked host "$work/first") ms beyond a cell" \
	"on the host's network; plugin bridge $(beyond plugin sh "$work/first") ms"
echo "attach, by steps: $(steps "$from")"
verdict "attach" "$first" "at most" 3

for ((i = 1; i < cells; i++)); do cell "c$i" big; done >"$work/crowd.yaml"
[ ! -s "$work/crowd.yaml" ] || kuke apply -f "$work/crowd.yaml" >/dev/null
from=$(lines)
attach big "$work/last"
last=$(attached "$from")
echo "crowd: cell 1: $first ms, $(column linked 4 "$work/first") ms with its start;" \
	"cell $cells: $last ms, $(column linked 4 "$work/last") ms"
echo "crowd, by steps: $(steps "$from")"
verdict "crowd" "$(awk -v a="$(column linked 4 "$work/last")" -v b="$(column linked 4 "$work/first")" \
	'BEGIN { print a / b }')" "at most" 1.2

# ---- throughput ----

inst ip netns add outside
inst ip link set uplink1 netns outside
inst ip -n outside addr add 192.0.2.1/24 dev uplink1
inst ip -n outside link set uplink1 up
inst ip -n outside link set lo up
inst ip link add bare0 type bridge
inst ip addr add 10.201.0.1/24 dev bare0
inst ip link set bare0 up
for i in 2 3; do
	inst ip netns add "bare$i"
	inst ip link add "bare$i" type veth peer name eth0 netns "bare$i"
	inst ip link set "bare$i" master bare0 up
	inst ip -n "bare$i" addr add "10.201.0.$i/24" dev eth0
	inst ip -n "bare$i" link set eth0 up
	inst ip -n "bare$i" route add default via 10.201.0.1
done
inst iptables-legacy -t nat -A POSTROUTING -s 10.201.0.0/24 ! -d 10.201.0.0/24 -j MASQUERADE
space tp
cell from tp | kuke run -d -f - >/dev/null
cell to tp | kuke run -d -f - >/dev/null

process_of()
{
	tail -qn1 "$INSTANCE/run/containers"/default.*/tp_default_"$1"_main/monitor | jq -r .pid
}

in_netns()
{
	local where=$1

	shift
	case $where in
	from | to) inst nsenter --net="/proc/$(process_of "$where")/ns/net" "$@" ;;
	*) inst nsenter --net="/run/netns/$where" "$@" ;;
	esac
}

# throughput WHERE ADDRESS: Mbit/s received.
throughput()
{
	in_netns "$1" iperf3 -J -c "$2" -t "$seconds" | jq '.end.sum_received.bits_per_second / 1e6'
}

# turns NAME ADDRESS-FROM-CELL ADDRESS-FROM-BARE
turns()
{
	local i

	: >"$work/ours"
	: >"$work/bare"
	for ((i = 0; i < (runs + 4) / 5; i++)); do
		throughput from "$2" >>"$work/ours"
		throughput bare2 "$3" >>"$work/bare"
	done
	printf '%s: %.0f Mbit/s, bare %.0f Mbit/s\n' "$1" "$(median <"$work/ours")" "$(median <"$work/bare")"
	verdict "$1" "$(awk -v a="$(median <"$work/ours")" -v b="$(median <"$work/bare")" 'BEGIN { print a / b }')" \
		"at least" 0.95
}

if command -v iperf3 >/dev/null; then
	for where in to bare3 outside; do in_netns "$where" iperf3 -s -D >/dev/null; done
	address=$(kuke get cell to --space tp -o json | jq -r .status.network.address)
	turns cell "$address" 10.201.0.3
	turns outside 192.0.2.1 192.0.2.1
else
	echo "throughput: not measured without iperf3; sudo ./bootstrap deps bench installs it"
fi

# ---- rules ----

for ((i = 0; i < spaces; i++)); do
	echo ---
	echo "{kind: Space, metadata: {name: r$i}, spec: {realmId: default, network: {egress: {default: deny, allow: ["
	for ((k = 0; k < 20; k++)); do echo "  {cidr: 198.51.$((i % 256)).$k/32, ports: [443]},"; done
	echo "]}}}}"
done >"$work/spaces.yaml"
kuke apply -f "$work/spaces.yaml" >/dev/null
cat >"$work/flush" <<-'END'
	#!/bin/sh
	for i in iptables-legacy ip6tables-legacy; do
		for t in filter nat; do
			$i -t $t -F 2>/dev/null && $i -t $t -X
		done
	done
	nft flush ruleset
END
chmod +x "$work/flush"
# Of all spaces, in that back end.
allowed()
{
	case $1 in
	legacy) inst iptables-legacy -S ;;
	nft) inst nft list ruleset ;;
	esac | grep -c 'kukeon:default:r[0-9]*:allow'
}
for backend in legacy nft; do
	sed -i '/^  firewallBackend:/d' "$INSTANCE_CONFIG"
	echo "  firewallBackend: $backend" >>"$INSTANCE_CONFIG"
	# The engine of a client does not know the key: it stays where the rules are.
	kuke daemon stop >/dev/null
	kuke daemon start >/dev/null
	kuke daemon stop >/dev/null
	timed -n $(((runs + 2) / 3)) -w 1 \
		written "$work/flush" "$kuke --no-daemon create space w{n}" "$kuke --no-daemon delete space w{n}" \
		there "" "$kuke --no-daemon create space t{n}" "$kuke --no-daemon delete space t{n}" >"$work/rules"
	[ "$(allowed "$backend")" -ge $((spaces * 20)) ] || bench_die "rules are missing in $backend"
	echo "rules of $spaces spaces, $backend: $(column written 4 "$work/rules") ms with a space that is" \
		"created, $(column there 4 "$work/rules") ms where they stood"
	verdict "rules $backend" "$(column written 4 "$work/rules")" "at most" 200
done
kuke daemon start >/dev/null
