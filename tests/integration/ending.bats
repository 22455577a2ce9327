#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Waiting for a workload to end holds no lock that another verb needs; what many
# are given to end they are given at once; a container's verb leaves its cell up.

load ../helpers/suite

IDLE='trap "echo bye; exit 0" TERM; echo up; sleep 1000 & wait'
# Longer than any of these tests takes.
LONG=99999h

setup_file()
{
	suite_start --restarts 'reconcileInterval: 1s'
}

# kuke in the background; what it says is in behind.
behind()
{
	kuke "$@" 3>&- 4>&- >"$HERE/behind" 2>&1 &
	KUKE_PID=$!
}

# ^C for the kuke that was called with these words.
hang_up()
{
	local pid

	pid=$(inst pgrep -f -- "kuke $*")
	inst kill -INT "$pid"
	wait_for 100 behind_ended
}

behind_ended()
{
	! kill -0 "$KUKE_PID" 2>/dev/null
}

# Cell a is being stopped: its record is there.
ending()
{
	[ -e "$INSTANCE/run/stops/default_default_default_$1" ]
}

gone()
{
	! kuke get cell "$1" >/dev/null 2>&1
}

long_stop()
{
	behind stop cell "${1:-a}" --timeout "$LONG"
	wait_for 100 ending "${1:-a}"
}

@test "kill ends a cell that is being stopped at once, and the stop has done its work" {
	run_cell a "$STUBBORN"
	wait_for 100 log_has a up
	long_stop
	is_cell_state a Ready
	assert_equal "$(cell_value a .status.message)" "it is being stopped"
	assert_equal "$(kuke kill cell a)" 'Killed cell "a" from stack "default"'
	wait_for 100 behind_ended
	assert_equal "$(cat "$HERE/behind")" 'Stopped cell "a" from stack "default"'
	is_cell_state a Stopped
	refute ending a
	kuke delete cell a
}

@test "a stop, a delete and a kill with less time shorten a stop, none makes it longer" {
	run_cell a "$STUBBORN"
	wait_for 100 log_has a up
	long_stop
	kuke stop cell a --timeout 100ms
	wait_for 100 behind_ended
	is_cell_state a Stopped
	kuke start cell a
	# The second has more time than the first.
	kuke stop cell a --timeout 1s 3>&- 4>&- >/dev/null &
	wait_for 100 ending a
	kuke stop cell a --timeout "$LONG"
	is_cell_state a Stopped
	kuke start cell a
	long_stop
	assert_equal "$(kuke delete cell a --timeout 0)" 'Deleted cell "a" from stack "default"'
	wait_for 100 behind_ended
	grep '^Stopped' "$HERE/behind"
	gone a
}

@test "kill and delete end a cell that is being deleted" {
	run_cell a "$STUBBORN"
	wait_for 100 log_has a up
	behind delete cell a --timeout "$LONG"
	wait_for 100 ending a
	kuke kill cell a
	wait_for 100 behind_ended
	assert_equal "$(cat "$HERE/behind")" 'Deleted cell "a" from stack "default"'
	gone a
	run_cell a "$STUBBORN"
	wait_for 100 log_has a up
	behind delete cell a --timeout "$LONG"
	wait_for 100 ending a
	kuke delete cell a --timeout 0
	wait_for 100 behind_ended
	grep '^Deleted' "$HERE/behind"
	gone a
}

@test "while a cell is ending: get is at once, what needs it at rest is refused, other cells are free" {
	run_cell a "$STUBBORN"
	wait_for 100 log_has a up
	long_stop
	kuke get cells >/dev/null
	kuke get container main --cell a >/dev/null
	run kuke start cell a
	assert_failure 1
	echo "$output"
	assert_like "$output" 'Error: cell "a" is being stopped and has ' ... " left; 'kuke kill' ends it at once"
	cell_doc a 'sleep 1' >"$HERE/a.yaml"
	run kuke apply --dry-run -f "$HERE/a.yaml"
	assert_output --partial '  Error: failed to get cell: cell "a" is being stopped and has'
	run kuke apply -f "$HERE/a.yaml"
	assert_failure 1
	assert_output --partial '  Error: failed to get cell: cell "a" is being stopped and has'
	run kuke run -d -f "$HERE/a.yaml"
	assert_failure 1
	run kuke create container w --cell a --image "$IMAGE"
	assert_failure 1
	assert_output --partial 'is being stopped and has'
	run_cell b true
	kuke delete cell b
	kuke kill cell a
	kuke delete cell a
}

@test "what needs the cell at rest waits for a stop that does not take long" {
	run_cell a "$STUBBORN"
	wait_for 100 log_has a up
	behind stop cell a --timeout 1500ms
	wait_for 100 ending a
	kuke start cell a
	wait_for 100 behind_ended
	grep '^Stopped' "$HERE/behind"
	is_cell_state a Ready
	kuke delete cell a --timeout 0
}

@test "who hangs up ends the wait, not the stop: the daemon goes on with it" {
	run_cell a "$STUBBORN"
	run_cell b "$STUBBORN"
	wait_for 100 log_has a up
	wait_for 100 log_has b up
	behind stop cell a --timeout 20s # time enough for the next two lines
	wait_for 100 ending a
	hang_up stop cell a
	is_cell_state a Ready
	behind delete cell b --timeout 20s
	wait_for 100 ending b
	hang_up delete cell b
	wait_for 200 is_cell_state a Stopped
	wait_for 200 gone b
	assert_equal "$(container_value a main .status.exitCode)" 137
	# A child of the daemon per caller, and none for those that have gone.
	run_cell b "$STUBBORN"
	wait_for 100 log_has b up
	long_stop b
	hang_up stop cell b
	wait_for 100 eval '[ "$(inst pgrep -c -P "$(kukeond_pid)")" -eq 0 ]'
	is_cell_state b Ready
	kuke kill cell b
	kuke delete cell a
	kuke delete cell b
}

@test "a stop goes on after the daemon was killed, and after it was stopped" {
	run_cell a "$STUBBORN"
	wait_for 100 log_has a up
	behind stop cell a --timeout 3s
	wait_for 100 ending a
	local pid
	pid=$(kukeond_pid)
	kill_daemon
	wait_for 200 daemon_is_back "$pid"
	wait_for 200 is_cell_state a Stopped
	kuke start cell a
	long_stop
	kuke daemon stop
	wait_for 100 behind_ended
	grep 'kukeond is stopping' "$HERE/behind"
	quiet kuke daemon start
	is_cell_state a Ready
	ending a
	kuke kill cell a
	kuke delete cell a
}

@test "without the daemon too: in process, and a second process ends it" {
	run_cell a "$STUBBORN"
	wait_for 100 log_has a up
	kuke daemon stop
	behind stop cell a --no-daemon --timeout "$LONG"
	wait_for 100 ending a
	kuke kill cell a --no-daemon
	wait_for 100 behind_ended
	grep '^Stopped' "$HERE/behind"
	quiet kuke daemon start
	kuke delete cell a
}

@test "a container: a kill ends its stop, its cell and the others are not held up" {
	{ cell_doc a "$STUBBORN"; container side "$IDLE"; } | quiet kuke run -d -f -
	wait_for 100 log_has a up
	wait_for 100 log_has a up side
	behind stop container main --cell a --timeout "$LONG"
	wait_for 100 ending a
	kuke stop container side --cell a
	quiet kuke start container side --cell a
	run kuke start container main --cell a
	assert_failure 1
	assert_output --partial 'is being stopped and has'
	kuke kill container main --cell a
	wait_for 100 behind_ended
	assert_equal "$(cat "$HERE/behind")" 'Stopped container "main" from cell "a"'
	refute ending a
	quiet kuke start container main --cell a
	behind delete container main --cell a --timeout "$LONG"
	wait_for 100 ending a
	kuke delete container main --cell a --timeout 0
	wait_for 100 behind_ended
	grep '^Deleted' "$HERE/behind"
	# A stop of the cell has the sooner of both ends.
	quiet kuke delete cell a --timeout 1s
}

@test "apply that replaces something holds nothing while that ends" {
	run_cell a "$STUBBORN"
	wait_for 100 log_has a up
	cell_doc a 'trap "" TERM; echo new; sleep 1000 & wait' >"$HERE/a.yaml"
	behind apply -f "$HERE/a.yaml"
	wait_for 100 ending a
	kuke kill container main --cell a
	wait_for 160 behind_ended
	cat "$HERE/behind"
	grep updated "$HERE/behind"
	wait_for 100 log_has a new
	# And one that replaces the cell: what was up is up again.
	sed -i 's/^      command: sh/&\n      hostPID: true/' "$HERE/a.yaml"
	behind apply -f "$HERE/a.yaml"
	wait_for 100 ending a
	kuke kill cell a
	wait_for 160 behind_ended
	cat "$HERE/behind"
	grep updated "$HERE/behind"
	is_cell_state a Ready
	kuke delete cell a --timeout 0
}

@test "a root that has ended: its workloads have their grace, and kill has the last word" {
	{ cell_doc a 'sleep 1; exit 0' 'root: true'; container side "$STUBBORN"; } | quiet kuke run -d -f -
	wait_for 100 log_has a up side
	wait_for 100 ending a
	kuke kill cell a
	wait_for 100 is_cell_state a Stopped
	refute ending a
	kuke delete cell a
}

@test "stop and kill of the only container leave the cell up, with its address" {
	local ip verb
	run_cell a "$IDLE"
	wait_for 100 log_has a up
	ip=$(cell_ip a)
	assert_not_equal "$ip" ''
	local pins
	pins=$(cell_starts a)
	for verb in stop kill; do
		kuke "$verb" container main --cell a
		assert_equal "$(container_value a main .status.state)" Stopped
		is_cell_state a Ready
		# A pass has looked at it as well.
		pass_over a
		is_cell_state a Ready
		assert_equal "$(cell_starts a)" "$pins"
		quiet kuke start container main --cell a
		is_container_state a main Ready
		assert_equal "$(in_cell a ip -4 -o addr show eth0 | grep -c "inet $ip/")" 1
	done
	# By itself it ends its cell, as ever.
	inst kill -TERM "$(init_of a)"
	wait_for 100 is_cell_state a Stopped
	kuke delete cell a
}

@test "a stopped container keeps its cell over a new daemon; apply leaves it, start brings it back" {
	local pins
	run_cell a "$IDLE"
	wait_for 100 log_has a up
	pins=$(cell_starts a)
	kuke stop container main --cell a
	kuke daemon stop
	quiet kuke daemon start
	pass_over a
	is_cell_state a Ready
	cell_doc a "$IDLE" | kuke apply -f - | grep unchanged
	is_container_state a main Stopped
	quiet kuke start container main --cell a
	is_container_state a main Ready
	assert_equal "$(cell_starts a)" "$pins"
	kuke stop container main --cell a
	kuke stop cell a
	is_cell_state a Stopped
	kuke start cell a
	kuke delete cell a
}

# Six cells that have to be killed, in one file.
many()
{
	local n

	for n in 1 2 3 4 5 6; do
		cell_doc "$1$n" "$STUBBORN"
		echo ---
	done
}

took()
{
	local t=${EPOCHREALTIME/[.,]/}

	"$@" >&2
	echo $(((${EPOCHREALTIME/[.,]/} - t) / 1000))
}

@test "deletes of many share one grace: with -f, and with --cascade at every level" {
	local n ms
	kuke create space many
	kuke create stack st1 --space many
	many a | quiet kuke apply -f - >/dev/null
	many b | sed 's/spaceId: default/spaceId: many/; s/stackId: default/stackId: st1/' >"$HERE/b.yaml"
	quiet kuke apply -f "$HERE/b.yaml" >/dev/null
	for n in 1 2 3 4 5 6; do
		wait_for 200 log_has "a$n" up
		IN="default many st1" wait_for 200 log_has "b$n" up
	done
	# One after the other they would take 18 s.
	many a >"$HERE/a.yaml"
	ms=$(took kuke delete -f "$HERE/a.yaml" --timeout 3s)
	assert [ "$ms" -ge 3000 ]
	assert [ "$ms" -lt 11000 ]
	ms=$(took kuke delete stack st1 --space many --cascade --timeout 3s)
	assert [ "$ms" -ge 3000 ]
	assert [ "$ms" -lt 11000 ]
	kuke create stack st1 --space many
	quiet kuke apply -f "$HERE/b.yaml" >/dev/null
	ms=$(took kuke delete space many --cascade --timeout 3s)
	assert [ "$ms" -ge 3000 ]
	assert [ "$ms" -lt 11000 ]
	assert_equal "$(kuke get cells -o json | jq length)" 1
}

@test "a delete -f that is refused, and --dry-run, ask nothing to end" {
	run_cell a "$IDLE"
	wait_for 100 log_has a up
	{
		printf 'apiVersion: v1beta1\nkind: Stack\nmetadata: {name: default}\nspec: {realmId: default, spaceId: default}\n---\n'
		printf 'apiVersion: v1beta1\nkind: Space\nmetadata: {name: default}\nspec: {realmId: default}\n'
	} >"$HERE/parents.yaml"
	run kuke delete -f "$HERE/parents.yaml"
	assert_failure 1
	run kuke delete -f "$HERE/parents.yaml" --cascade --dry-run
	is_container_state a main Ready
	assert_equal "$(logs a)" up
	kuke delete cell a
}

# freezer CELL [BELOW]: the file that freezes its container main, or a group below that.
freezer()
{
	local group=$INSTANCE_CGROUP/default/default/default/$1/default_default_$1_main${2:+/$2}

	if [ -d /sys/fs/cgroup/freezer ]; then
		echo "/sys/fs/cgroup/freezer$group/freezer.state"
	else
		echo "/sys/fs/cgroup$group/cgroup.freeze"
	fi
}

freeze()
{
	local word=FROZEN

	[ -d /sys/fs/cgroup/freezer ] || word=1
	inst sh -c 'echo "$1" >"$2"' - "$word" "$1"
}

@test "a frozen container is Paused, and stop, kill, delete and apply thaw it first, nested groups too" {
	local nested pid
	[ -d /sys/fs/cgroup/freezer ] || [ -e /sys/fs/cgroup/cgroup.controllers ]
	run_cell a "$IDLE"
	wait_for 100 log_has a up
	freeze "$(freezer a)"
	wait_for 100 is_container_state a main Paused
	is_cell_state a Ready
	run kuke start cell a
	assert_output 'Error: cell "a" has running containers and must first be stopped'
	pass_over a
	is_container_state a main Paused
	# Its own end, not the grace's.
	kuke stop cell a --timeout 60s
	assert_equal "$(container_value a main .status.exitCode)" 0
	kuke start cell a
	wait_for 100 eval '[ "$(logs a | grep -c up)" -eq 2 ]'
	freeze "$(freezer a)"
	kuke kill cell a
	is_cell_state a Stopped
	kuke start cell a
	wait_for 100 eval '[ "$(logs a | grep -c up)" -eq 3 ]'
	# A group that was made below it, with all that the container runs, and the group itself.
	nested=$(freezer a nested)
	inst mkdir "${nested%/*}"
	while read -r pid; do
		echo "$pid" >"${nested%/*}/cgroup.procs"
	done <"$(dirname "$(freezer a)")/cgroup.procs"
	freeze "$nested"
	freeze "$(freezer a)"
	wait_for 100 is_container_state a main Paused
	cell_doc a "echo new; $IDLE" | kuke apply -f - | grep updated
	assert_equal "$(container_value a main .status.state)" Ready
	wait_for 100 log_has a new
	freeze "$(freezer a)"
	kuke delete cell a --timeout 60s
}
