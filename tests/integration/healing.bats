#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The daemon is told of what others do to the network, and repairs it without waiting for
# its timer, which is an hour away here.

load ../helpers/suite

setup_file()
{
	suite_start --restarts 'reconcileInterval: 1h'
}

LOG=$INSTANCE_RUN_PATH/data/kuke-system/kukeon/kukeon/kukeond/kukeond/log

serves()
{
	assert_equal "$(fetch "$1")" "$2"
}

# passes KIND: how many there have been.
passes()
{
	grep -cE "msg=pass kind=($1)\$" "$LOG"
}

# Reading rules takes the lock too, and calls for a pass behind all that is due.
poke()
{
	local before

	before=$(passes 'rules|all')
	inst iptables-legacy -w -L -n >/dev/null
	wait_for 400 eval '[ "$(passes "rules|all")" -gt '"$before"' ]'
}

rules()
{
	inst iptables-legacy -w -S
	inst iptables-legacy -w -t nat -S
}

rules_are()
{
	diff <(rules) "$HERE/rules"
}

@test "a bridge that is deleted, taken down or loses its address" {
	run_cell one "$SERVE"
	local ip bridge
	ip=$(cell_ip one)
	bridge=$(bridge_of one)
	wait_for 200 serves "$ip" one
	inst ip link del "$bridge"
	wait_for 400 serves "$ip" one
	inst ip link set "$bridge" down
	wait_for 400 serves "$ip" one
	inst ip addr flush dev "$bridge"
	wait_for 400 serves "$ip" one
	kuke delete cell one
}

forwards()
{
	assert_equal "$(inst sysctl -n net.ipv4.ip_forward)" 1
}

@test "forwarding that is switched off" {
	run_cell one "$IDLE"
	inst sysctl -qw net.ipv4.ip_forward=0
	wait_for 400 forwards
	kuke delete cell one
}

@test "rules that are flushed, in part or all, and a policy that drops" {
	local chain
	rules >"$HERE/rules"
	chain=$(sed -n 's/^-N \(KUKEON-FORWARD[^ ]*\)$/\1/p' "$HERE/rules")
	inst iptables-legacy -w -F "$chain"
	wait_for 400 rules_are
	inst iptables-legacy -w -F FORWARD
	wait_for 400 rules_are
	inst iptables-legacy -w -t nat -F
	wait_for 400 rules_are
	inst sh -c 'printf "*filter\n:INPUT ACCEPT\n:FORWARD ACCEPT\n:OUTPUT ACCEPT\nCOMMIT\n" | iptables-legacy-restore -w'
	wait_for 400 rules_are
	inst sh -c 'for t in filter nat; do iptables-legacy -w -t $t -F; iptables-legacy -w -t $t -X; done' || true
	wait_for 400 rules_are
	run_cell one "$IDLE"
	inst iptables-legacy -w -P FORWARD DROP
	in_cell one busybox ping -c1 -W2 192.0.2.2
	inst iptables-legacy -w -P FORWARD ACCEPT
	kuke delete cell one
}

@test "cells that come and go, and links of others, call for no pass" {
	local all rules
	poke # those for what was done before, and for what they have done
	poke
	all=$(passes all) rules=$(passes rules)
	for _ in 1 2 3; do
		run_cell one "$IDLE"
		kuke stop cell one
		kuke delete cell one
	done
	inst sh -ec 'ip link add other type bridge; ip link set other up; ip link del other'
	poke
	assert_equal "$(passes all)" "$all"
	assert_equal "$(passes rules)" $((rules + 1))
}
