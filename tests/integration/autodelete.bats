#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Cells that are deleted when their work is done, and how long a stop may take.

IDLE='trap "exit 0" TERM; sleep 1000 & wait'
STUBBORN='trap "" TERM; echo up; while :; do sleep 1; done'

setup_file()
{
	load ../helpers/cells
	suite_start
	quiet kuke daemon stop >/dev/null # what the first stop leaves, stays
	quiet kuke daemon start >/dev/null
}

teardown_file()
{
	load ../helpers/cells
	instance_stop
}

setup()
{
	load ../helpers/cells
	instance_snapshot --by-name
}

teardown()
{
	suite_check
}

# auto NAME SCRIPT [YAML]: a cell that goes when it has ended.
auto()
{
	cell_doc "$@" | sed 's/^spec:/&\n  autoDelete: true/' | quiet kuke run -d -f - >/dev/null
}

gone()
{
	[ ! -e "$(cell_dir "$1")" ]
}

# Milliseconds that a command takes.
took()
{
	local begin=${EPOCHREALTIME/[.,]/}

	quiet "$@" >/dev/null
	echo $(((${EPOCHREALTIME/[.,]/} - begin) / 1000))
}

@test "done, whatever the code: the cell goes within a second, its parents stay" {
	auto a 'exit 0'
	auto b 'exit 3'
	wait_for 1 gone a
	wait_for 1 gone b
	kuke get stack default
	# Its name is free.
	auto a "$IDLE"
	is_cell_state a Ready
	[ "$(cell_value a .status.readyObserved)" = true ]
	# --rm is the same.
	cell_doc c 'sleep 0.2' | quiet kuke run -d --rm -f - >/dev/null
	wait_for 2 gone c
	is_cell_state a Ready
	# An operator's stop fires it too.
	kuke stop cell a
	wait_for 1 gone a
}

@test "a root decides alone; without one the last workload does" {
	{
		cell_doc a 'sleep 0.3; exit 1' 'root: true' | sed 's/^spec:/&\n  autoDelete: true/'
		container other "$IDLE"
	} | quiet kuke run -d -f - >/dev/null
	{
		cell_doc b 'exit 1' | sed 's/^spec:/&\n  autoDelete: true/'
		container other "$IDLE"
	} | quiet kuke run -d -f - >/dev/null
	wait_for 3 gone a
	wait_for 1 is_container_state b main Failed
	is_cell_state b Ready
	kuke stop container other --cell b
	wait_for 1 gone b
}

@test "what was Ready once goes after a restart of the daemon, what failed to start stays" {
	auto a 'sleep 0.5'
	quiet kuke daemon stop
	sleep 0.6
	[ -e "$(cell_dir a)" ]
	quiet kuke daemon start
	wait_for 2 gone a
	cell_doc b x | sed 's/command: sh/command: no-such-program/; s/^spec:/&\n  autoDelete: true/' \
		>"$HERE/doc"
	refute quiet kuke run -d -f "$HERE/doc" 2>/dev/null
	quiet kuke daemon stop
	quiet kuke daemon start
	sleep 0.3
	is_cell_state b Failed
	[ "$(cell_value b '.status.readyObserved // false')" = false ]
	kuke delete cell b
}

@test "an owed restart keeps the cell; the policy taken away in place lets it go" {
	auto a 'echo up; exit 1' 'restartPolicy: always'
	wait_for 3 test "$(logs a | grep -c up)" -ge 1
	sleep 0.3
	is_cell_state a Ready
	cell_doc a 'echo up; exit 1' | sed 's/^spec:/&\n  autoDelete: true/' | kuke apply -f - | grep updated
	wait_for 1 gone a
	# autoDelete itself changes in place as well.
	run_cell a 'sleep 0.5; exit 1'
	cell_doc a 'sleep 0.5; exit 1' | sed 's/^spec:/&\n  autoDelete: true/' | kuke apply -f - | grep updated
	wait_for 2 gone a
	run_cell a 'exit 1'
	wait_for 2 is_cell_state a Failed
	kuke delete cell a
}

@test "--timeout overrides the grace of stop and delete" {
	local ms
	run_cell a "$STUBBORN"
	wait_for 2 log_has a up
	ms=$(took kuke stop cell a --timeout 300ms)
	echo "$ms ms"
	[ "$ms" -ge 300 ] && [ "$ms" -lt 2000 ]
	[ "$(container_value a main '.status | .state, .exitCode, .exitSignal' | xargs)" = "Stopped 137 SIGKILL" ]
	kuke start cell a
	ms=$(took kuke stop container main --cell a --timeout 0)
	[ "$ms" -lt 1000 ]
	kuke start container main --cell a
	ms=$(took kuke delete cell a --timeout 200ms)
	echo "$ms ms"
	[ "$ms" -lt 2000 ]
	run kuke stop cell a --timeout=-1s
	[ "$status" -eq 1 ]
	[ "$output" = "Error: --timeout must not be negative" ]
}
