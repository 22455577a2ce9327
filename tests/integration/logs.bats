#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Logs: all that is kept of them, in order; following until nothing more comes; a log
# that was taken away.

load ../helpers/suite

# Writes what is put into the file "say" of its log's side, line by line.
SPEAKER='trap "exit 0" TERM; echo up; while :; do sleep 0.1; [ ! -e /say ] || { cat /say; rm /say; }; done'

setup_file()
{
	suite_start --restarts 'reconcileInterval: 1s'
}

# say TEXT: by the container main of cell a.
say()
{
	local root

	root=/proc/$(process_in a)/root
	inst sh -c 'echo "$1" >"$2/say.new" && mv "$2/say.new" "$2/say"' - "$1" "$root"
}

# What an earlier one printed is gone when this returns.
follow()
{
	: >"$HERE/followed"
	quiet kuke log -f "$@" >>"$HERE/followed" 2>&1 &
	FOLLOWER=$!
}

followed()
{
	grep -q -- "$1" "$HERE/followed"
}

# It has ended by itself, and well.
follower_ended()
{
	! kill -0 "$FOLLOWER" 2>/dev/null && wait "$FOLLOWER"
}

@test "all files that are kept of a log, in order" {
	# 24 MB of numbered lines: three files of 10 MiB at most.
	run_cell a 'i=0; head=$(printf "%0100d" 0); while [ $i -lt 220000 ]; do echo "$i $head"; i=$((i+1)); done'
	wait_for 400 is_cell_state a Stopped
	assert [ -e "$(cell_dir a)/main/log.2" ]
	kuke log a | cut -d' ' -f1 >"$HERE/lines"
	assert_equal "$(wc -l <"$HERE/lines")" 220000
	seq 0 219999 | cmp - "$HERE/lines"
	kuke delete cell a
}

@test "log -f ends when the container has, and not while it is to be brought back" {
	run_cell a 'echo out; exit 3'
	wait_for 100 is_cell_state a Failed
	assert_equal "$(timeout 300 "$INSTANCE_BINDIR/kuke" --version >/dev/null; quiet kuke log -f a)" out
	kuke delete cell a
	run_cell a "$SPEAKER"
	follow a
	wait_for 100 followed up
	say more
	wait_for 100 followed more
	kill -0 "$FOLLOWER"
	# No process of the daemon is kept by one that follows.
	wait_for 200 refute inst pgrep -P "$(kukeond_pid)"
	kuke stop cell a
	wait_for 100 follower_ended
	kuke delete cell a
	# Back-off, and then an operator.
	run_cell a 'echo again; exit 1' 'restartPolicy: always'
	follow a
	wait_for 200 eval '[ "$(grep -c again "$HERE/followed")" -ge 3 ]'
	kill -0 "$FOLLOWER"
	kuke stop cell a
	wait_for 100 follower_ended
	kuke delete cell a
	# Deleted, and a daemon that was away meanwhile.
	run_cell a "$SPEAKER"
	follow a
	wait_for 100 followed up
	kuke daemon stop
	quiet kuke daemon start
	say back
	wait_for 100 followed back
	kuke delete cell a
	wait_for 100 follower_ended
}

@test "a log that was removed, moved or cut is written again at the next line" {
	local log
	run_cell a "$SPEAKER"
	wait_for 100 log_has a up
	log=$(cell_dir a)/main/log
	follow a
	wait_for 100 followed up
	rm "$log"
	say two
	wait_for 100 log_has a two
	assert_equal "$(cat "$log")" two
	wait_for 100 followed two
	mv "$log" "$log.away"
	say three
	wait_for 100 log_has a three
	assert_equal "$(cat "$log")" three
	: >"$log"
	say four
	wait_for 100 log_has a four
	assert_equal "$(cat "$log")" four
	wait_for 100 followed four
	# The times of the index are of the bytes that are there.
	assert_equal "$(od -An -t u8 -N 8 "$log.idx" | tr -d ' ')" 0
	assert_equal "$(kuke log a)" four
	rm "$log.away"
	kuke stop cell a
	wait_for 100 follower_ended
	kuke delete cell a
}

@test "a line of one stream is not cut by one of the other" {
	local monitor pid

	run_cell a 'printf one >&2; while [ ! -e /go ]; do sleep 0.05; done
		echo two >&2; echo three; touch /done; exec sleep 1000'
	wait_for 200 log_has a one
	monitor=$(monitor_of a)
	pid=$(init_of a)
	inst kill -STOP "$monitor" # so that it finds both streams readable, in the middle of a line
	inst touch "/proc/$pid/root/go"
	wait_for 200 inst test -e "/proc/$pid/root/done"
	inst kill -CONT "$monitor"
	wait_for 200 log_has a three
	assert_equal "$(logs a)" $'onetwo\nthree'
	kuke delete cell a --force
}
