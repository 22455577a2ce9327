#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Cells that are deleted when their work is done, and how long a stop may take.

load ../helpers/suite

setup_file()
{
	suite_start --restarts
}

# auto NAME SCRIPT [YAML]: a cell that goes when it has ended.
auto()
{
	cell_doc "$@" | sed 's/^spec:/&\n  autoDelete: true/' | quiet kuke run -d -f - >/dev/null
}

gone()
{
	assert [ ! -e "$(cell_dir "$1")" ]
}

# What UNTIL_GO does in a cell ends when the test says so.
UNTIL_GO='until [ -e /go ]; do sleep 0.1; done'

go()
{
	inst touch "/proc/$(init_of "$1")/root/go"
}

says_up()
{
	wait_for 100 log_has "$1" up
}

# Milliseconds that a command takes.
took()
{
	local begin=${EPOCHREALTIME/[.,]/}

	quiet "$@" >/dev/null
	echo $(((${EPOCHREALTIME/[.,]/} - begin) / 1000))
}

@test "done, whatever the code: the cell goes, its parents stay" {
	auto a 'exit 0'
	auto b 'exit 3'
	wait_for 60 gone a
	wait_for 60 gone b
	kuke get stack default
	# Its name is free.
	auto a "$IDLE"
	is_cell_state a Ready
	assert_equal "$(cell_value a .status.readyObserved)" true
	# --rm is the same.
	cell_doc c 'sleep 0.2' | quiet kuke run -d --rm -f - >/dev/null
	wait_for 60 gone c
	is_cell_state a Ready
	# An operator's stop fires it too.
	kuke stop cell a
	wait_for 60 gone a
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
	wait_for 60 gone a
	wait_for 60 is_container_state b main Failed
	is_cell_state b Ready
	kuke stop container other --cell b
	wait_for 60 gone b
}

@test "what was Ready once goes after a restart of the daemon, what failed to start stays" {
	auto a "$UNTIL_GO"
	quiet kuke daemon stop
	go a
	is_done() { [ "$(kuke --no-daemon get container main --cell a -o json | jq -r .status.exitCode)" = 0 ] && refute monitor_of a; }
	wait_for 100 is_done
	assert [ -e "$(cell_dir a)" ]
	quiet kuke daemon start
	wait_for 60 gone a
	cell_doc b x | sed 's/command: sh/command: no-such-program/; s/^spec:/&\n  autoDelete: true/' \
		>"$HERE/doc"
	refute quiet kuke run -d -f "$HERE/doc" 2>/dev/null
	quiet kuke daemon stop
	quiet kuke daemon start
	pass_over b
	is_cell_state b Failed
	assert_equal "$(cell_value b '.status.readyObserved // false')" false
	kuke delete cell b
}

@test "an owed restart keeps the cell; the policy taken away in place lets it go" {
	auto a 'echo up; exit 1' 'restartPolicy: always'
	says_up a
	pass_over a
	is_cell_state a Ready
	cell_doc a 'echo up; exit 1' | sed 's/^spec:/&\n  autoDelete: true/' | kuke apply -f - | grep updated
	wait_for 60 gone a
	# autoDelete itself changes in place as well.
	run_cell a "$UNTIL_GO; exit 1"
	cell_doc a "$UNTIL_GO; exit 1" | sed 's/^spec:/&\n  autoDelete: true/' | kuke apply -f - | grep updated
	go a
	wait_for 60 gone a
	run_cell a 'exit 1'
	wait_for 60 is_cell_state a Failed
	kuke delete cell a
}

# quick LEAST CMD…: it takes LEAST ms or more, and less than the grace of 5 s. That
# may fail on a machine with other work: it is tried again, the cell started anew.
quick()
{
	local least=$1 ms

	shift
	for _ in {1..8}; do
		ms=$(took "$@")
		echo "$* took $ms ms"
		[ "$ms" -ge "$least" ] || return 1
		[ "$ms" -ge 4500 ] || return 0
		# What was stopped and what was deleted, a cell's container too.
		kuke start container main --cell a || kuke start cell a || run_cell a "$STUBBORN"
		says_up a
	done
	return 1
}

@test "--timeout overrides the grace of stop and delete" {
	run_cell a "$STUBBORN"
	says_up a
	quick 300 kuke stop cell a --timeout 300ms
	assert_equal "$(container_value a main '.status | .state, .exitCode, .exitSignal' | xargs)" "Stopped 137 SIGKILL"
	kuke start cell a
	quick 0 kuke stop container main --cell a --timeout 0
	kuke start container main --cell a
	quick 200 kuke delete cell a --timeout 200ms
	run kuke stop cell a --timeout=-1s
	assert_failure 1
	assert_output "Error: --timeout must not be negative"
}
