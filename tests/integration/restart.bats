#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# restartPolicy: who comes back, when, how often, and who does not.

IDLE='trap "exit 0" TERM; sleep 1000 & wait'

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

# ms_between A B: two times of documents.
ms_between()
{
	echo $((($(date -d "$2" +%s%N) - $(date -d "$1" +%s%N)) / 1000000))
}

ran_times()
{
	[ "$(grep -c up "$(cell_dir "$1")/${3:-main}/log")" -ge "$2" ]
}

says()
{
	[ "$(cell_value "$1" .status.message)" = "$2" ]
}

has_count()
{
	[ "$(container_value "$1" "${3:-main}" .status.restartCount)" = "$2" ]
}

# As if the host had lost its power: nothing runs, nothing of /run is left.
power_loss()
{
	inst pkill -KILL -f "$INSTANCE_RUN_PATH|--id=default_" || true
	inst bash -c 'kill -KILL -1' 2>/dev/null || true
	awk -v dir="$INSTANCE/run/" 'index($5, dir) == 1 { print $5 }' "/proc/$INSTANCE_PID/mountinfo" |
		sort -r | while read -r mnt; do inst umount -l "$mnt"; done
	find "$INSTANCE/run" -mindepth 1 -delete
	wait_for 5 instance_rmcgroups "$INSTANCE_CGROUP"
}

# The first two runs of a cell that fails: first, status and gap (ms from the end of
# the one to the start of the other) are the caller's.
two_runs()
{
	run_cell a 'echo up; [ -e /again ] && sleep 1.5 || { touch /again; sleep 0.3; }; exit 3' \
		'restartPolicy: always'
	wait_for 3 is_container_state a main Failed
	first=$(container_value a main .status)
	[ "$(jq -r '.restartCount, .exitCode' <<<"$first" | xargs)" = "0 3" ]
	[ "$(cell_value a '.status.state + ": " + .status.message')" = \
		'Ready: container "main" exited with code 3, it is restarted after 1s' ]
	wait_for 3 has_count a 1
	status=$(container_value a main .status)
	gap=$(ms_between "$(jq -r .finishTime <<<"$first")" "$(jq -r .startTime <<<"$status")")
	echo "$status"
	echo "$gap ms"
}

@test "always: back within 1.2 s of its first exit, times and counts are right, a stop is for good" {
	local first status gap try
	for try in 1 2 3; do # a machine with other work may take longer
		two_runs
		[ "$gap" -gt 1200 ] && [ "$try" -lt 3 ] || break
		kuke delete cell a
	done
	[ "$gap" -ge 990 ]
	[ "$gap" -le 1200 ]
	# The end of the first run stays readable while the second one runs.
	[ "$(jq -r '.exitCode, .exitSignal' <<<"$status" | xargs)" = 3 ]
	[ "$(jq -r .finishTime <<<"$status")" = "$(jq -r .finishTime <<<"$first")" ]
	[ "$(jq -r .restartTime <<<"$status")" = "$(jq -r .startTime <<<"$status")" ]
	# The back-off doubles: nothing runs, the cell is up.
	wait_for 4 says a 'container "main" exited with code 3, it is restarted after 2s'
	is_cell_state a Ready
	kuke stop cell a
	[ "$(cell_value a '.status.state, .status.message')" = $'Stopped\nnull' ]
	[ -z "$(ls "$INSTANCE/run/restarts")" ]
	# The document survives a restart of the daemon as it is.
	quiet kuke daemon stop
	quiet kuke daemon start
	sleep 2.1
	[ "$(logs a | grep -c up)" -eq 2 ]
	is_cell_state a Stopped
	# An operator's start begins anew.
	kuke start cell a
	has_count a 0
	wait_for 5 has_count a 1
	kuke delete cell a
}

@test "on-failure comes back from a failure only, never from success or by an operator's hand" {
	# The second run ends well.
	run_cell a 'echo up; [ -e /once ] && exit 0; touch /once; exit 1' 'restartPolicy: on-failure'
	{
		cell_doc b "$IDLE" 'restartPolicy: unless-stopped'
		container other "echo up; $IDLE" 'restartPolicy: always'
	} | quiet kuke run -d -f - >/dev/null
	kuke stop container other --cell b
	wait_for 4 is_cell_state a Stopped
	has_count a 1
	[ "$(container_value a main '.status | .state, .exitCode' | xargs)" = "Stopped 0" ]
	[ "$(logs a | grep -c up)" -eq 2 ]
	# Stopped, and killed, while the rest of the cell is up.
	[ "$(logs b other | grep -c up)" -eq 1 ]
	is_container_state b other Stopped
	kuke start container other --cell b
	kuke kill container other --cell b
	sleep 1.5
	is_container_state b other Stopped
	is_cell_state b Ready
	[ "$(logs b other | grep -c up)" -eq 2 ]
	# One that dies without being asked to does come back.
	inst kill -KILL "$(init_of b)"
	wait_for 3 has_count b 1
	[ "$(container_value b main .status.exitSignal)" = SIGKILL ]
	kuke delete cell a
	kuke delete cell b
}

@test "a container that is stopped in its back-off stays down, the rest is untouched" {
	{
		cell_doc a "$IDLE"
		container other 'echo up; exit 1' 'restartPolicy: always'
	} | quiet kuke run -d -f - >/dev/null
	wait_for 3 is_container_state a other Failed
	kuke stop container other --cell a
	is_container_state a other Stopped
	[ "$(cell_value a '.status.state, .status.message')" = $'Ready\nnull' ]
	sleep 1.3
	[ "$(logs a other | grep -c up)" -eq 1 ]
	# The policy changes in place: what was down comes back by no policy, what falls from now on does.
	{
		cell_doc a "$IDLE" 'restartPolicy: on-failure'
		container other 'echo up; exit 1' 'restartPolicy: "no"'
	} | kuke apply -f - | grep -q updated
	local pid
	pid=$(init_of a)
	inst kill -SEGV "$pid" 2>/dev/null || true
	inst kill -KILL "$pid"
	wait_for 3 has_count a 1
	[ "$(logs a other | grep -c up)" -eq 1 ]
	kuke delete cell a
}

@test "a root with a policy comes back in its cell; without one its end is the cell's" {
	{
		cell_doc a "echo up; $IDLE" $'root: true\nrestartPolicy: always'
		container other "$IDLE"
	} | quiet kuke run -d -f - >/dev/null
	local other
	other=$(init_of a other)
	inst kill -KILL "$(init_of a root)"
	wait_for 3 has_count a 1
	[ "$(init_of a other)" = "$other" ]
	is_cell_state a Ready
	kuke delete cell a
}

@test "a cell that is slow to end holds up no restart of another" {
	{
		cell_doc slow 'sleep 0.5' 'root: true'
		container deaf 'trap "" TERM; while :; do sleep 1; done'
	} | quiet kuke run -d -f - >/dev/null
	run_cell a 'sleep 0.8; exit 3' 'restartPolicy: always'
	local deaf gap
	deaf=$(init_of slow deaf)
	wait_for 4 has_count a 1
	# The one is in its grace all the while.
	inst test -e "/proc/$deaf"
	is_cell_state slow Stopped
	gap=$(ms_between "$(container_value a main .status.finishTime)" \
		"$(container_value a main .status.startTime)")
	echo "$gap ms"
	[ "$gap" -le 1200 ]
	run kuke start cell slow
	[ "$status" -eq 1 ]
	[[ $output == *"has running containers and must first be stopped"* ]]
	wait_for 6 pid_gone "$deaf"
	wait_for 2 is_container_state slow deaf Stopped
	[ "$(container_value slow deaf .status.exitSignal)" = SIGKILL ]
	[ ! -e "$INSTANCE/run/cells/default/default/default/slow" ]
	kuke delete cell slow
	kuke delete cell a
}

@test "restarts that came due while the daemon was down are made by the next one" {
	run_cell a 'echo up; sleep 0.3; exit 1' 'restartPolicy: always'
	wait_for 3 is_container_state a main Failed
	quiet kuke daemon stop
	sleep 1.2
	[ "$(logs a | grep -c up)" -eq 1 ]
	quiet kuke daemon start
	wait_for 3 ran_times a 2
	# It ends while nobody looks.
	quiet kuke daemon stop
	sleep 0.5
	quiet kuke daemon start
	wait_for 4 ran_times a 3
	has_count a 2
	kuke delete cell a
}

@test "a restart that fails leaves the cell as it is and is tried again" {
	mkdir "$HERE/vol"
	{
		cell_doc a "$IDLE"
		container other 'echo up; sleep 0.2; exit 1' \
			$'restartPolicy: always\nvolumes: [{source: '"$HERE/vol"', target: /v}]'
	} | quiet kuke run -d -f - >/dev/null
	wait_for 2 is_container_state a other Failed
	rmdir "$HERE/vol"
	failed() { [[ $(cell_value a .status.message) == *'its restart failed ('*vol*') and is tried again after 2s' ]]; }
	wait_for 3 failed
	is_cell_state a Ready
	has_count a 0 other
	mkdir "$HERE/vol"
	wait_for 4 has_count a 1 other
	kuke delete cell a
	rmdir "$HERE/vol"
}

@test "after a power loss: always is started whole, the others and what was stopped are not" {
	{
		cell_doc a "echo up; $IDLE" 'restartPolicy: always'
		container other "echo up; $IDLE"
	} | quiet kuke run -d -f - >/dev/null
	run_cell b "$IDLE" 'restartPolicy: on-failure'
	run_cell c "$IDLE" 'restartPolicy: always'
	kuke stop cell c
	cell_doc d "$IDLE" 'restartPolicy: always' | sed 's/^spec:/&\n  autoDelete: true/' |
		quiet kuke run -d -f - >/dev/null
	power_loss
	quiet kuke daemon start
	wait_for 10 is_cell_state a Ready
	ran_times a 2
	ran_times a 2 other
	has_count a 0
	wait_for 5 is_cell_state b Stopped
	is_cell_state c Stopped
	gone() { ! kuke get cell d; }
	wait_for 5 gone
	# That was for the boot: a second daemon starts nothing.
	kuke stop cell a
	quiet kuke daemon stop
	quiet kuke daemon start
	sleep 0.5
	is_cell_state a Stopped
	for cell in a b c; do kuke delete cell "$cell"; done
	[ -z "$(ls "$INSTANCE_RUN_PATH/data/default/default/.leases")" ]
}
