#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Bridges and devices that somebody deletes, takes down or moves under running
# cells: the next pass puts them in order, and until then the cell says so.

load ../helpers/suite

setup_file()
{
	suite_start --restarts 'reconcileInterval: 1s'
}

# The host's end of a cell's link, by its name there.
device_of()
{
	jq -r .veth "$INSTANCE/run/cells/default/default/default/$1/run.json"
}

serves()
{
	assert_equal "$(fetch "$1")" "$2"
}

message_is()
{
	assert_equal "$(cell_value "$1" '.status.message // ""')" "$2"
}

@test "the address of a cell is shown while it is started" {
	run_cell one "$SERVE"
	assert_equal "$(cell_value one .status.network.address)" "$(cell_ip one)"
	kuke stop cell one
	assert_equal "$(cell_value one '.status.network.address // "none"')" none
	quiet kuke start cell one
	assert_equal "$(cell_value one .status.network.address)" "$(cell_ip one)"
	kuke delete cell one
}

@test "a bridge deleted under running cells comes back with its ports" {
	run_cell one "$SERVE"
	run_cell two "$SERVE"
	local ip other
	ip=$(cell_ip one)
	other=$(cell_ip two)
	wait_for 200 serves "$ip" one
	inst ip link del "$(bridge_of one)"
	wait_for 400 serves "$ip" one
	wait_for 400 serves "$other" two
	assert_equal "$(fetch "$ip" two)" one
	assert_equal "$(cell_value one .status.network.address)" "$ip"
	message_is one ''
	kuke delete cell one
	kuke delete cell two
}

@test "a deleted device is made again with the same address, inside as well" {
	run_cell one "$SERVE"
	local ip device before
	ip=$(cell_ip one)
	device=$(device_of one)
	before=$(in_cell one ip -br addr show eth0 | awk '{ print $2, $3 }')
	wait_for 200 serves "$ip" one
	inst ip link del "$device"
	wait_for 400 serves "$ip" one
	assert_equal "$(device_of one)" "$device"
	assert_equal "$(in_cell one ip -br addr show eth0 | awk '{ print $2, $3 }')" "$before"
	in_cell one busybox ping -c1 -W2 192.0.2.2
	inst tc filter show dev "$device" ingress | grep -q 'bpf .*direct-action'
	assert_equal "$(container_value one main .status.restartCount)" 0
	kuke delete cell one
}

@test "a port taken out of its bridge, taken down or renamed is put in order" {
	run_cell one "$SERVE"
	local ip device
	ip=$(cell_ip one)
	device=$(device_of one)
	wait_for 200 serves "$ip" one
	inst ip link set "$device" nomaster
	wait_for 400 serves "$ip" one
	inst ip link set "$device" down
	wait_for 400 serves "$ip" one
	inst ip link set "$device" down
	inst ip link set "$device" name stray0
	wait_for 400 serves "$ip" one
	refute inst ip link show stray0
	kuke delete cell one
}

@test "an apply that finds nothing changed mends the link, with the daemon's passes off too" {
	run_cell one "$SERVE"
	local ip
	ip=$(cell_ip one)
	wait_for 200 serves "$ip" one
	kuke daemon stop
	inst ip link del "$(device_of one)"
	cell_doc one "$SERVE" >"$HERE/one.yaml"
	run quiet kuke apply --no-daemon -f "$HERE/one.yaml"
	assert_success
	assert_output --partial 'Cell "one": unchanged'
	serves "$ip" one
	inst ip link del "$(device_of one)"
	quiet kuke daemon start
	wait_for 400 serves "$ip" one
	kuke delete cell one
}

# What a deleted cell has left of its links.
left()
{
	inst ip -br link | grep -cE '^k[0-9a-f]{12}@'
}

@test "the device of a deleted cell goes, also when something keeps its namespace" {
	run_cell one "$IDLE"
	inst nsenter --net="/proc/$(process_in one)/ns/net" sleep 1004 >/dev/null 2>&1 3>&- 4>&- &
	wait_for 100 inst pgrep -xf 'sleep 1004'
	kuke delete cell one
	wait_for 200 refute left
	inst pgrep -xf 'sleep 1004'
	inst pkill -xf 'sleep 1004'
}

@test "a link that cannot be mended is told in the cell's message until it can" {
	run_cell one "$SERVE"
	local ip bridge
	ip=$(cell_ip one)
	bridge=$(bridge_of one)
	wait_for 200 serves "$ip" one
	inst ip link del "$bridge"
	# A device of somebody else's is where the bridge should be.
	while ! inst ip link add "$bridge" type veth peer name stray0; do
		inst ip link del "$bridge"
	done
	wait_for 400 message_is one "NetworkFailed: device '$bridge' exists and is not a bridge"
	assert_equal "$(cell_state one)" Ready
	assert_equal "$(container_value one main .status.state)" Ready
	# Also over another start of the daemon, and in the list.
	kill_daemon
	quiet kuke daemon start
	wait_for 400 message_is one "NetworkFailed: device '$bridge' exists and is not a bridge"
	inst ip link del "$bridge"
	wait_for 400 serves "$ip" one
	wait_for 400 message_is one ''
	kuke delete cell one
}
