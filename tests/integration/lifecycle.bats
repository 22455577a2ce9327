#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Start, stop, kill, delete; what survives what; what fails to start; and what
# is true after our own processes were killed.

load ../helpers/suite

IDLE='trap "echo bye; exit 0" TERM; echo up; sleep 1000 & wait'

setup_file()
{
	suite_start --restarts 'reconcileInterval: 1s'
}

# is_between A T B: T, an RFC 3339 time, and seconds before and after it.
is_between()
{
	local t

	t=$(date -d "$2" +%s)
	assert [ "$1" -le "$t" ]
	assert [ "$t" -le "$3" ]
}

# Cell a has a monitor again, another one than $1.
has_monitor_but()
{
	local pid

	pid=$(monitor_of a) && [ "$pid" != "$1" ]
}

@test "stop and start: files survive, the log goes on, the address stays" {
	run_cell a 'cat /kept 2>/dev/null; date +%s.%N >>/kept; trap "exit 0" TERM; echo up; sleep 1000 & wait'
	wait_for 200 log_has a up
	local ip
	ip=$(cell_ip a)
	run kuke stop cell a
	assert_output 'Stopped cell "a" from stack "default"'
	assert_equal "$(cell_state a)" Stopped
	assert_equal "$(container_value a main .status.exitCode)" 0
	run kuke start cell a
	assert_output 'Started cell "a" from stack "default"'
	wait_for 200 eval '[ "$(logs a | grep -c "^up$")" -eq 2 ]'
	assert_equal "$(logs a | grep -cE '^[0-9]+\.')" 1
	assert_equal "$(cell_ip a)" "$ip"
	run kuke start cell a
	assert_failure 1
	assert_output 'Error: cell "a" has running containers and must first be stopped'
	kuke delete cell a
}

@test "stop without a handler for TERM kills after the grace, and says 137" {
	run_cell a 'echo up; exec sleep 1000'
	wait_for 200 log_has a up
	local t=$SECONDS
	kuke stop cell a
	assert [ $((SECONDS - t)) -ge 4 ]
	assert_equal "$(container_value a main .status.exitCode)" 137
	assert_equal "$(container_value a main .status.exitSignal)" SIGKILL
	# Stopped by us is no failure.
	assert_equal "$(container_value a main .status.state)" Stopped
	assert_equal "$(cell_state a)" Stopped
	kuke delete cell a
}

@test "kill asks nobody, and a killed cell starts again" {
	run_cell a 'trap "echo asked" TERM; echo up; while :; do sleep 0.1; done'
	wait_for 200 log_has a up
	run kuke kill cell a
	assert_output 'Killed cell "a" from stack "default"'
	refute log_has a asked
	assert_equal "$(container_value a main .status.exitSignal)" SIGKILL
	assert_equal "$(cell_state a)" Stopped
	quiet kuke start cell a
	assert_equal "$(cell_state a)" Ready
	kuke kill cell a
	kuke delete cell a
}

@test "single containers: stop, start, kill, delete; the other one goes on" {
	{ cell_doc a "$IDLE"; container side "$IDLE"; } | quiet kuke run -d -f -
	wait_for 200 log_has a up side
	local main
	main=$(init_of a)
	kuke stop container side --cell a
	assert_equal "$(container_value a side .status.state)" Stopped
	assert_equal "$(cell_state a)" Ready
	quiet kuke start container side --cell a
	is_container_state a side Ready
	run kuke kill container side --cell a
	assert_output 'Killed container "side" from cell "a"'
	run kuke delete container side --cell a
	assert_output 'Deleted container "side" from cell "a"'
	assert_equal "$(cell_value a '[.spec.containers[].id] | sort | join(" ")')" 'main root'
	assert_equal "$(init_of a)" "$main"
	run kuke delete container side --cell a
	assert_failure 1
	assert_output 'Error: container "side" not found in cell "a"'
	kuke delete cell a
}

# What of cell a must be as it was after a verb that was refused.
as_it_is()
{
	kuke get cell a -o json | jq 'del(.status.updatedAt)'
	inst ls "$INSTANCE_RUN_PATH/namespaces/default.$INSTANCE_NS_SUFFIX/containers"
	ls "$(cell_dir a)"
}

@test "a container's verb that fails changes nothing" {
	# A cell without containers, then one with.
	run_cell a "$IDLE"
	kuke delete container main --cell a --timeout 0
	is_cell_state a Ready
	as_it_is >"$HERE/before"
	run kuke create container w --cell a --image localhost:1/none:1
	assert_failure 1
	as_it_is | diff "$HERE/before" -
	run quiet kuke create container w --cell a --image "$IMAGE" --command /nope
	assert_failure 1
	as_it_is | diff "$HERE/before" -
	quiet kuke create container w --cell a --image "$IMAGE" --command sleep --args 1000
	is_container_state a w Ready
	run quiet kuke create container x --cell a --image "$IMAGE" --command /nope
	assert_failure 1
	assert_equal "$(kuke get cell a -o json | jq -c '[.spec.containers[].id] | sort')" '["root","w"]'
	is_container_state a w Ready
	is_cell_state a Ready
	kuke delete cell a --timeout 0
	# One that was stopped and cannot be started again stays stopped, and its cell up.
	echo x >"$HERE/secret"
	run_cell a 'trap "rm /bin/sh; exit 0" TERM; echo up; sleep 1000 & wait' \
		"secrets: [{name: s, fromFile: $HERE/secret, mountPath: /s}]"
	wait_for 100 log_has a up
	kuke stop container main --cell a
	local pins
	pins=$(cell_starts a)
	as_it_is >"$HERE/before"
	rm "$HERE/secret"
	run quiet kuke start container main --cell a
	assert_failure 1
	as_it_is | diff "$HERE/before" -
	# And where the failure comes late: it has removed its own program.
	echo x >"$HERE/secret"
	run quiet kuke start container main --cell a
	assert_failure 1
	pass_over a
	as_it_is | diff "$HERE/before" -
	quiet kuke create container w --cell a --image "$IMAGE" --command sleep --args 1000
	assert_equal "$(cell_starts a)" "$pins"
	kuke delete cell a --timeout 0
}

@test "names are judged first, with kind and name" {
	local name
	for name in bad_name .dot; do
		run kuke create container "$name" --cell nope --image "$IMAGE"
		assert_failure 1
		assert_output --partial "container name \"$name\""
	done
	# Whoever speaks to the daemon without kuke is told the same.
	run rpc '{"method":"KukeonV1.CreateContainer","params":[{"Doc":{"apiVersion":"v1beta1","kind":"Container","metadata":{"name":"bad_name"},"spec":{"id":"bad_name","realmId":"default","spaceId":"default","stackId":"default","cellId":"nope","image":"x"}}}],"id":0}'
	assert_output --partial 'container name \"bad_name\"'
	run rpc '{"method":"KukeonV1.CreateContainer","params":[{"Doc":{"apiVersion":"v1beta1","kind":"Container","metadata":{"name":"w"},"spec":{"id":"w","realmId":"default","spaceId":"bad_space","stackId":"default","cellId":"nope","image":"x"}}}],"id":0}'
	assert_output --partial 'space name \"bad_space\"'
}

@test "twenty cycles: one lease, no leak, with a new daemon in between" {
	run_cell a "$IDLE"
	local i ip
	ip=$(cell_ip a)
	for i in $(seq 1 20); do
		if [ $((i % 4)) -eq 0 ]; then
			quiet kuke stop cell a >/dev/null
		else
			quiet kuke kill cell a >/dev/null
		fi
		if [ "$i" -eq 10 ]; then
			kuke daemon stop
			quiet kuke daemon start
		fi
		quiet kuke start cell a >/dev/null
	done
	assert_equal "$(cell_ip a)" "$ip"
	assert_equal "$(ls "$INSTANCE_RUN_PATH/data/default/default/.leases")" "${ip}_default_a"
	assert_equal "$(cell_starts a | wc -w)" 1
	kuke delete cell a
	assert_equal "$(ls "$INSTANCE_RUN_PATH/data/default/default/.leases")" ''
}

@test "an exit code other than 0 makes the cell Failed with the reason" {
	run_cell a 'sleep 0.3; exit 3'
	wait_for 200 is_cell_state a Failed
	assert_equal "$(cell_value a .status.reason)" WorkloadFailed
	assert_like "$(cell_value a .status.message)" ... main ... 3 ...
	assert_equal "$(container_value a main .status.state)" Failed
	assert_equal "$(container_value a main .status.exitCode)" 3
	quiet kuke start cell a
	kuke delete cell a
}

@test "all workloads done with 0: the cell is Stopped by itself" {
	run_cell a 'sleep 0.3'
	wait_for 200 is_cell_state a Stopped
	assert_equal "$(container_value a main .status.exitCode)" 0
	kuke delete cell a
}

@test "an explicit root ends, the cell ends" {
	{
		cell_doc a 'until [ -e /go ]; do sleep 0.1; done' 'root: true'
		container side "$IDLE"
	} | quiet kuke run -d -f -
	wait_for 200 log_has a up side
	assert_equal "$(kuke get containers --cell a --realm default --space default --stack default | grep -c ' true ')" 1
	inst touch "/proc/$(init_of a root)/root/go"
	wait_for 200 is_cell_state a Stopped
	assert_equal "$(container_value a side .status.state)" Stopped
	log_has a bye side
	kuke delete cell a
	# A root that fails makes the cell fail.
	cell_doc a 'exit 4' 'root: true' | quiet kuke run -d -f - || true
	wait_for 200 is_cell_state a Failed
	kuke delete cell a
}

@test "kill -9 of kukeond, the workload exits 7, its monitor brings kukeond back" {
	run_cell a 'sleep 2; date -u +%s >/when; cat /when; exit 7'
	local old when init
	init=$(init_of a)
	old=$(kukeond_pid)
	inst kill -9 "$old"
	wait_for 400 log_has a '^[0-9]'
	wait_for 200 pid_gone "$init"
	when="$(logs a) $(date +%s)"
	wait_for 400 daemon_is_back "$old"
	wait_for 200 is_container_state a main Failed
	run kuke get container main --cell a -o yaml
	assert_line '  exitCode: 7'
	local finish
	finish=$(sed -n 's/^  finishTime: //p' <<<"$output")
	assert_like "$finish" 20 ... Z
	is_between "${when% *}" "$finish" "${when#* }"
	assert_equal "$(cell_state a)" Failed
	kuke delete cell a
}

@test "kukeond and its monitor both dead: the exit is known after kuke daemon start" {
	run_cell a 'sleep 2; date -u +%s; exit 7'
	local old monitor after
	old=$(kukeond_pid)
	monitor=$(inst pgrep -f -- '--id=kukeon_kukeon_kukeond_kukeond ')
	inst kill -9 "$monitor" "$old"
	wait_for 400 log_has a '^[0-9]'
	# Without a daemon it is known in process.
	has_code() { [ "$(kuke --no-daemon get container main --cell a -o json | jq .status.exitCode)" = "$1" ]; }
	wait_for 200 has_code 7
	after=$(date +%s)
	sleep 1.1 # a daemon that takes its own time for it is found out
	run quiet kuke daemon start
	assert_success
	wait_for 200 daemon_is_back "$old"
	assert_equal "$(container_value a main .status.exitCode)" 7
	is_between "$(logs a)" "$(container_value a main .status.finishTime)" "$after"
	kuke delete cell a
}

@test "kill -9 of kukeshim: the workload goes on, is adopted, later output is logged" {
	run_cell a 'echo one; i=0; until [ -e /go ]; do i=$((i + 1)); [ $i -lt 600 ] || exit 9; sleep 0.1; done
		echo two; sleep 1; exit 6'
	wait_for 200 log_has a one
	local shim init
	shim=$(monitor_of a)
	init=$(init_of a)
	inst kill -9 "$shim"
	wait_for 400 has_monitor_but "$shim"
	inst test -e "/proc/$init"
	is_cell_state a Ready
	inst touch "/proc/$init/root/go"
	wait_for 200 log_has a two
	wait_for 200 is_container_state a main Failed
	# Where the kernel does not tell the exit code of another's child it is unknown.
	if "$INSTANCE_HELPERS/kernel-tells"; then
		assert_equal "$(container_value a main .status.exitCode)" 6
	else
		assert_equal "$(container_value a main .status.exitCode)" 255
	fi
	assert_equal "$(logs a)" $'one\ntwo'
	kuke delete cell a
}

@test "both killed: kukeond, and every monitor; everything runs on and is found again" {
	run_cell a "$IDLE"
	run_cell b "$IDLE"
	local a b old
	a=$(init_of a)
	b=$(init_of b)
	old=$(kukeond_pid)
	inst pkill -9 -x kukeshim
	inst kill -9 "$old" || true
	quiet kuke daemon start || true
	wait_for 400 daemon_is_back "$old"
	wait_for 400 monitor_of a
	wait_for 400 monitor_of b
	inst test -e "/proc/$a"
	inst test -e "/proc/$b"
	is_cell_state a Ready
	kuke stop cell a
	assert_equal "$(cell_state a)" Stopped
	log_has a bye
	kuke delete cell a
	kuke delete cell b
}

# expect_failed_start WORDS: of cell a, whose manifest is stdin.
expect_failed_start()
{
	run quiet kuke run -d -f -
	assert_failure 1
	assert_equal "$(wc -l <<<"$output")" 1
	assert_like "$output" "Error: " ... "$1" ...
	assert_equal "$(cell_state a)" Failed
	assert_regex "$(cell_value a .status.reason)" '^(StartCellFailed|CreateCellFailed)$'
	assert_like "$(cell_value a .status.message)" ... "$1" ...
	# Nothing but the document: no process, no pin, no link, no cgroup of a container.
	refute monitor_of a
	refute inst test -e "$(cell_starts a)"
	assert_equal "$(inst ls "$INSTANCE/run/runc/default.$INSTANCE_NS_SUFFIX")" ''
	assert_equal "$(find_cgroups '' -type d -name 'default_default_a_*')" ''
	wait_for 100 only_uplinks
}

# A veth is gone some moments after its namespace.
only_uplinks()
{
	assert_equal "$(inst ip -o link show type veth | wc -l)" 2
}

hostile_dir()
{
	rm -rf "${HERE:?}/bin"
	mkdir -p "$HERE/bin"
	printf '#!/no/such/interpreter\n' >"$HERE/bin/script"
	# The header of a program for a machine that is not this one (SuperH).
	printf '\177ELF\1\1\1\0\0\0\0\0\0\0\0\0\2\0\52\0\1\0\0\0' >"$HERE/bin/foreign"
	head -c 4096 /dev/zero >>"$HERE/bin/foreign"
	chmod +x "$HERE/bin/script" "$HERE/bin/foreign"
	echo 'echo never' >"$HERE/bin/plain"
	chmod 644 "$HERE/bin/plain"
}

with_command()
{
	cell_doc a "$IDLE" "volumes: [{source: $HERE/bin, target: /x}]" |
		sed "s,command: sh,command: $1,"
}

@test "a program for another machine fails the start at once, with the reason" {
	hostile_dir
	with_command /x/foreign >"$INSTANCE/home/doc"
	expect_failed_start 'exec format error' <"$INSTANCE/home/doc"
	kuke delete cell a
}

@test "a script without its interpreter fails the start" {
	hostile_dir
	with_command /x/script >"$INSTANCE/home/doc"
	expect_failed_start 'no such file or directory' <"$INSTANCE/home/doc"
	kuke delete cell a
}

@test "a file that is missing, or not executable, fails the start" {
	hostile_dir
	with_command /x/missing >"$INSTANCE/home/doc"
	expect_failed_start 'no such file or directory' <"$INSTANCE/home/doc"
	kuke delete cell a
	with_command /x/plain >"$INSTANCE/home/doc"
	expect_failed_start 'permission denied' <"$INSTANCE/home/doc"
	# The first of two containers does not stay when the second cannot start.
	kuke delete cell a
	{ cell_doc a "$IDLE"; container side x | sed 's/command: sh/command: nope/'; } >"$INSTANCE/home/doc"
	expect_failed_start 'nope' <"$INSTANCE/home/doc"
	kuke delete cell a
}

@test "after a failed start: the repaired file and kuke start, or apply, work" {
	hostile_dir
	with_command /x/script >"$INSTANCE/home/doc"
	expect_failed_start 'no such file' <"$INSTANCE/home/doc"
	printf '#!/bin/sh\necho repaired; exec sleep 1000\n' >"$HERE/bin/script"
	quiet kuke start cell a
	wait_for 200 log_has a repaired
	is_cell_state a Ready
	assert_equal "$(cell_value a '.status.reason // ""')" ""
	kuke delete cell a
	with_command /x/missing >"$INSTANCE/home/doc"
	expect_failed_start 'no such file' <"$INSTANCE/home/doc"
	run quiet kuke apply -f - < <(with_command sh)
	assert_success
	assert_line --index 0 'Cell "a": updated'
	wait_for 200 log_has a up
	is_cell_state a Ready
	kuke delete cell a
}

@test "an image that is not there: the cell is Failed, and starts once it is" {
	cell_doc a "$IDLE" | sed 's,busybox:latest,missing:1,' >"$INSTANCE/home/doc"
	expect_failed_start 'docker.io/library/missing:1' <"$INSTANCE/home/doc"
	quiet busybox_image docker.io/library/missing:1
	quiet kuke start cell a
	is_cell_state a Ready
	kuke delete cell a
	kuke image delete docker.io/library/missing:1
}
