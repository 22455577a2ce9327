#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# kuke doctor network names what is missing, wrong and left over, and repairs it. The
# daemon is stopped where it would repair it first.

load ../helpers/suite

setup_file()
{
	suite_start --restarts 'reconcileInterval: 1h'
}

doctor()
{
	kuke --no-daemon doctor network "$@"
}

# finding WHAT OBJECT: its state and detail.
finding()
{
	doctor -o json | jq -r --arg w "$1" --arg o "$2" \
		'.[] | select(.what == $w and .object == $o) | .state + ": " + .detail'
}

in_order()
{
	run kuke doctor network
	assert_success
	assert_like "$output" "network is in order (" ...
}

@test "a host in order, and what is looked at" {
	run_cell one "$IDLE"
	in_order
	run kuke doctor network --all
	assert_success
	assert_line --regexp '^forwarding +- +ok '
	assert_line --regexp '^rules +- +ok '
	assert_line --regexp "^bridge +default/default +ok +$(bridge_of one) "
	assert_line --regexp "^link +default/default/default/one +ok +k[0-9a-f]{12} $(cell_ip one) *\$"
	run kuke doctor network -o yaml
	assert_success
	assert_line --partial "state: ok"
	run kuke doctor network -o wide
	assert_failure 1
	kuke delete cell one
}

@test "a new space has its rules where a pass looks for them, wherever its name stands" {
	local space

	kuke daemon stop >/dev/null
	for space in a zz; do
		quiet kuke --no-daemon create space "$space" >/dev/null
		doctor >/dev/null
	done
	for space in a zz; do
		kuke --no-daemon delete space "$space"
		doctor >/dev/null
	done
	quiet kuke daemon start >/dev/null
}

@test "what was changed behind the daemon's back is named, and put in order" {
	run_cell one "$SERVE"
	local bridge ip
	bridge=$(bridge_of one)
	ip=$(cell_ip one)
	kuke daemon stop >/dev/null
	inst ip addr flush dev "$bridge"
	inst sysctl -qw net.ipv4.ip_forward=0
	inst iptables-legacy -w -t nat -F
	inst ip link set "$(jq -r .veth "$INSTANCE/run/cells/default/default/default/one/run.json")" nomaster
	run doctor
	assert_failure 1
	assert_line --partial "4 of "
	assert_line --partial "Hint: repair it with \`kuke doctor network --repair\`"
	assert_equal "$(finding forwarding '')" "wrong: net.ipv4.ip_forward is 0"
	assert_equal "$(finding rules '')" "wrong: packet filter rules, or the fence of a bridge, were changed or removed"
	assert_like "$(finding bridge default/default)" "wrong: $bridge has the address none instead of " ...
	assert_like "$(finding link default/default/default/one)" "wrong: device 'k" ...
	inst ip link del "$bridge"
	assert_equal "$(finding bridge default/default)" "missing: there is no device '$bridge'"
	quiet kuke --no-daemon doctor network --repair
	doctor >/dev/null
	wait_for 200 fetch "$ip"
	quiet kuke daemon start >/dev/null
	kuke delete cell one
}

@test "what belongs to nothing is named, and removed if it is ours" {
	quiet kuke create space gone >/dev/null
	local bridge data=$INSTANCE_RUN_PATH/data/default
	bridge=$(basename "$(jq -r '.plugins[0].bridge' "$data/gone/network.conflist")")
	kuke daemon stop >/dev/null
	rm -r "$data/gone"
	find_cgroups "/default/gone" -depth -type d | while read -r dir; do inst rmdir "$dir"; done
	: >"$data/default/.leases/10.88.0.77_default_lost"
	inst ip link add k-00000000 type bridge
	inst ip link set k-00000000 alias other/program
	run doctor
	assert_failure 1
	assert_line --regexp "^bridge +.*gone.* +stray +$bridge belongs to nothing"
	assert_line --regexp "^lease +.*lost.* +stray +10.88.0.77 belongs to nothing"
	refute_line --partial k-00000000
	quiet kuke --no-daemon doctor network --repair >/dev/null
	doctor >/dev/null
	refute inst ip link show "$bridge"
	inst ip link show k-00000000 >/dev/null
	assert [ ! -e "$data/default/.leases/10.88.0.77_default_lost" ]
	inst ip link del k-00000000
	quiet kuke daemon start >/dev/null
}

@test "a device of another that has the name of our bridge is left alone" {
	quiet kuke create space taken >/dev/null
	local bridge
	bridge=$(basename "$(jq -r '.plugins[0].bridge' "$INSTANCE_RUN_PATH/data/default/taken/network.conflist")")
	kuke daemon stop >/dev/null
	inst ip link del "$bridge"
	inst ip link add "$bridge" type veth peer name other
	assert_equal "$(finding bridge default/taken)" \
		"wrong: device '$bridge' is not ours: rename or delete it"
	run quiet kuke --no-daemon doctor network --repair
	assert_failure 1
	inst ip -d link show "$bridge" | grep -q veth
	inst ip link del "$bridge"
	quiet kuke daemon start >/dev/null
	wait_for 200 kuke doctor network
	kuke delete space taken
}
