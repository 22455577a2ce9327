#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# kuke log -f: every line once, through rotation, restarts and an end of the daemon, until
# nothing more can come; by the files, and by the daemon for who may not open them.

load ../helpers/suite

GROUP=4321
# Writes what is put into the file "say" of its root, in one write.
SPEAKER='trap "exit 0" TERM; echo up; while :; do usleep 20000; [ ! -e /say ] || { cat /say; rm /say; }; done'

setup_file()
{
	suite_start --restarts "socketGID: $GROUP" 'reconcileInterval: 1s'
	mkdir "$HERE/member"
	cp "$INSTANCE_BINDIR/kuke" "$HERE/member"
	chmod 711 "$INSTANCE"
	chmod -R a+rX "$HERE"
}

member()
{
	inst setpriv --reuid=4242 --regid=$GROUP --clear-groups env HOME=/nonexistent "$HERE/member/kuke" "$@"
}

# reader WHO: root reads the files, a member is read to.
reader()
{
	[ "$1" = root ] && echo kuke || echo member
}

# Only root gets to the cell's directory.
closed()
{
	chmod 700 "$(cell_dir "$1")"
}

follow()
{
	: >"$HERE/followed"
	quiet "$@" >>"$HERE/followed" 2>&1 &
	FOLLOWER=$!
}

followed()
{
	grep -q -- "$1" "$HERE/followed"
}

follower_ended()
{
	! kill -0 "$FOLLOWER" 2>/dev/null && wait "$FOLLOWER"
}

# say CELL CONTAINER TEXT
say()
{
	local root

	root=/proc/$(inst pgrep -o -P "$(inst pgrep -f "kukeshim.*[_]$1_$2")")/root
	inst sh -c 'printf "%s" "$1" >"$2/say.new" && mv "$2/say.new" "$2/say"' - "$3" "$root"
}

@test "through rotation, every line once" {
	local who

	for who in root member; do
		# 27 MB: rotated twice, and all of it is kept
		run_cell a 'while [ ! -e /go ]; do usleep 10000; done; seq 1 3500000'
		closed a
		follow "$(reader "$who")" log a -f
		inst touch "/proc/$(init_of a)/root/go"
		wait_for 600 follower_ended
		assert [ -e "$(cell_dir a)/main/log.2" ]
		cmp "$HERE/followed" <(seq 1 3500000)
		kuke delete cell a
	done
}

@test "through restarts and an end of the daemon, and to the end" {
	local who

	for who in root member; do
		run_cell a 'echo run; exit 3' 'restartPolicy: always'
		closed a
		follow "$(reader "$who")" log a -f
		wait_for 300 eval '[ "$(grep -c run "$HERE/followed")" -ge 3 ]'
		quiet kuke daemon stop
		quiet kuke daemon start
		wait_for 300 eval '[ "$(grep -c run "$HERE/followed")" -ge 4 ]'
		kill -0 "$FOLLOWER"
		kuke stop cell a
		wait_for 300 follower_ended
		assert_equal "$(grep -c run "$HERE/followed")" "$(kuke log a | wc -l)"
		# it is there, but nothing comes: ends at once
		follow "$(reader "$who")" log a -f --tail 1
		wait_for 300 follower_ended
		assert_equal "$(cat "$HERE/followed")" run
		kuke delete cell a
	done
}

@test "several containers: lines are not mixed, and the end is that of the last" {
	local who pid

	for who in root member; do
		{ cell_doc a "$SPEAKER"; container two "$SPEAKER"; } | quiet kuke run -d -f - >/dev/null
		closed a
		follow "$(reader "$who")" log a --all-containers -f
		wait_for 300 followed '^main | up'
		wait_for 300 followed '^two  | up'
		say a main $'one\n'
		wait_for 300 followed '^main | one$'
		# half a line, the other container's, and the rest of it
		say a main 'half '
		wait_for 300 followed '^main | half '
		say a two $'between\n'
		wait_for 300 followed '^two  | between$'
		say a main $'whole\n'
		wait_for 300 followed '^main | whole$'
		kuke stop container two --cell a
		say a main $'alone\n'
		wait_for 300 followed '^main | alone$'
		kill -0 "$FOLLOWER"
		# a container that is started again is followed again
		kuke start container two --cell a
		wait_for 300 eval '[ "$(grep -c "^two  | up" "$HERE/followed")" = 2 ]'
		say a two $'back\n'
		wait_for 300 followed '^two  | back$'
		kuke delete cell a
		wait_for 300 follower_ended
	done
}

@test "a member's follower ends by a signal, by its pipe, and with the cell" {
	run_cell a "$SPEAKER"
	closed a
	follow member log a -f --since 1h -t
	wait_for 300 followed 'Z up'
	inst kill -TERM "$(inst pgrep -f 'member/kuke log a -f')"
	wait_for 300 follower_ended
	follow member log a -f --until 2999-01-01T00:00:00Z
	wait_for 300 followed up
	kuke delete cell a
	wait_for 300 follower_ended
	# until is the end also while something runs
	run_cell a "$SPEAKER"
	follow kuke log a -f --until "$(date -u -d '+3 seconds' +%FT%TZ)"
	wait_for 300 follower_ended
	assert_equal "$(cat "$HERE/followed")" up
	kuke delete cell a
}

@test "following sleeps while nothing is written" {
	local pid tracer

	run_cell a "$SPEAKER"
	follow kuke log a -f
	wait_for 300 followed up
	pass_over a
	wait_for 300 daemon_idle "$(kukeond_pid)" # its document is stored
	pid=$(inst pgrep -f 'kuke log a -f')
	quiet inst strace -f -o "$HERE/trace" -p "$pid" &
	tracer=$!
	sleep 3 # whatever it does by a timer comes in that time
	inst pkill -x -INT strace
	wait "$tracer" || true
	# It is in one poll all the time; strace may show one that it interrupted by its restart.
	assert_equal "$(wc -l <"$HERE/trace")" 1
	assert_regex "$(cat "$HERE/trace")" '(poll\(.*, -1|restart_syscall\()'
	kuke delete cell a
	wait_for 300 follower_ended
}
