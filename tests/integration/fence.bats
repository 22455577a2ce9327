#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A space whose policy denies is closed while its rules are gone, and what was begun
# before a policy ends with it. fence_nft.bats is a link to this file: the same with the
# rules in nf_tables.

load ../helpers/suite
load ../helpers/outside

setup_file()
{
	local backend=legacy

	[[ $BATS_TEST_FILENAME != *_nft.bats ]] || backend=nft
	suite_start --restarts 'reconcileInterval: 1h' "firewallBackend: $backend" \
		'podSubnetCIDRv6: fd6b:756b:656f::/48'
	outside_up
	inst ip -n outside addr add 192.0.2.9/24 dev uplink1
	inst ip -n outside addr add 2001:db8::1/64 dev uplink1 nodad
	inst ip addr add 2001:db8::2/64 dev uplink0 nodad
	# What the kernel gives the uplink by itself is there before the first snapshot.
	wait_for 100 eval 'inst ip -6 route show table local | grep -q "anycast fe80:: dev uplink0"'
	# Back to cells, also where no rule translates their addresses.
	inst ip -n outside route add 10.88.0.0/16 via 192.0.2.2
	inst ip -n outside route add fd6b:756b:656f::/48 via 2001:db8::2
	quiet kuke create space tenant >/dev/null
	quiet kuke create stack default --space tenant >/dev/null
	quiet kuke create space other >/dev/null
	quiet kuke create stack default --space other >/dev/null
	export IN="default tenant default"
	run_cell one "$IDLE"
	run_cell two "$IDLE"
	IN="default other default" run_cell three "$IDLE"
	# What arrives from the cell is counted, at the host and beyond.
	local tables
	for tables in iptables-legacy ip6tables-legacy; do
		from outside "$tables" -A INPUT -p tcp --dport 7001 --syn
		from outside "$tables" -A INPUT -p udp --dport 7001
	done
	from outside iptables-legacy -A INPUT -p icmp --icmp-type echo-request
	from outside ip6tables-legacy -A INPUT -p icmpv6 --icmpv6-type echo-request
}

setup()
{
	suite_snapshot
	export IN="default tenant default"
}

policy()
{
	kuke apply -f - <<-END
		apiVersion: v1beta1
		kind: Space
		metadata: {name: tenant}
		spec: {realmId: default${1:+, network: {egress: {$1\}\}}}
	END
}

# What came from cells to where they are not allowed: packets, by kind.
arrived()
{
	local tables

	for tables in iptables-legacy ip6tables-legacy; do
		from outside "$tables" -L INPUT -v -n -x | awk 'NR > 2 { print $1 }'
	done | xargs
}

# knock: a packet of something new every 10 ms, to each place.
knock()
{
	local to

	for to in "$@"; do
		printf 'x %s %s 7001 no\n' tcp "$to" udp "$to" icmp "$to"
	done >"$HERE/targets"
	in_cell one "$top_builddir/netprobe" knock 10 <"$HERE/targets" 3>&- 4>&- &
}

knock_ends()
{
	inst pkill -x netprobe
	wait_for 100 refute inst pgrep -x netprobe
}

flush()
{
	inst iptables-legacy -w -F
	inst iptables-legacy -w -t nat -F
	inst ip6tables-legacy -w -F
	inst ip6tables-legacy -w -t nat -F
	inst nft flush ruleset
}

rules_stand()
{
	kuke doctor network >/dev/null
}

@test "while rules are flushed and come back, nothing of a denied space gets out" {
	local before
	policy 'default: deny, allow: [{cidr: 192.0.2.9/32, ports: [1]}]'
	knock 192.0.2.1 192.0.2.9 2001:db8::1
	before=$(arrived)
	for _ in 1 2 3 4 5; do
		flush
		wait_for 200 rules_stand
	done
	knock_ends
	assert_equal "$(arrived)" "$before"
	policy
	# The same without a policy does arrive.
	knock 192.0.2.1 2001:db8::1
	wait_for 100 eval '[[ " $(arrived)" != *" 0"* ]]'
	knock_ends
}

@test "and not as long as the daemon is away" {
	local before
	policy 'default: deny'
	kuke daemon stop
	flush
	before=$(arrived)
	knock 192.0.2.1 2001:db8::1
	sleep 1 # of knocking, that some of it would have arrived
	assert_equal "$(arrived)" "$before"
	run in_cell one busybox ping -c1 -W1 192.0.2.1
	assert_failure
	run in_cell one socat -u OPEN:/dev/null TCP:192.0.2.2:22,connect-timeout=1
	assert_failure
	assert_output --partial "timed out"
	knock_ends
	quiet kuke daemon start
	policy
}

@test "a bridge that is deleted comes back fenced" {
	local before bridge
	policy 'default: deny'
	bridge=$(bridge_of one)
	before=$(arrived)
	knock 192.0.2.1 2001:db8::1
	for _ in 1 2 3; do
		flush
		inst ip link del "$bridge"
		wait_for 200 in_cell one busybox ping -c1 -W1 "$(cell_ip two default tenant)"
	done
	knock_ends
	assert_equal "$(arrived)" "$before"
	policy
}

@test "kukeond puts back a fence that was taken away, and doctor misses it" {
	local bridge
	policy 'default: deny'
	bridge=$(bridge_of one)
	inst tc qdisc del dev "$bridge" clsact
	assert_equal "$(inst tc filter show dev "$bridge" ingress)" ""
	run kuke doctor network
	assert_failure
	assert_output --partial "fence"
	quiet kuke daemon stop
	quiet kuke daemon start
	# Its first pass may not have come to it when the daemon has started.
	wait_for 100 eval 'grep -q bytecode <(inst tc filter show dev "$bridge" ingress)'
	policy
	assert_equal "$(inst tc filter show dev "$bridge" ingress)" ""
}

# echo_at ADDRESS: answers line by line at port 7001, TCP and UDP, beyond the uplink.
echo_at()
{
	from outside socat "TCP-LISTEN:7001,bind=$1,fork,reuseaddr" EXEC:cat >/dev/null 2>&1 3>&- 4>&- &
	from outside socat "UDP-RECVFROM:7001,bind=$1,fork" EXEC:cat >/dev/null 2>&1 3>&- 4>&- &
}

# talk NAME ADDRESS: a connection that says what is written into NAME.in.
talk()
{
	mkfifo "$HERE/$1.in"
	in_cell one socat - "TCP:$2:7001" <>"$HERE/$1.in" >"$HERE/$1.out" 2>&1 3>&- 4>&- &
}

hears()
{
	grep -qx "$2" "$HERE/$1.out"
}

# A datagram from always the same port.
asks()
{
	echo "$2" | in_cell one socat -T 1 -t 1 - "UDP:$1:7001,bind=:5555"
}

@test "a policy ends what it does not allow, and nothing else" {
	echo_at 192.0.2.1
	echo_at 192.0.2.9
	wait_for 100 eval '[ "$(asks 192.0.2.9 x)" = x ]'
	talk stays 192.0.2.9
	talk ends 192.0.2.1
	echo one >"$HERE/stays.in"
	echo one >"$HERE/ends.in"
	wait_for 100 hears stays one
	wait_for 100 hears ends one
	assert_equal "$(asks 192.0.2.1 y)" y
	policy 'default: deny, allow: [{cidr: 192.0.2.9/32}]'
	echo two >"$HERE/ends.in"
	echo two >"$HERE/stays.in"
	wait_for 100 hears stays two
	assert_equal "$(asks 192.0.2.9 z)" z
	assert_equal "$(asks 192.0.2.1 z)" ""
	run hears ends two
	assert_failure
	policy
	# It was not closed: TCP tries again, and what is allowed again goes on.
	wait_for 100 hears ends two
	inst pkill -x socat
	rm "$HERE"/*.in "$HERE"/*.out
}
