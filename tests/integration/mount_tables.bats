#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Where things are mounted: neither the host's mount table nor the one a runtime is
# started in grows with the cells, volumes come from anywhere on the host and follow
# what is mounted there later, and whatever is lost by hand or by a crash is made again
# or goes.

load ../helpers/suite

setup_file()
{
	suite_start --restarts 'reconcileInterval: 1s'
}

# The number of mounts of the host.
mounts()
{
	inst sh -c 'wc -l </proc/self/mountinfo'
}

is_pinned()
{
	[ -n "$(cell_pins "$1")" ]
}

# The runtime is a script on a disk that is mounted now: it notes how many mounts it is
# started among, and then is runc.
with_counting_runtime()
{
	inst mount -t tmpfs counting /usr/local/sbin
	printf '#!/bin/sh\ncase " $* " in *" run "*) wc -l </proc/self/mountinfo >>%s ;; esac\nexec runc "$@"\n' \
		"$HERE/seen" | inst sh -c 'cat >/usr/local/sbin/crun && chmod 755 /usr/local/sbin/crun'
	: >"$HERE/seen"
}

without_it()
{
	inst umount /usr/local/sbin
}

use_runtime()
{
	sed -i "/^  runtime:/d; s,^spec:,&\n  runtime: $1," "$INSTANCE_CONFIG"
	restart_daemon
}

@test "no cell adds to the host's table, nor to the one of a runtime" {
	local before name
	local -a seen

	with_counting_runtime
	use_runtime crun
	before=$(mounts)
	for name in a b c d; do
		run_cell "$name" "$IDLE"
		assert_equal "$(mounts)" "$before"
	done
	mapfile -t seen <"$HERE/seen"
	assert_equal "${#seen[@]}" 4
	assert_equal "${seen[3]}" "${seen[0]}"
	# What every runtime needs, the root, and what is composed for the container.
	assert [ "${seen[0]}" -le $((before + 10)) ]
	for name in a b c d; do
		refute inst grep -q ' overlay ' "/proc/$(monitor_of "$name")/mountinfo"
		assert_equal "$(inst grep -c ' overlay ' "/proc/$(init_of "$name")/mountinfo")" 1
	done
	refute inst grep -q ' overlay ' "/proc/$(kukeond_pid)/mountinfo"
	kuke delete cell a b c d
	assert_equal "$(mounts)" "$before"
	use_runtime runc
	without_it
}

@test "volumes from a mount of its own, files too, and what is mounted below them later" {
	local pid

	inst sh -ec "mkdir -p $HERE/disk; mount -t tmpfs disk $HERE/disk; mount --make-shared $HERE/disk
		mkdir $HERE/disk/dir $HERE/disk/dir/below $HERE/disk/ro; echo one >$HERE/disk/dir/text
		mount -t tmpfs below $HERE/disk/ro; mkdir $HERE/disk/ro/in; mount -t tmpfs in $HERE/disk/ro/in"
	run_cell a 'trap "exit 0" TERM; cat /v/text /file; echo two >>/v/text
		touch /ro/x /ro/in/x; echo up; sleep 1000 & wait' "volumes:
- {source: $HERE/disk/dir, target: /v}
- {source: $HERE/disk/dir/text, target: /file, readOnly: true}
- {source: $HERE/disk/ro, target: /ro, readOnly: true}"
	wait_for 200 log_has a up
	assert_equal "$(grep -c '^one$' "$(cell_dir a)/main/log")" 2
	assert_equal "$(grep -c 'Read-only file system' "$(cell_dir a)/main/log")" 2
	assert_equal "$(inst cat "$HERE/disk/dir/text")" $'one\ntwo'
	pid=$(init_of a)
	inst sh -ec "mount -t tmpfs later $HERE/disk/dir/below; echo later >$HERE/disk/dir/below/text"
	assert_equal "$(inst cat "/proc/$pid/root/v/below/text")" later
	inst umount "$HERE/disk/dir/below"
	refute inst test -e "/proc/$pid/root/v/below/text"
	# Nothing of ours holds the volume once the container has started.
	kuke delete cell a
	inst sh -ec "umount $HERE/disk/ro/in $HERE/disk/ro; umount $HERE/disk; rmdir $HERE/disk"
}

@test "a runtime on a disk that was mounted later, and one in its place" {
	run_cell a "$IDLE"
	kuke delete cell a
	with_counting_runtime
	use_runtime crun
	run_cell a "$IDLE"
	kuke delete cell a
	without_it
	with_counting_runtime
	run_cell a "$IDLE"
	kuke delete cell a
	assert_equal "$(wc -l <"$HERE/seen")" 1
	use_runtime runc
	without_it
	run_cell a "$IDLE"
	kuke delete cell a
}

@test "a start's directory that was removed: what is pinned goes with the cell" {
	run_cell a "$IDLE"
	wait_for 200 log_has a up
	assert_equal "$(cell_pins a | LC_ALL=C sort)" $'ipc\nnet\nuts'
	inst rm -r "$INSTANCE/run/cells/default/default/default/a"
	kuke kill cell a || true
	kuke delete cell a
	refute is_pinned a
}

@test "pins of a cell that is not on record any more are swept" {
	local pid

	run_cell a "$IDLE"
	wait_for 200 log_has a up
	pid=$(init_of a)
	kuke daemon stop
	inst kill -9 "$pid"
	wait_for 200 refute monitor_of a
	mv "$(cell_dir a)" "$HERE/kept"
	inst rm -r "$INSTANCE/run/cells/default/default/default/a"
	is_pinned a
	quiet kuke daemon start
	wait_for 400 refute is_pinned a
	mv "$HERE/kept" "$(cell_dir a)"
	kuke delete cell a
	inst rm -f "$INSTANCE/run/.unknown" # what the daemon has told about, once
}

@test "the pins unmounted by hand: the cell runs on, is stopped, and starts again" {
	local pid

	run_cell a "$SERVE"
	wait_for 200 fetch "$(cell_ip a)" >/dev/null
	pid=$(init_of a)
	inst umount -l "$INSTANCE/run/mounts/pins"
	assert_equal "$(fetch "$(cell_ip a)")" a
	refute is_pinned a
	assert_equal "$(init_of a)" "$pid"
	kuke stop cell a
	quiet kuke start cell a
	wait_for 200 fetch "$(cell_ip a)" >/dev/null
	is_pinned a
	kuke delete cell a
	refute is_pinned a
}

@test "a start of a version that mounted in the host's table is taken down" {
	local dir

	run_cell a "$IDLE"
	dir=$(cell_starts a)
	inst sh -ec "mount --bind $dir $dir; mkdir $dir/root.old; mount -t tmpfs old $dir/root.old
		touch $dir/net; mount --bind /proc/self/ns/net $dir/net"
	kuke stop cell a
	refute inst grep -q "$dir" /proc/self/mountinfo
	kuke delete cell a
}

@test "the daemon stops: nothing stays mounted, unless a cell still runs" {
	local mounts

	mounts=$(mounts)
	run_cell a "$SERVE"
	wait_for 200 fetch "$(cell_ip a)" >/dev/null
	kuke daemon stop
	assert_equal "$(mounts)" "$mounts"
	is_pinned a
	assert_equal "$(fetch "$(cell_ip a)")" a
	kuke --no-daemon stop cell a
	assert_equal "$(mounts)" $((mounts - 2))
	quiet kuke --no-daemon start cell a
	assert_equal "$(mounts)" "$mounts"
	kuke --no-daemon delete cell a
	assert_equal "$(mounts)" $((mounts - 2))
	quiet kuke daemon start
	assert_equal "$(mounts)" "$mounts"
	kuke daemon stop
	assert_equal "$(mounts)" $((mounts - 2))
	quiet kuke daemon start
	run_cell a "$IDLE"
	assert_equal "$(mounts)" "$mounts"
	kuke delete cell a
}

@test "two at once make one place for the pins" {
	local name pids=()

	kuke daemon stop
	refute inst grep -q "$INSTANCE/run/mounts" /proc/self/mountinfo
	for name in a b c; do
		cell_doc "$name" "$IDLE" >"$HERE/$name.yaml"
		quiet kuke --no-daemon run -d -f "$HERE/$name.yaml" >"$HERE/$name.out" 2>&1 &
		pids+=($!)
	done
	for name in "${pids[@]}"; do wait "$name"; done
	for name in a b c; do assert_equal "$(cell_pins "$name" | wc -l)" 3; done
	assert_equal "$(inst grep -c "$INSTANCE/run/mounts " /proc/self/mountinfo)" 1
	assert_equal "$(inst grep -c "$INSTANCE/run/mounts/pins " /proc/self/mountinfo)" 1
	kuke --no-daemon delete cell a b c
	quiet kuke daemon start
}

# Which of so many calls: all, but for the thousands by which numbers of namespaces are used up.
moments()
{
	if [ "$1" -le 60 ]; then
		seq "$1"
	else
		seq 20
		echo $(($1 / 2))
		seq $(($1 - 19)) "$1"
	fi
}

@test "killed before each call that makes or moves a namespace or a mount: nothing is left" {
	local call n count mounts kills=0

	cell_doc a "$IDLE" >"$HERE/doc.yaml"
	mounts=$(mounts)
	# The first start makes all of it: there are no pins, and no pass makes them before.
	kuke daemon stop >/dev/null
	quiet traced_engine "$HERE/trace" -- --no-daemon run -d -f "$HERE/doc.yaml" >/dev/null
	quiet kuke daemon start >/dev/null
	kuke delete cell a
	for call in unshare setns fsmount open_tree move_mount pivot_root mount umount2 mkdirat; do
		count=$(grep -c "^$call(" "$HERE/trace")
		assert [ "$count" -gt 0 ]
		for n in $(moments "$count"); do
			inst umount -l "$INSTANCE/run/mounts/pins"
			if quiet traced_engine "$HERE/killed" -e "trace=$call" -e "inject=$call:signal=KILL:when=$n" \
				-- --no-daemon run -d -f "$HERE/doc.yaml" >"$HERE/said" 2>&1; then
				kuke delete cell a # one less than the first start
				continue
			fi
			grep -q 'was ended by SIGKILL' "$HERE/said"
			kills=$((kills + 1))
			restart_daemon
			[ ! -e "$(cell_dir a)/metadata.json" ] || quiet kuke delete cell a
			assert_equal "$call $n: $(cell_pins a)" "$call $n: "
			assert_equal "$call $n: $(mounts)" "$call $n: $mounts"
		done
	done
	echo "$kills kills"
	assert [ "$kills" -gt 30 ]
}
