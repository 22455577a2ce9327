#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Cells of every kind of network come and go in an order of chance, several at a time,
# while processes of ours are killed: what was reported as done stays so, what runs is
# reached, and in the end nothing is left, in the kernel or on disk.
#
#   CHAOS_CELLS=200    how many cells there are in all
#   CHAOS_SEED=N       repeats the order of a run that printed it
#
# network_chaos_nft.bats is a link to this file: the same with the rules in nf_tables.

load ../helpers/suite
load ../helpers/outside

LANES=4 # verbs at a time

# A host outside with two addresses, and a name server that takes its time, so that there
# are processes that wait for it.
setup_file()
{
	local backend=legacy

	[[ $BATS_TEST_FILENAME != *_nft.bats ]] || backend=nft
	export CELLS=${CHAOS_CELLS:-30} SEED=${CHAOS_SEED:-$RANDOM}
	suite_start --restarts 'reconcileInterval: 500ms' "firewallBackend: $backend" \
		'podSubnetCIDRv6: fd6b:756b:656f::/48'
	outside_up
	inst ip -n outside addr add 192.0.2.9/24 dev uplink1
	inst ip -n outside route add 10.77.0.0/24 via "$HOST" # of plugins, who translate nothing here
	quiet from outside "$top_builddir/netprobe" serve 7001 >/dev/null 2>&1 &
	echo 'nameserver 127.0.0.1' >"$HERE/resolv.conf"
	inst mount --bind "$HERE/resolv.conf" /etc/resolv.conf
	quiet inst "$INSTANCE_HELPERS/slow-dns" 200 192.0.2.1 >"$HERE/dns.log" 2>&1 &
	wait_for 100 grep -q ready "$HERE/dns.log"
	plugins_network
	# Plugins leave a bridge and chains that all cells share; the first packets, neighbours.
	for name in n0 s0; do
		{ parents "$(space_of "$name")" 0; echo ---; doc "$name" 0; } | quiet kuke apply -f - >/dev/null
		IN="default $(space_of "$name") default" wait_for 100 reaches_outside "$name"
		kuke delete space "$(space_of "$name")" --cascade >/dev/null
	done
}

plugins_network()
{
	cat >"$HERE/own.conflist" <<-END
		{ "cniVersion": "1.0.0", "name": "chaos", "plugins": [
		  { "type": "bridge", "bridge": "cnitest0", "isGateway": true,
		    "ipam": { "type": "host-local", "dataDir": "$HERE/ipam",
		      "ranges": [[{ "subnet": "10.77.0.0/24" }]], "routes": [{ "dst": "0.0.0.0/0" }] } },
		  { "type": "portmap", "capabilities": { "portMappings": true } },
		  { "type": "firewall" },
		  { "type": "bandwidth", "ingressRate": 8000000000, "ingressBurst": 800000000,
		    "egressRate": 8000000000, "egressBurst": 800000000 } ] }
	END
}

# ---- cells ----

# The first letter of a cell's name is what it is: it publishes ports, joins other spaces,
# is under a policy that denies, has its network from plugins, or is in a space that goes
# with its cells.
space_of()
{
	case $1 in
	p*) echo open ;;
	j*) echo open ;;
	s*) echo shut ;;
	n*) echo own ;;
	b*) echo brief ;;
	esac
}

port_of()
{
	echo $((20000 + 2 * ${1:1} + $2 % 2))
}

policy()
{
	printf 'egress: {default: deny, allow: [{host: a.chaos.test}, {host: b.chaos.test, ports: [7001]}%s]}' \
		"$([ $(($1 % 2)) -ne 0 ] || echo ', {cidr: 192.0.2.9/32}')"
}

# space_doc SPACE [VERSION OF THE POLICY]
space_doc()
{
	local more=''

	case $1 in
	shut) more=", network: {$(policy "$2")}" ;;
	own) more=", cniConfigPath: $HERE/own.conflist" ;;
	esac
	printf 'apiVersion: v1beta1\nkind: Space\nmetadata: {name: %s}\nspec: {realmId: default%s}\n' "$1" "$more"
}

# parents SPACE [VERSION]: the space and its stack.
parents()
{
	space_doc "$@"
	printf -- '---\napiVersion: v1beta1\nkind: Stack\nmetadata: {name: default}\nspec: {realmId: default, spaceId: %s}\n' "$1"
}

# doc NAME VERSION
doc()
{
	local name=$1 version=$2 more='' port

	port=$(port_of "$name" "$version")
	case $name in
	p*) more="ports: [\"$port:8080\", \"$port:53/udp\", \"127.0.0.1:$((port + 10000)):8080\"]" ;;
	j*)
		more="networks: [far$([ $((version % 2)) -eq 0 ] || echo ', shut')]"
		more+=$'\n'"networksAliases: [alias-$name]"
		;;
	s*) [ $((version % 2)) -eq 0 ] || more="ports: [\"$port:8080\"]" ;;
	n*)
		more="networksAliases: [alias-$name-$version]"
		[ $((version % 2)) -ne 0 ] || more+=$'\n'"ports: [\"$port:8080\"]"
		;;
	esac
	IN="default $(space_of "$name") default" cell_doc "$name" "$SERVE" "$more"
}

# docs VERSION NAME…: as one manifest, with a space that may not be there.
docs()
{
	local version=$1 name

	shift
	[[ " $*" != *" b"* ]] || { parents brief; echo ---; }
	for name in "$@"; do
		doc "$name" "$version"
		echo ---
	done
}

reaches_outside()
{
	printf 'outside tcp 192.0.2.1 7001 yes\n' | in_cell "$1" "$top_builddir/netprobe" probe
}

# ---- the order ----

declare -a alive
made=0

chance()
{
	[ $((RANDOM % 100)) -lt "$1" ]
}

# pick: one of the cells that are there by the plan, in $picked, and takes it out.
pick()
{
	local i=$((RANDOM % ${#alive[@]}))

	picked=${alive[i]}
	unset "alive[i]"
	alive=("${alive[@]}")
}

plan_make()
{
	local kinds=(p p j s n b) names=() n=1 kind

	! chance 30 || n=$((2 + RANDOM % 2))
	while [ "$n" -gt 0 ]; do
		n=$((n - 1))
		made=$((made + 1))
		kind=${kinds[RANDOM % ${#kinds[@]}]}
		names+=("$kind$made")
	done
	echo "make $way ${names[*]}"
	alive+=("${names[@]}")
}

plan_take()
{
	local names=() n=1

	! chance 30 || n=$((2 + RANDOM % 2))
	while [ "$n" -gt 0 ] && [ ${#alive[@]} -gt 0 ]; do
		pick
		names+=("$picked")
		n=$((n - 1))
	done
	echo "take $way ${names[*]}"
}

plan_change()
{
	pick
	alive+=("$picked")
	case $((RANDOM % 4)) in
	0 | 1) echo "turn $way $((RANDOM % 100)) $picked" ;;
	2) echo "bounce $way $picked" ;;
	3) echo "policy $way $((RANDOM % 100))" ;;
	esac
}

plan_kill()
{
	local kinds=(daemon monitor child child child resolver client client shim shim runc runc all)

	echo "kill ${kinds[RANDOM % ${#kinds[@]}]} $((RANDOM % 400)) $RANDOM"
}

# plan: a line per thing to do. How many cells there are at once is bounded.
plan()
{
	local way picked

	RANDOM=$SEED
	while [ "$made" -lt "$CELLS" ]; do
		way=daemon
		! chance 15 || way=engine
		if [ ${#alive[@]} -lt 4 ] || { [ ${#alive[@]} -lt 16 ] && chance 50; }; then
			plan_make
		elif chance 50; then
			plan_take
		elif chance 15; then
			echo "fall $way"
			mapfile -t alive < <(printf '%s\n' "${alive[@]}" | grep -v '^b')
		else
			plan_change
		fi
		! chance 60 || plan_kill
	done
}

# ---- what is done ----

# by WAY ARG…: kuke, asking the daemon or an engine of its own.
by()
{
	local way=$1

	shift
	[ "$way" = daemon ] || set -- --no-daemon "$@"
	kuke "$@"
}

do_make()
{
	local way=$1

	shift
	if [ $# -eq 1 ] && [[ $1 != b* ]]; then
		doc "$1" 0 | by "$way" run -d -f -
	else
		docs 0 "$@" | by "$way" apply -f -
	fi || return
	for name in "$@"; do
		[[ $name != p* ]] || hold_connection "$name"
	done
}

# What the kernel tracks, and would go on tracking.
hold_connection()
{
	local port

	port=$(port_of "$1" 0)
	from outside bash -c "echo hi >/dev/udp/$HOST/$port; exec 5<>/dev/tcp/$HOST/$port; exec sleep 1003" \
		>/dev/null 2>&1 &
}

do_take()
{
	local way=$1 name

	shift
	if [ $# -eq 1 ]; then
		by "$way" delete cell "$1" --space "$(space_of "$1")" --timeout 0s
	else
		for name in "$@"; do doc "$name" 0; echo ---; done |
			by "$way" delete -f - --timeout 0s
	fi
}

# turn WAY VERSION NAME
do_turn()
{
	doc "$3" "$2" | by "$1" apply -f -
}

do_bounce()
{
	by "$1" stop cell "$2" --space "$(space_of "$2")" --timeout 0s &&
		by "$1" start cell "$2" --space "$(space_of "$2")"
}

do_policy()
{
	space_doc shut "$2" | by "$1" apply -f -
}

do_fall()
{
	by "$1" delete space brief --cascade
}

# ---- what is killed ----

victims()
{
	case $1 in
	daemon) kukeond_pid ;;
	monitor) inst pgrep -f -- '--id=kukeon_kukeon_kukeond_kukeond ' ;;
	child) inst pgrep -x kukeond | grep -vx "$(kukeond_pid)" ;;
	resolver) inst pgrep -U 65534 -x kukeond ;;
	client) inst pgrep -x kuke ;;
	shim) inst pgrep -x kukeshim ;;
	runc) inst pgrep -x runc ;; # not what becomes the workload: runc:[2:INIT]
	all) inst pgrep -x 'kuke|kukeond|kukeshim|runc' ;;
	esac 2>/dev/null
}

# do_kill CLASS MS NUMBER: after that time, the first moment at which there is one.
do_kill()
{
	local pids=() i

	sleep "$(printf '0.%03d' "$2")" # a moment of chance
	for ((i = 0; i < 40; i++)); do
		mapfile -t pids < <(victims "$1")
		[ ${#pids[@]} -eq 0 ] || break
		sleep 0.05 # between two looks
	done
	[ ${#pids[@]} -gt 0 ] || return 0
	[ "$1" = all ] || pids=("${pids[$3 % ${#pids[@]}]}")
	inst kill -KILL "${pids[@]}" 2>/dev/null || return 0 # it has ended by itself
	echo "$1 ${pids[*]}" >>"$HERE/kills"
}

# ---- what was said of it ----

# said: there, gone, or nothing that binds; up: it should run; late: a request whose client
# was killed may still be worked on; busy: by which line of the plan; running: its words;
# version: what was applied last.
declare -gA said up late busy running version

names_of()
{
	case $1 in
	make | take) printf '%s\n' "${@:3}" | sed 's/^b.*/&\nbrief/' | sort -u ;;
	turn) echo "$4" ;;
	bounce) echo "$3" ;;
	policy) echo shut ;;
	fall)
		echo brief
		printf '%s\n' "${!said[@]}" | grep '^b[0-9]' || true
		;;
	esac
}

# begin N OP ARG…
begin()
{
	local n=$1 name

	shift
	for name in $(names_of "$@"); do
		while [ -n "${busy[$name]:-}" ]; do await_one; done
	done
	while [ ${#running[@]} -ge "$LANES" ]; do await_one; done
	for name in $(names_of "$@"); do busy[$name]=$n; done
	running[$n]=$*
	{
		r=0
		{ "do_$1" "${@:2}" || r=$?; } >"$HERE/op/$n" 2>&1
		[ "$r" -eq 0 ] || kuke daemon start >/dev/null 2>&1 </dev/null || true
		echo "$r" >"$HERE/op/$n.rc"
	} 3>&- 4>&- &
}

await_one()
{
	local n

	while :; do
		for n in "${!running[@]}"; do
			[ -s "$HERE/op/$n.rc" ] || continue
			# shellcheck disable=SC2086 # words
			learn "$n" "$(<"$HERE/op/$n.rc")" ${running[$n]}
			return
		done
		sleep 0.02 # between two looks
	done
}

# learn N STATUS OP ARG…
learn()
{
	local n=$1 r=$2 name

	shift 2
	echo "$n: $* ($r)"
	[ "$r" -eq 0 ] || sed 's/^/	/' "$HERE/op/$n"
	for name in $(names_of "$@"); do
		[ "$r" -lt 128 ] || late[$name]=1
		"learn_$1" "$r" "$name" "$HERE/op/$n" "${@:3}"
		unset "busy[$name]"
	done
	unset "running[$n]"
}

learn_make()
{
	if [ "$1" -eq 0 ] || grep -q "^Cell \"$2\": created" "$3"; then
		said[$2]=there up[$2]=$((1 - ($1 > 0)))
	else
		said[$2]=unknown up[$2]=0
	fi
}

learn_take()
{
	[ "${said[$2]:-}" != there ] || refute grep "\"$2\".* not found" "$3"
	up[$2]=0
	if [ "$1" -eq 0 ] || grep -q "^Cell \"$2\": deleted" "$3"; then
		said[$2]=gone
	else
		said[$2]=unknown
	fi
}

learn_turn()
{
	up[$2]=0
	[ "$1" -ne 0 ] || { said[$2]=there up[$2]=1 version[$2]=$4; }
}

learn_bounce()
{
	up[$2]=0
	[ "$1" -ne 0 ] || { said[$2]=there up[$2]=1; }
}

learn_policy()
{
	version[shut]=''
	[ "$1" -ne 0 ] || version[shut]=$4
}

learn_fall()
{
	up[$2]=0
	said[$2]=unknown
	[ "$1" -ne 0 ] || said[$2]=gone
}

# Every word that was given and is not being changed is kept. Nothing is said of it where
# the client is killed, or the daemon.
promises_kept()
{
	local list name r=0

	list=$(kuke get cells -o json 2>/dev/null) || return 0
	list=$(jq -r '.[].metadata.name' <<<"$list")
	for name in "${!said[@]}"; do
		[[ $name == *[0-9] && -z ${busy[$name]:-} ]] || continue
		if [ "${said[$name]}" = there ]; then
			grep -qx "$name" <<<"$list" || { echo "$name was created, and is not there"; r=1; }
		elif [ "${said[$name]}" = gone ] && [ -z "${late[$name]:-}" ]; then
			! grep -qx "$name" <<<"$list" || { echo "$name was deleted, and is there"; r=1; }
		fi
	done
	return "$r"
}

# ---- how it ends ----

# runs NAME: it does what it should.
runs()
{
	local port IN

	IN="default $(space_of "$1") default"
	export IN
	is_cell_state "$1" Ready || return
	case $1 in
	p*)
		port=$(port_of "$1" "${version[$1]:-0}")
		is_page outside "$HOST:$port" "$1" && is_page host "127.0.0.1:$((port + 10000))" "$1"
		;;
	j*) in_cell "$1" ip -br link show eth1 && reaches_outside "$1" ;;
	n*)
		reaches_outside "$1" || return
		port=${version[$1]:-0}
		[ $((port % 2)) -ne 0 ] || is_page outside "$HOST:$(port_of "$1" "$port")" "$1"
		;;
	*) reaches_outside "$1" ;;
	esac
}

# Connections to ports of cells, of which there is none any more (to those that plugins have
# published, they may keep).
tracked()
{
	[ -r "/proc/$INSTANCE_PID/net/nf_conntrack" ] || return 0
	inst cat /proc/net/nf_conntrack | awk '{
		n = 0
		for (i = 1; i <= NF; i++)
			if ($i ~ /^(src|dst)=/) a[++n] = substr($i, 5)
		if (a[3] ~ /^10\.88\./ && a[2] != a[3]) print
	}'
}

# The policy that was reported last is the one that holds.
policy_holds()
{
	local answer=yes name

	[ -n "${version[shut]}" ] || return 0
	[ $((version[shut] % 2)) -eq 0 ] || answer=no
	for name in "${!up[@]}"; do
		[[ $name == s* && ${up[$name]} == 1 ]] || continue
		printf 'outside tcp 192.0.2.9 7001 %s\n' "$answer" |
			IN='default shut default' in_cell "$name" "$top_builddir/netprobe" probe || return
	done
}

@test "cells that come and go while anything of ours is killed" {
	local n=0 line name count
	echo "CHAOS_CELLS=$CELLS CHAOS_SEED=$SEED"
	mkdir "$HERE/op"
	: >"$HERE/kills"
	for name in open far shut own; do parents "$name" 0; echo ---; done |
		quiet kuke apply -f - >/dev/null
	version[shut]=0
	plan >"$HERE/plan"
	while read -r line; do
		n=$((n + 1))
		# shellcheck disable=SC2086 # words
		case $line in
		kill*) do_$line 3>&- 4>&- & ;;
		*) begin "$n" $line ;;
		esac
		[ $((n % 8)) -ne 0 ] || promises_kept
	done <"$HERE/plan"
	while [ ${#running[@]} -gt 0 ]; do await_one; done
	wait
	cut -d' ' -f1 "$HERE/kills" | sort | uniq -c
	assert [ "$(wc -l <"$HERE/kills")" -ge $((CELLS / 10)) ]

	quiet kuke daemon start
	wait_for 200 daemon_is_back
	kuke get cells >/dev/null
	promises_kept
	count=0
	for name in "${!up[@]}"; do
		[[ ${up[$name]} == 1 && $name == *[0-9] ]] || continue
		count=$((count + 1))
		wait_for 200 runs "$name"
	done
	echo "$count run"
	policy_holds
	for name in open brief far shut own; do
		kuke get space "$name" >/dev/null 2>&1 || continue
		run kuke delete space "$name" --cascade
		assert_success
	done
	inst pkill -f 'sleep 1003|/dev/tcp' || true
	assert_equal "$(tracked)" ''
	assert_equal "$(find "$HERE/ipam" -name '10.*')" ''
}
