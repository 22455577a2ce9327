#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The passes that the daemon makes by itself, one a second here: they cost little where
# there is nothing to do, and find what there is.

load ../helpers/suite

setup_file()
{
	suite_start 'reconcileInterval: 1s'
}

# cells FROM TO: they run.
cells()
{
	local i

	for i in $(seq "$1" "$2"); do
		echo ---
		cell_doc "n$i" "$IDLE"
	done | quiet kuke apply -f - >/dev/null
}

traced()
{
	inst grep -q '^TracerPid:[[:space:]]*[1-9]' "/proc/$(kukeond_pid)/status"
}

# Of each process that ended: how many system calls it made. Passes are those that looked
# for the network devices of all cells.
whole_passes()
{
	awk '{ calls[$1]++ } /IFLA|RTM_GETLINK/ { pass[$1] = 1 } /exit_group|\+\+\+ exited/ { ended[$1] = 1 }
		END { for (pid in calls) if (pass[pid] && ended[pid]) print calls[pid] }' "$HERE/passes"
}

has_passes()
{
	[ "$(whole_passes | wc -l)" -ge "$1" ]
}

# The system calls of a pass that has nothing to do: the fewest of several.
idle_pass()
{
	: >"$HERE/passes"
	quiet inst sh -c 'echo $$ >"$1/tracer"; exec strace -f -o "$1/passes" -p "$2"' - \
		"$HERE" "$(kukeond_pid)" 2>/dev/null &
	wait_for 200 traced
	wait_for 200 has_passes 4
	inst kill "$(cat "$HERE/tracer")"
	wait $! || true
	whole_passes | sort -n | head -n1
}

@test "a cell that is idle costs a pass few system calls, however many there are" {
	local few many

	cells 1 5
	few=$(idle_pass)
	cells 6 20
	many=$(idle_pass)
	echo "a pass over 5 cells: $few system calls, over 20: $many"
	# Version 2 of cgroups has two files that tell of freezing.
	assert [ $(((many - few) / 15)) -le 34 ]
	quiet kuke delete cells $(seq -f n%g 20) >/dev/null
	rm -f "$HERE"/{passes,tracer}
}

has_another_monitor()
{
	local now

	now=$(monitor_of "$1") && [ "$now" != "$2" ]
}

# The host's end of the cell's link.
port_of()
{
	jq -r .veth "$INSTANCE/run/cells/default/default/default/$1/run.json"
}

has_master()
{
	inst ip -o link show dev "$1" | grep -q ' master k-'
}

stored_state()
{
	assert_equal "$(jq -r .status.state "$(cell_dir "$1")/metadata.json")" "$2"
}

@test "a pass finds by itself what was taken from a cell that was idle" {
	local space=$INSTANCE_RUN_PATH/data/default/default lease port group monitor file

	cells 1 9
	cell_doc named "$IDLE" | sed 's/^  id: .*/  id: other/' | quiet kuke apply -f - >/dev/null
	quiet kuke stop cell n9 >/dev/null
	for name in n1 n2 n3 n4; do
		wait_for 200 stored_state "$name" Ready
	done
	lease=$space/.leases/$(cell_ip n1)_default_n1
	rm "$lease"
	port=$(port_of n2)
	has_master "$port"
	inst ip link set "$port" nomaster
	monitor=$(monitor_of n3)
	inst kill -KILL "$monitor"
	file=$(cell_dir n4)/metadata.json
	jq '.status.state = "Failed"' "$file" >"$HERE/edited"
	setfattr -x trusted.kukeon.crc32c "$file"
	cat "$HERE/edited" >"$file"
	group=$(group_dir n9)
	rmdir "$group"
	assert_equal "$(readlink "$space/default/.id-other")" named
	rm "$space/default/.id-other"
	wait_for 200 test -f "$lease"
	wait_for 200 has_master "$port"
	wait_for 200 has_another_monitor n3 "$monitor"
	wait_for 200 stored_state n4 Ready
	wait_for 200 test -d "$group"
	wait_for 200 test -L "$space/default/.id-other"
	quiet kuke delete cells named $(seq -f n%g 9) >/dev/null
	rm "$HERE/edited"
}
