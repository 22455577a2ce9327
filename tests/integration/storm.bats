#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Fifty mixed verbs on one cell, a pass every 100 ms, and containers that end and
# are brought back meanwhile: the end is consistent, nothing leaks and nothing
# that was stopped or deleted comes back.

load ../helpers/suite

setup_file()
{
	suite_start 'reconcileInterval: 100ms'
}

setup()
{
	# Not processes: there is a pass most of the time. The test counts monitors.
	suite_snapshot --by-name -o mount -o net -o rule -o cgroup -o file
}

# The test compares, when no pass is under way.
teardown()
{
	:
}

# docs: two versions of the cell, so that applies change it in place and by
# making a container anew.
docs()
{
	local i

	for i in 1 2; do
		cell_doc a "$IDLE" "env: [V=$i]" >"$HERE/doc.$i"
		container crash "sleep 0.$i; exit $i" 'restartPolicy: always' >>"$HERE/doc.$i"
	done
	{
		cat "$HERE/doc.1"
		container more "$IDLE" 'restartPolicy: on-failure'
	} >"$HERE/doc.3"
}

# verb N: the N-th of the storm.
verb()
{
	case $(($1 % 25)) in
	0 | 9 | 18) set -- apply -f "$HERE/doc.1" ;;
	1 | 10) set -- apply -f "$HERE/doc.2" ;;
	2 | 22) set -- apply -f "$HERE/doc.3" ;;
	3 | 12) set -- stop cell a --timeout 1s ;;
	4 | 13) set -- start cell a ;;
	5) set -- kill cell a ;;
	6) set -- --no-daemon start cell a ;;
	7) set -- run -d -f "$HERE/doc.1" ;;
	8) set -- get cell a -o json ;;
	11) set -- --no-daemon kill cell a ;;
	14) set -- stop container crash --cell a ;;
	15) set -- start container crash --cell a ;;
	16) set -- kill container main --cell a ;;
	17) set -- start container main --cell a ;;
	19) set -- delete cell a --timeout 1s ;;
	20) set -- --no-daemon apply -f "$HERE/doc.2" ;;
	21) set -- get cells ;;
	23) set -- delete container more --cell a ;;
	24) set -- create container late --cell a --image "$IMAGE" --command sleep --args 1000 ;;
	esac
	quiet kuke "$@"
}

# The document, the kernel and the runtime say the same of cell a.
consistent()
{
	local state running

	running=$(inst pgrep -fc -- '--id=default_default_a_' || true)
	if [ ! -e "$(cell_dir a)" ]; then
		assert_equal "$running" 0 || return
		refute test -e "$INSTANCE/run/cells/default/default/default/a"
		return
	fi
	state=$(cell_value a '.status.state + " " + ([.status.containers[] |
		select(.name != "root" and .state == "Ready")] | length | tostring)')
	echo "$state, $running run"
	case $state in
	"Ready $running") [ "$(cell_starts a | wc -w)" -eq 1 ] ;;
	"Stopped 0" | "Failed 0") [ "$running" -eq 0 ] && refute inst test -e "$(cell_starts a)" ;;
	*) false ;;
	esac
}

nothing_left()
{
	[ ! -e "$(cell_dir a)" ] && refute inst pgrep -f -- '--id=default_default_a_' &&
		[ -z "$(find "$INSTANCE/run/restarts" "$INSTANCE_RUN_PATH/data/default/default/.leases" -name '10.*')" ] &&
		[ -z "$(find "$INSTANCE/run/cells" "$INSTANCE/run/containers" -name a -o -name 'default_default_a_*')" ]
}

@test "fifty mixed verbs on one cell, a pass every 100 ms" {
	local i r bad=0 pids=()
	docs
	for i in $(seq 0 49); do
		verb "$i" >"$HERE/out.$i" 2>&1 &
		pids+=($!)
	done
	for i in $(seq 0 49); do
		r=0
		wait "${pids[$i]}" || r=$?
		# An error is fine when it is one of ours and says so in a line.
		if [ "$r" -gt 1 ] || { [ "$r" -eq 1 ] && [ "$(grep -c '^Error: ' "$HERE/out.$i")" -ne 1 ]; }; then
			echo "verb $i: status $r"
			cat "$HERE/out.$i"
			bad=1
		fi
		[ "$r" -eq 0 ] || sed -n "s/^ *Error: /$i: /p" "$HERE/out.$i"
	done
	assert_equal "$bad" 0
	wait_for 100 consistent

	# What an operator stops stays down, through passes and dues. (The storm may have
	# stopped one container of a cell that is up: that one is down for good.)
	quiet kuke stop cell a --timeout 1s || true
	quiet kuke apply -f "$HERE/doc.1"
	wait_for 100 is_cell_state a Ready
	wait_for 100 is_container_state a crash Failed
	kuke stop cell a
	stays 2 is_cell_state a Stopped
	consistent

	# What is deleted does not come back, with more of them under way.
	quiet kuke start cell a
	for i in 3 12 5 14 16 8; do
		verb "$i" >"$HERE/out.$i" 2>&1 &
	done
	quiet kuke delete cell a --timeout 1s
	wait
	wait_for 60 nothing_left
	stays 2 nothing_left
	rm -f "$HERE"/out.* "$HERE"/doc.*
	wait_for 100 instance_leakcheck
}
