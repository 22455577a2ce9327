#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Cells on a disk that is full, or has gone read-only: how a container ended is never
# lost, stop and kill work, and a start that is undone leaves no trace.

load ../helpers/suite

setup_file()
{
	instance_new
	inst mount -t tmpfs -o size=64m none "$INSTANCE_RUN_PATH"
	suite_start --restarts 'reconcileInterval: 1s'
}

teardown()
{
	! inst findmnt -n -o OPTIONS "$INSTANCE_RUN_PATH" | tail -n 1 | grep -q '^ro' || read_write
	room
	suite_check
}

# full [PAGES]: fill the disk, but for that many pages.
full()
{
	local n

	for ((n = 0; n < ${1:-0}; n++)); do
		inst dd if=/dev/zero of="$INSTANCE_RUN_PATH/page$n" bs=4k count=1 status=none
	done
	inst dd if=/dev/zero of="$INSTANCE_RUN_PATH/fill" bs=4k status=none 2>/dev/null || true
	inst find "$INSTANCE_RUN_PATH" -maxdepth 1 -name 'page*' -delete
}

room()
{
	inst rm -f "$INSTANCE_RUN_PATH/fill"
}

# A disk that goes read-only does so under open files, which no remount does: whoever
# comes by path from now on meets a mount that is.
read_only()
{
	inst mount --bind "$INSTANCE_RUN_PATH" "$INSTANCE_RUN_PATH"
	inst mount -o remount,bind,ro "$INSTANCE_RUN_PATH"
}

read_write()
{
	wait_for 100 inst umount "$INSTANCE_RUN_PATH"
}

said_up()
{
	inst grep -q up "$(cell_dir "$1")/main/log"
}

# What is in the document of cell $1, not what is derived.
stored()
{
	inst cat "$(cell_dir "$1")/metadata.json" | jq -c "$2"
}

# Nothing of the start of cell $1 is left.
at_rest()
{
	assert [ ! -e "$INSTANCE/run/cells/default/default/default/$1" ]
}

failed_with_7()
{
	assert_equal "$(cell_value a '.status | .state, .reason' | xargs)" "Failed WorkloadFailed" &&
		assert_equal "$(container_value a main '.status | .state, .exitCode, (.finishTime != null)' |
			xargs)" "Failed 7 true"
}

# However little room there is: no page, one for the exit record, one more.
@test "an exit code survives a full disk, in every order" {
	local pages pid
	for pages in 0 1 2; do
		echo "# $pages pages"
		run_cell a 'echo up; sleep 2; exit 7'
		wait_for 100 said_up a
		full "$pages"
		wait_for 160 failed_with_7
		# Passes, and another daemon, come by.
		pass_over a
		failed_with_7
		pid=$(kukeond_pid)
		kill_daemon
		wait_for 200 daemon_is_back "$pid"
		failed_with_7
		room
		wait_for 400 at_rest a
		failed_with_7
		assert_equal "$(stored a '[.status.state, .status.containers[0].exitCode]')" '["Failed",7]'
		kuke delete cell a
	done
}

@test "stop and kill on a full disk: done, said, and stored once there is room" {
	local verb
	for verb in stop kill; do
		run_cell a "$STUBBORN"
		wait_for 100 said_up a
		full
		run kuke "$verb" cell a
		assert_success
		assert_like "${lines[0]}" 'warning: cell "a" was stopped, but its new state cannot be stored: ' ... 'o space left on device'
		assert_like "${lines[1]}" ... ' cell "a" from stack "default"'
		is_cell_state a Stopped
		pass_over a
		assert_equal "$(container_value a main '.status | .state, .exitCode' | xargs)" "Stopped 137"
		room
		wait_for 400 at_rest a
		assert_equal "$(stored a '[.status.state, .status.containers[0].exitCode]')" '["Stopped",137]'
		is_cell_state a Stopped
		kuke delete cell a
	done
}

@test "a start that is undone for want of room: as it was before, and works with room" {
	run_cell a "$IDLE"
	wait_for 100 said_up a
	kuke stop cell a
	assert_equal "$(container_value a main '.status | .state, .exitCode' | xargs)" "Stopped 0"
	full
	run quiet kuke start cell a
	assert_failure 1
	assert_like "$output" ... "o space left on device"
	assert_equal "$(container_value a main '.status | .state, .exitCode' | xargs)" "Stopped 0"
	pass_over a
	assert_equal "$(container_value a main '.status | .state, .exitCode' | xargs)" "Stopped 0"
	room
	kuke start cell a
	is_cell_state a Ready
	# One that ended in its own way is not forgotten by a start that fails.
	kuke kill cell a
	kuke delete cell a
	# A new one that never ran, with room for its document and record, not for what makes them last.
	local pages
	for pages in 1 2 3 4 5 6 8 10; do
		full "$pages"
		run run_cell b "$IDLE"
		room
		kuke get cell b >/dev/null 2>&1 || continue
		is_cell_state b Ready ||
			[ "$(container_value b main '.status | .state, .exitCode' | xargs)" = "Pending 0" ]
		kuke delete cell b --timeout 0
	done
}

@test "a restart on a full disk keeps the exit code of the run before" {
	run_cell a 'echo up; sleep 1; exit 7' 'restartPolicy: always'
	wait_for 100 said_up a
	full
	wait_for 100 is_container_state a main Failed
	# The restart is due after a second, and tried again.
	has_code() { assert_equal "$(container_value a main .status.exitCode)" 7; }
	stays 3 has_code
	room
	kuke delete cell a --timeout 0
}

@test "a disk gone read-only: stop and kill work and say what cannot be written" {
	local verb
	for verb in stop kill; do
		run_cell a "$STUBBORN"
		wait_for 100 said_up a
		read_only
		run kuke "$verb" container main --cell a
		assert_success
		assert_like "$output" ... 'warning: container "main" was stopped, but its new state cannot be stored: ' ... 'ead-only file system' ...
		is_container_state a main Stopped
		run kuke "$verb" cell a
		assert_success
		assert_like "$output" ... 'warning: cell "a" was stopped, but its new state cannot be stored: ' ... 'ead-only file system' ...
		is_cell_state a Stopped
		run kuke delete cell a
		assert_failure 1
		assert_output --partial 'ead-only file system'
		run quiet kuke start cell a
		assert_failure 1
		is_cell_state a Stopped
		read_write
		wait_for 400 at_rest a
		kuke start cell a
		kuke delete cell a --timeout 0
	done
}

# goes_on LINE: the log has another last line than that.
goes_on()
{
	[ "$(kuke log a --tail 1)" != "$1" ]
}

@test "a log on a full disk: what is in it is shown, and it goes on when there is room" {
	local lost

	run_cell a 'trap "exit 0" TERM; i=0; while :; do i=$((i+1)); echo "line $i"; usleep 2000; done'
	wait_for 100 inst grep -q 'line 20$' "$(cell_dir a)/main/log"
	full
	lost=$(kuke log a | tail -n 1)
	sleep 1 # of what comes now, something is lost
	room
	wait_for 100 goes_on "$lost"
	kuke stop cell a
	kuke log a -t >"$HERE/shown"
	# Lines are whole but for where output was lost, and times are in order and of whole entries.
	assert [ "$(grep -vc 'Z line [0-9]*$' "$HERE/shown")" -le 2 ]
	cut -d' ' -f1 "$HERE/shown" | grep -v '^-$' | sort -c
	assert_equal $(($(inst stat -c %s "$(cell_dir a)/main/log.idx") % 16)) 0
	kuke delete cell a
}
