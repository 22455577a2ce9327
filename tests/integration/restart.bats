#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# restartPolicy: who comes back, when, how often, and who does not.

load ../helpers/suite

IDLE='trap "exit 0" TERM; sleep 1000 & wait'

setup_file()
{
	suite_start --restarts
}

# ms_between A B: two times of documents.
ms_between()
{
	echo $((($(date -d "$2" +%s%N) - $(date -d "$1" +%s%N)) / 1000000))
}

# times CELL [CONTAINER]: how often it said "up".
times()
{
	grep -c up "$(cell_dir "$1")/${2:-main}/log" || true
}

ran_times()
{
	assert [ "$(times "$1" "${3:-main}")" -ge "$2" ]
}

ran_only()
{
	assert_equal "$(times "$1" "${3:-main}")" "$2"
}

# waits CELL CONTAINER: it waits for its restart, and the message says how long: one
# second the first time, twice as long each time after. One document says it all, so
# it may be any of the waits. Leaves it in $doc.
waits()
{
	local count

	doc=$(kuke get cell "$1" -o json)
	count=$(jq --arg id "$2" '.status.containers[] | select(.id == $id) | .restartCount' <<<"$doc")
	assert_equal "$(jq -r .status.message <<<"$doc")" "container \"$2\" exited with code $3, it is restarted after $((1 << count))s"
}

# Without the daemon: CELL's container is down.
is_down()
{
	assert_equal "$(kuke --no-daemon get container "${2:-main}" --cell "$1" -o json | jq -r .status.state)" Failed
}

has_count()
{
	assert_equal "$(container_value "$1" "${3:-main}" .status.restartCount)" "$2"
}

# As if the host had lost its power: nothing runs, nothing of /run is left.
power_loss()
{
	inst pkill -KILL -f "$INSTANCE_RUN_PATH|--id=default_" || true
	inst bash -c 'kill -KILL -1' 2>/dev/null || true
	awk -v dir="$INSTANCE/run/" 'index($5, dir) == 1 { print $5 }' "/proc/$INSTANCE_PID/mountinfo" |
		sort -r | while read -r mnt; do inst umount -l "$mnt"; done
	find "$INSTANCE/run" -mindepth 1 -delete
	wait_for 100 instance_rmcgroups "$INSTANCE_CGROUP"
}

# The pass that restarts a container learns from its monitor when it was.
restarted_when_started()
{
	local status

	status=$(container_value a main .status)
	assert_equal "$(jq -r .restartTime <<<"$status")" "$(jq -r .startTime <<<"$status")"
}

@test "always: back a second after its first exit, times and counts are right, a stop is for good" {
	local doc status gap times
	# The second run ends when it is told to.
	run_cell a 'echo up; [ -e /again ] && until [ -e /go ]; do sleep 0.1; done; touch /again; exit 3' \
		'restartPolicy: always'
	wait_for 60 has_count a 1
	wait_for 60 ran_times a 2
	status=$(container_value a main .status)
	echo "$status"
	gap=$(ms_between "$(jq -r .finishTime <<<"$status")" "$(jq -r .startTime <<<"$status")")
	# Not before its time, and without a pass of the timer (30 s).
	assert [ "$gap" -ge 990 ]
	assert [ "$gap" -le 25000 ]
	# The end of the first run stays readable while the second one runs.
	assert_equal "$(jq -r '.exitCode, .exitSignal' <<<"$status" | xargs)" 3
	wait_for 60 restarted_when_started
	# The back-off doubles: nothing runs, the cell is up.
	inst touch "/proc/$(init_of a)/root/go"
	wait_for 80 waits a main 3
	assert_equal "$(jq -r .status.state <<<"$doc")" Ready
	assert_equal "$(jq -r '.status.containers[] | select(.id == "main") | .state' <<<"$doc")" Failed
	kuke stop cell a
	assert_equal "$(cell_value a '.status.state, .status.message')" $'Stopped\nnull'
	assert_equal "$(ls "$INSTANCE/run/restarts")" ''
	times=$(times a)
	# The document survives a restart of the daemon as it is.
	quiet kuke daemon stop
	quiet kuke daemon start
	stays 3 ran_only a "$times"
	is_cell_state a Stopped
	# An operator's start begins anew.
	kuke start cell a
	wait_for 100 has_count a 1
	kuke delete cell a
}

@test "on-failure comes back from a failure only, never from success or by an operator's hand" {
	# The second run ends well.
	run_cell a 'echo up; [ -e /once ] && exit 0; touch /once; exit 1' 'restartPolicy: on-failure'
	{
		cell_doc b "$IDLE" 'restartPolicy: unless-stopped'
		container other "echo up; $IDLE" 'restartPolicy: always'
	} | quiet kuke run -d -f - >/dev/null
	wait_for 100 ran_times b 1 other
	kuke stop container other --cell b
	wait_for 80 is_cell_state a Stopped
	has_count a 1
	assert_equal "$(container_value a main '.status | .state, .exitCode' | xargs)" "Stopped 0"
	assert_equal "$(logs a | grep -c up)" 2
	# Stopped, and killed, while the rest of the cell is up.
	assert_equal "$(logs b other | grep -c up)" 1
	is_container_state b other Stopped
	kuke start container other --cell b
	wait_for 100 ran_times b 2 other
	kuke kill container other --cell b
	stays 2 is_container_state b other Stopped
	is_cell_state b Ready
	assert_equal "$(logs b other | grep -c up)" 2
	# One that dies without being asked to does come back.
	inst kill -KILL "$(init_of b)"
	wait_for 60 has_count b 1
	assert_equal "$(container_value b main .status.exitSignal)" SIGKILL
	kuke delete cell a
	kuke delete cell b
}

@test "a container that is stopped in its back-off stays down, the rest is untouched" {
	{
		cell_doc a "$IDLE"
		container other 'echo up; exit 1' 'restartPolicy: always'
	} | quiet kuke run -d -f - >/dev/null
	local pid times doc
	wait_for 60 waits a other 1
	kuke stop container other --cell a
	is_container_state a other Stopped
	times=$(times a other)
	assert_equal "$(cell_value a '.status.state, .status.message')" $'Ready\nnull'
	stays 3 ran_only a "$times" other
	# The policy changes in place: what was down comes back by no policy, what falls from now on does.
	{
		cell_doc a "$IDLE" 'restartPolicy: on-failure'
		container other 'echo up; exit 1' 'restartPolicy: "no"'
	} | kuke apply -f - | grep -q updated
	pid=$(init_of a)
	inst kill -SEGV "$pid" 2>/dev/null || true
	inst kill -KILL "$pid"
	wait_for 60 has_count a 1
	assert_equal "$(times a other)" "$times"
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
	wait_for 60 has_count a 1
	assert_equal "$(init_of a other)" "$other"
	is_cell_state a Ready
	kuke delete cell a
}

# A cell whose root ended and whose other container is deaf in its grace, and one
# that is restarted meanwhile: true when it was indeed meanwhile.
restarted_in_grace()
{
	{
		cell_doc slow 'until [ -e /go ]; do sleep 0.1; done' 'root: true'
		container deaf 'trap "" TERM; while :; do sleep 1; done'
	} | quiet kuke run -d -f - >/dev/null
	run_cell a 'until [ -e /go ]; do sleep 0.1; done; exit 3' 'restartPolicy: on-failure'
	deaf=$(init_of slow deaf)
	inst touch "/proc/$(init_of a)/root/go" "/proc/$(init_of slow root)/root/go"
	wait_for 80 has_count a 1
	inst test -e "/proc/$deaf"
}

@test "a cell that is slow to end holds up no restart of another" {
	local deaf try
	for try in {1..6}; do # on a busy machine the grace may be over
		restarted_in_grace && break
		echo "$try: too late"
		assert [ "$try" -lt 6 ]
		wait_for 120 pid_gone "$deaf"
		kuke delete cell slow
		kuke delete cell a
	done
	is_cell_state slow Stopped
	run kuke start cell slow
	# The last bit of it may be over here too.
	if [ "$status" -eq 1 ]; then
		assert_output --partial "has running containers and must first be stopped"
	else
		refute inst test -e "/proc/$deaf"
		kuke kill cell slow
	fi
	wait_for 120 pid_gone "$deaf"
	wait_for 60 is_container_state slow deaf Stopped
	assert_equal "$(container_value slow deaf .status.exitSignal)" SIGKILL
	assert [ ! -e "$INSTANCE/run/cells/default/default/default/slow" ]
	kuke delete cell slow
	kuke delete cell a
}

@test "restarts that came due while the daemon was down are made by the next one" {
	local times doc
	run_cell a 'echo up; sleep 0.3; exit 1' 'restartPolicy: always'
	wait_for 60 waits a main 1
	quiet kuke daemon stop
	wait_for 60 is_down a
	times=$(times a)
	stays 2 ran_only a "$times"
	quiet kuke daemon start
	wait_for 160 ran_times a $((times + 1))
	# It ends while nobody looks.
	quiet kuke daemon stop
	wait_for 60 is_down a
	times=$(times a)
	quiet kuke daemon start
	wait_for 160 ran_times a $((times + 1))
	wait_for 160 waits a main 1
	assert [ "$(jq '.status.containers[] | select(.id == "main") | .restartCount' <<<"$doc")" -ge "$times" ]
	kuke delete cell a
}

@test "a restart that fails leaves the cell as it is and is tried again" {
	local times doc
	mkdir "$HERE/vol"
	{
		cell_doc a "$IDLE"
		container other 'echo up; sleep 0.2; exit 1' \
			$'restartPolicy: always\nvolumes: [{source: '"$HERE/vol"', target: /v}]'
	} | quiet kuke run -d -f - >/dev/null
	wait_for 60 waits a other 1
	rmdir "$HERE/vol"
	failed()
	{
		assert_regex "$(cell_value a .status.message)" 'its restart failed \(.*vol.*\) and is tried again after [0-9]+s$'
	}
	wait_for 200 failed
	is_cell_state a Ready
	times=$(times a other)
	has_count a $((times - 1)) other
	mkdir "$HERE/vol"
	wait_for 320 ran_times a $((times + 1)) other
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
	wait_for 100 ran_times a 1
	wait_for 100 ran_times a 1 other
	power_loss
	quiet kuke daemon start
	wait_for 200 is_cell_state a Ready
	wait_for 100 ran_times a 2
	wait_for 100 ran_times a 2 other
	has_count a 0
	wait_for 100 is_cell_state b Stopped
	is_cell_state c Stopped
	gone() { ! kuke get cell d; }
	wait_for 100 gone
	# That was for the boot: a second daemon starts nothing.
	kuke stop cell a
	quiet kuke daemon stop
	quiet kuke daemon start
	pass_over a
	is_cell_state a Stopped
	for cell in a b c; do kuke delete cell "$cell"; done
	assert_equal "$(ls "$INSTANCE_RUN_PATH/data/default/default/.leases")" ''
}
