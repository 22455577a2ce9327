#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# kukeshim and oci/runtime/shim.h against real runc, through tests/helpers/shimdrive.c:
# what is recorded, and what remains true whoever is killed when.

load ../helpers/suite

setup_file()
{
	suite_start --no-init
	export B=$INSTANCE/base
	mkdir -p "$B"/rootfs/{bin,proc,dev,sys,tmp,etc} "$B/rt"
	cp "$(command -v busybox)" "$B/rootfs/bin/busybox"
	local applet
	for applet in sh sleep echo cat dd tail seq true kill; do
		ln -s busybox "$B/rootfs/bin/$applet"
	done
	printf '#!/no/such/interpreter\n' >"$B/rootfs/bin/script"
	# The header of a program for a machine that is not this one (SuperH).
	printf '\177ELF\1\1\1\0\0\0\0\0\0\0\0\0\2\0\52\0\1\0\0\0' >"$B/rootfs/bin/foreign"
	head -c 4096 /dev/zero >>"$B/rootfs/bin/foreign"
	chmod +x "$B/rootfs/bin/script" "$B/rootfs/bin/foreign"
}

teardown_file()
{
	inst "$top_builddir/shimdrive" "$B" "$INSTANCE_CGROUP" kill x >/dev/null 2>&1 || true
	instance_stop
}

setup()
{
	:
}

# Nothing of a container may outlive its clearing.
teardown()
{
	local id

	for id in "$B"/rt/containers/ns/*; do
		[ ! -e "$id" ] || drive kill "${id##*/}"
	done
	assert_equal "$(ls "$B/rt/runc" 2>/dev/null)" ''
	run container_cgroups
	assert_output ''
	run inst pgrep kukeshim
	assert_output ''
	rm -rf "$B/cell" "$B/run" "$B/rt/wake"
}

container_cgroups()
{
	find_cgroups '' -mindepth 1 -type d ! -name _monitors
}

drive()
{
	inst "$top_builddir/shimdrive" "$B" "$INSTANCE_CGROUP" "$@"
}

# field NAME: its value in the line in $output
field()
{
	tr ' ' '\n' <<<"$output" | sed -n "s/^$1=//p"
}

# Until it has ended, and its monitor has cleaned up after it.
ends()
{
	wait_for 400 is_state "$1" ended
	run drive settle "$1"
}

is_state()
{
	run drive state "$1"
	assert_like "$output" "$2 " ...
}

exit_told_by_kernel()
{
	"$INSTANCE_HELPERS/kernel-tells"
}

@test "exit code, output, index and modes" {
	drive start a /bin/sh -c 'echo out; echo err >&2; exit 7'
	ends a
	assert_like "$output" "ended alive=0 " ... " code=7 signal=0 oom=0 lost=0 dropped=0 " ...
	assert_equal "$(field run)" "$(field of)"
	assert_equal "$(sort "$B/cell/a/log")" "$(printf 'err\nout')"
	assert_equal "$(stat -c %a "$B/cell/a")" 750
	assert_equal "$(stat -c %a "$B/cell/a/log")" 644
	assert_equal "$(stat -c %a "$B/rt/containers/ns/a")" 700
	assert_equal "$(stat -c %a "$B/rt/containers/ns/a/bundle/config.json")" 600
	assert_equal "$(stat -c %s "$B/cell/a/log.idx")" 32
	# One entry per stream: the lowest bit tells which.
	assert_not_equal "$(od -An -tu1 -j8 -N1 "$B/cell/a/log.idx" | awk '{ print $1 % 2 }')" "$(od -An -tu1 -j24 -N1 "$B/cell/a/log.idx" | awk '{ print $1 % 2 }')"
	assert [ -e "$B/rt/wake/a" ]
}

@test "a second run appends to the log and has an identity of its own" {
	drive start a /bin/echo one
	ends a
	local first
	first=$(field run)
	drive start a /bin/echo two
	ends a
	assert_not_equal "$(field run)" "$first"
	assert_equal "$(cat "$B/cell/a/log")" "$(printf 'one\ntwo')"
}

@test "a program that ends at once has started and ended" {
	local i

	for i in 1 2 3 4 5 6 7 8 9 10; do
		run drive start a /bin/true
		assert_success
		ends a
		assert_like "$output" "ended alive=0 " ... " code=0 " ...
	done
}

@test "death by a signal" {
	drive start a /bin/sleep 100
	is_state a running
	drive signal a KILL
	ends a
	assert_equal "$(field code)" 137
	assert_equal "$(field signal)" 9
}

@test "an OOM kill is recorded" {
	SHIM_MEMORY=16777216 drive start a /bin/sh -c 'exec tail /dev/zero'
	ends a
	echo "$output"
	assert_equal "$(field oom)" 1
	assert_equal "$(field code)" 137
}

# expect_no_start PROGRAM REGEX
expect_no_start()
{
	run drive start a "$1"
	assert_failure 1
	assert_output --regexp "$2"
	is_state a never
	assert [ ! -e "$B/rt/containers/ns/a" ]
	assert_equal "$(container_cgroups)" ''
}

@test "what cannot be executed fails the start with the reason" {
	expect_no_start /bin/foreign 'exec /bin/foreign: exec format error'
	expect_no_start /bin/script 'exec /bin/script: no such file or directory'
	expect_no_start /bin/missing '/bin/missing: no such file or directory'
	expect_no_start /bin '(permission denied|is a directory)' # as this runc puts it
}

@test "a runtime that dies, hangs or is not there" {
	cat >"$B/rt/bad-runc" <<-'EOF'
		#!/bin/sh
		case $BAD in kill) kill -9 $$ ;; hang) sleep 100 ;; esac
	EOF
	chmod +x "$B/rt/bad-runc"
	sed 's/\$BAD/kill/' "$B/rt/bad-runc" >"$B/rt/runc-kill"
	sed 's/\$BAD/hang/' "$B/rt/bad-runc" >"$B/rt/runc-hang"
	chmod +x "$B/rt/runc-kill" "$B/rt/runc-hang"
	SHIM_RUNTIME=$B/rt/runc-kill expect_no_start /bin/true 'runc was killed by signal 9'
	SHIM_RUNTIME=$B/rt/runc-hang SHIM_DEADLINE=1000 \
		expect_no_start /bin/true 'runc did not finish within 1 s'
	run inst pgrep -f runc-hang
	assert_output ''
	run env SHIM_RUNTIME=/no/runc "$top_builddir/shimdrive" "$B" "$INSTANCE_CGROUP" start a true
	assert_failure 1
	rm "$B"/rt/bad-runc "$B"/rt/runc-kill "$B"/rt/runc-hang
}

@test "a killed monitor: the container goes on and is adopted" {
	# The files are in the root that all containers share.
	drive start a /bin/sh -c 'echo before; until [ -e /tmp/go ]; do sleep 0.1; done; echo between; : >/tmp/said
		until [ -e /tmp/end ]; do sleep 0.1; done; echo after; exit 9'
	run drive state a
	inst kill -9 "$(field shim)"
	is_state a lost
	wait_for 200 is_state a lost
	touch "$B/rootfs/tmp/go"
	wait_for 60 test -e "$B/rootfs/tmp/said"
	drive adopt a
	is_state a running
	run drive adopt a
	assert_failure 1
	assert_output --partial "has a monitor already"
	touch "$B/rootfs/tmp/end"
	ends a
	rm "$B/rootfs/tmp"/*
	assert_equal "$(cat "$B/cell/a/log")" "$(printf 'before\nbetween\nafter')"
	if exit_told_by_kernel; then
		assert_equal "$(field code)" 9
		assert_equal "$(field lost)" 0
	else
		assert_equal "$(field code)" 255
		assert_equal "$(field lost)" 1
	fi
}

@test "a monitor killed before its container: the end is known as lost" {
	drive start a /bin/sh -c 'until [ -e /tmp/go ]; do sleep 0.1; done; echo last; exit 4'
	run drive state a
	local pid
	pid=$(field pid)
	inst kill -9 "$(field shim)"
	wait_for 60 is_state a lost
	touch "$B/rootfs/tmp/go"
	wait_for 60 pid_gone "$pid"
	rm "$B/rootfs/tmp/go"
	is_state a lost
	drive adopt a
	ends a
	assert_equal "$(field lost)" 1
	assert_equal "$(field code)" 255
	[ ! -s "$B/cell/a/log" ] || assert_equal "$(cat "$B/cell/a/log")" last
}

@test "signals do not end a monitor" {
	drive start a /bin/sleep 100
	run drive state a
	local shim
	shim=$(field shim)
	inst kill -TERM "$shim"
	inst kill -INT "$shim"
	inst kill -HUP "$shim"
	is_state a running
	assert_equal "$(field shim)" "$shim"
	# It sits in its own cgroup and session, and only its child is scored as usual.
	inst grep -q "$INSTANCE_CGROUP/_monitors" "/proc/$shim/cgroup"
	assert_equal "$(inst cat "/proc/$(field pid)/oom_score_adj")" 0
}

@test "the log is rotated by size, and nothing in it is lost" {
	SHIM_LOG_MAX=65536 drive start a /bin/seq 1 30000
	wait_for 400 is_state a ended
	assert_equal "$(ls "$B/cell/a")" "$(printf 'log\nlog.1\nlog.1.idx\nlog.2\nlog.2.idx\nlog.idx')"
	local f
	for f in log log.1 log.2; do
		assert [ "$(stat -c %s "$B/cell/a/$f")" -le $((65536 + 4096)) ]
		assert_equal $(($(stat -c %s "$B/cell/a/$f.idx") % 16)) 0
		assert [ "$(stat -c %s "$B/cell/a/$f.idx")" -gt 0 ]
		assert_equal "$(tail -c1 "$B/cell/a/$f" | od -An -tx1 | tr -d ' ')" 0a
	done
	local first
	first=$(head -n1 "$B/cell/a/log.2")
	cat "$B/cell/a/log.2" "$B/cell/a/log.1" "$B/cell/a/log" | cmp - <(seq "$first" 30000)
}

@test "a full disk: output is dropped and counted, the end is known" {
	mkdir -p "$B/cell/a" "$B/run"
	inst mount -t tmpfs -o size=64k tmpfs "$B/cell"
	inst mount -t tmpfs -o size=64k tmpfs "$B/run"
	inst mkdir -p "$B/run/namespaces/ns/containers/a"
	inst sh -c "head -c 1000000 /dev/zero >'$B/run/fill'; true" 2>/dev/null
	drive start a /bin/sh -c 'seq 1 30000; exit 5'
	ends a
	echo "$output"
	assert_equal "$(field code)" 5
	assert [ "$(field dropped)" -gt 0 ]
	inst umount "$B/cell"
	inst umount "$B/run"
}

# after_a_kill: the state is one of those that can be, whatever is left goes
# away, and the next start works.
after_a_kill()
{
	run drive settle a
	echo "$1: $output"
	case $output in
	never* | starting*) ;;
	running*) inst kill -0 "$(field pid)" ;;
	ended*)
		assert_equal "$(field run)" "$(field of)"
		assert_equal "$(field code)" 3
		;;
	lost*)
		drive adopt a
		run drive state a
		assert_output --regexp '^(running|ended)'
		;;
	*) false ;;
	esac
	drive kill a
	assert_equal "$(container_cgroups)" ''
	run drive start a /bin/sh -c 'exit 3'
	assert_success
	ends a
	assert_equal "$(field code)" 3
	drive kill a
}

@test "kills at any moment of a start" {
	local i victim delay

	for i in $(seq 1 12); do
		victim=$((i % 3))
		delay=$((RANDOM % 160))
		drive start a /bin/sleep 100 >/dev/null 2>&1 3>&- &
		sleep "0.$(printf %03d "$delay")" # any moment
		case $victim in
		0) inst pkill -9 -x kukeshim ;;
		1) inst pkill -9 -x runc ;;
		2) inst pkill -9 -x shimdrive ;;
		esac || true
		wait $! || true
		after_a_kill "round $i, victim $victim after $delay ms"
	done
}

was_killed()
{
	tail -n 1 "$1" | grep 'killed by SIGKILL'
}

# One call at a time: the monitor dies at the first, or the n-th, of its kind.
@test "kills of the monitor at chosen system calls" {
	local bin=$INSTANCE/traced point joins

	mkdir -p "$bin"
	cp "$top_builddir/shimdrive" "$bin/"
	joins=$(inst grep -c '^cgroup' /proc/mounts) # writes by which it joins a cgroup
	for point in flock:1 signalfd4:1 write:2 clone:1 write:3 write:$((2 + joins)) wait4:1 \
		pidfd_open:2 write:$((3 + joins)) write:$((4 + joins)) \
		poll:2 waitid:1 waitid:2 write:$((5 + joins)) fsync:1 renameat:1 fsync:2 clone:2 wait4:2 \
		mkdirat:1 socket:1; do
		cat >"$bin/kukeshim" <<-EOF
			#!/bin/sh
			exec strace -D -o $bin/trace \
				-e inject=${point%:*}:signal=KILL:when=${point#*:} \
				"$top_builddir/src/kukeshim/kukeshim" "\$@"
		EOF
		chmod +x "$bin/kukeshim"
		inst "$bin/shimdrive" "$B" "$INSTANCE_CGROUP" start a \
			/bin/sh -c 'sleep 0.1; exit 3' 3>&- || true
		# It did die there, or the test proves nothing.
		wait_for 60 was_killed "$bin/trace"
		after_a_kill "$point"
	done
}

@test "a hundred monitors asleep cost at most 96 KiB each" {
	local i pid sum=0 pss

	for i in $(seq 1 100); do
		drive start "c$i" /bin/sleep 1000 >/dev/null
	done
	for pid in $(inst pgrep -x kukeshim); do
		pss=$(inst awk '/^Pss:/ { print $2 }' "/proc/$pid/smaps_rollup")
		sum=$((sum + pss))
	done
	echo "# mean of 100 monitors: $((sum / 100)) KiB" >&3
	assert [ $((sum / 100)) -le 96 ]
}

# The same sources with the sanitizers in them.
@test "the monitor under sanitizers" {
	local bin=$INSTANCE/sanitized

	mkdir -p "$bin"
	cp "$top_builddir/shimdrive" "$bin/"
	cat >"$bin/kukeshim" <<-EOF
		#!/bin/sh
		export ASAN_OPTIONS=log_path=$bin/report UBSAN_OPTIONS=log_path=$bin/report
		exec "$top_builddir/src/kukeshim/kukeshim-sanitized" "\$@"
	EOF
	chmod +x "$bin/kukeshim"
	shimdrive_s() { inst "$bin/shimdrive" "$B" "$INSTANCE_CGROUP" "$@"; }
	SHIM_LOG_MAX=4096 shimdrive_s start a /bin/sh -c 'seq 1 5000; exit 7'
	wait_for 200 is_state a ended
	run shimdrive_s settle a
	assert_equal "$(field code)" 7
	run shimdrive_s start a /bin/script
	assert_failure 1
	shimdrive_s start a /bin/sleep 100
	run shimdrive_s state a
	inst kill -9 "$(field shim)"
	shimdrive_s adopt a
	shimdrive_s signal a KILL
	run shimdrive_s settle a
	wait_for 200 is_state a ended
	cat "$bin"/report* 2>/dev/null || true
	assert_equal "$(cat "$bin"/report* 2>/dev/null)" ''
}
