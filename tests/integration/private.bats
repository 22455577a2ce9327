#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# kuke is a client: alone, with a daemon, and with a kukeond of its own, which nobody
# else reaches and which lives as long as it does.

load ../helpers/suite

LONG=99999h

# make of the build tree, whoever runs this.
build()
{
	env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL make -s --no-print-directory -C "$top_builddir" "$@"
}

# The directory where it installs programs.
bindir()
{
	build -f - show <<<$'include Makefile\nshow:; @echo $(bindir)'
}

# alone_kuke: kuke in a directory of its own, where no kukeond and no helper can be found.
alone_kuke()
{
	mkdir -p "$HERE/alone"
	[ -e "$HERE/alone/kuke" ] || cp "$INSTANCE_BINDIR/kuke" "$HERE/alone/kuke"
	[ -n "${bindir:-}" ] || bindir=$(bindir)
	# What is installed here is out of the way, in a mount namespace for this one call.
	inst unshare -m sh -c '[ ! -e "$0" ] || mount -t tmpfs none "$0" || exit 9; exec "$@"' \
		"$bindir" "$HERE/alone/kuke" "$@"
}

# one_error PART…: of the command that was run, its only line.
one_error()
{
	assert_failure 1
	assert_like "$output" "Error: " "$@"
	assert_lines 1
}

# begin_stop [WORD…]: a stop that its container does not heed, by a kuke with an engine
# of its own, which WORDs start. Sets kuke and engine, their pids inside, and job. (The
# shell has what runs in the background ignore SIGINT.)
begin_stop()
{
	run_cell a "$STUBBORN"
	wait_for 100 log_has a up
	inst setsid env --default-signal=INT "$@" "$INSTANCE_BINDIR/kuke" \
		--no-daemon stop cell a --timeout "$LONG" 3>&- 4>&- >"$HERE/said" 2>&1 &
	job=$!
	wait_for 100 test -e "$INSTANCE/run/stops/default_default_default_a"
	kuke=$(inst pgrep -f -- '^[^ ]*/kuke --no-daemon stop cell a')
	engine=$(inst pgrep -P "$kuke")
	assert_equal "$(inst cat "/proc/$engine/comm")" kukeond
}

# As a terminal sends it: to all of the group.
signal_group()
{
	inst kill "-$1" -- "-$(inst ps -o pgid= -p "$kuke" | tr -d ' ')"
}

gone()
{
	refute inst test -e "/proc/$1"
}

no_child()
{
	refute inst pgrep -P "$1"
}

# Both are gone; the record is the stop, and who comes next may cut it short.
end_stop()
{
	wait_for 100 gone "$kuke"
	wait_for 100 gone "$engine"
	wait "$job" || true
	quiet kuke kill cell a
	quiet kuke delete cell a
}

@test "kuke links nothing of the engine's" {
	local lib
	readelf -d "$INSTANCE_BINDIR/kuke" >"$HERE/dynamic"
	for lib in libnl libip4tc libip6tc libseccomp libcurl libarchive libjansson; do
		refute grep "$lib" "$HERE/dynamic"
	done
	if [ -n "$(sed -n 's/^CLIENT_LDFLAGS = *//p' "$top_builddir/Makefile")" ]; then
		refute grep NEEDED "$HERE/dynamic"
		readelf -h "$INSTANCE_BINDIR/kuke" | grep 'Type:.*DYN' # may lie anywhere
	fi
}

@test "kuke alone: what needs no engine, and a daemon over its socket" {
	assert_equal "$(alone_kuke version)" "$(kuke version)"
	assert_equal "$(alone_kuke --help)" "$(kuke --help)"
	assert_equal "$(alone_kuke explain cell.spec)" "$(kuke explain cell.spec)"
	cell_doc a "$IDLE" | quiet alone_kuke run -d -f -
	wait_for 100 log_has a up
	assert_equal "$(alone_kuke log a)" up
	assert_equal "$(alone_kuke get cells)" "$(kuke get cells)"
	quiet alone_kuke delete cell a
}

@test "kuke alone: what needs an engine says in one line where it looked" {
	local verb
	for verb in "--no-daemon get realms" "init --server-configuration $INSTANCE_CONFIG" \
		"daemon stop" "daemon start"; do
		# shellcheck disable=SC2086 # words
		run quiet alone_kuke $verb
		one_error "kukeond is not installed: it is in none of '$HERE/alone', '" ... \
			"install it on this host, or name a daemon by --host"
	done
	assert_equal "$(alone_kuke __complete -- get cell '')" ""
	kuke get realms
}

@test "make install-client: kuke, what it copies with, its pages and completions" {
	build install-client DESTDIR="$HERE/client" >/dev/null
	(cd "$HERE/client" && find . -type f | sed 's|.*/||' | sort) >"$HERE/files"
	diff "$HERE/files" - <<-'END'
		_kuke
		kuke
		kuke
		kuke-status.1
		kuke.1
		kuke.fish
		kukecp
		kukeon.5
	END
	assert_equal "$("$HERE/client$(bindir)/kuke" version)" "$(kuke version)"
	build uninstall-client DESTDIR="$HERE/client" >/dev/null
	assert_equal "$(find "$HERE/client" -type f)" ""
}

@test "kuke is killed: its engine goes too, the stop goes on" {
	local kuke engine job
	begin_stop
	inst kill -KILL "$kuke"
	end_stop
}

@test "^C: both end at once" {
	local kuke engine job
	begin_stop
	signal_group INT
	end_stop
	assert_equal "$(cat "$HERE/said")" ""
}

@test "a kuke that ignores ^C and a hang-up is not left without its engine" {
	local kuke engine job
	begin_stop env --ignore-signal=INT,HUP
	signal_group INT
	signal_group HUP
	quiet kuke kill cell a
	wait "$job"
	grep '^Stopped' "$HERE/said"
	wait_for 100 gone "$engine"
	quiet kuke delete cell a
}

@test "the engine is killed: kuke says so, once, and fails" {
	local kuke engine job r=0
	begin_stop
	inst kill -KILL "$engine"
	wait "$job" || r=$?
	assert_equal "$r" 1
	assert_equal "$(cat "$HERE/said")" \
		"Error: '$INSTANCE_BINDIR/kukeond' was ended by SIGKILL before it had answered"
	quiet kuke kill cell a
	quiet kuke delete cell a
}

@test "nobody else reaches it: no name, one socket, its client's rights" {
	local kuke engine job what inode
	begin_stop
	inst ls -l "/proc/$engine/fd" >"$HERE/fds"
	cat "$HERE/fds"
	assert_equal "$(grep -c 'socket:' "$HERE/fds")" 1
	# Connected, neither listening nor with a path.
	inode=$(sed -n 's/.*socket:\[\([0-9]*\)\].*/\1/p' "$HERE/fds")
	assert_equal "$(inst awk -v i="$inode" '$7 == i { print $4, $6, NF }' /proc/net/unix)" "00000000 03 7"
	for what in Uid Gid Groups CapEff; do
		assert_equal "$(inst grep "^$what:" "/proc/$engine/status")" \
			"$(inst grep "^$what:" "/proc/$kuke/status")"
	done
	inst kill -KILL "$kuke"
	end_stop
}

@test "a daemon has no private methods" {
	local method
	for method in OpenEngine InitHost StartDaemon StopDaemon; do
		assert_equal "$(rpc "{\"method\":\"KukeonX1.$method\",\"params\":[{}],\"id\":1}")" \
			"{\"id\":1,\"result\":null,\"error\":\"rpc: can't find method KukeonX1.$method\"}"
	done
	kuke get realms
}

@test "kukeond __engine by hand is refused" {
	local args
	for args in "" 9 x "3 4" 2; do
		# shellcheck disable=SC2086 # words
		run quiet inst "$INSTANCE_BINDIR/kukeond" __engine $args
		one_error 'kukeond __engine is started by kuke, on a socket of its own'
	done
}

@test "flags, environment and configuration reach it" {
	run quiet kuke --no-daemon --run-path relative get realms
	one_error 'runPath "relative" must be an absolute path'
	run quiet inst env KUKEON_RUN_PATH="$HERE/none" "$INSTANCE_BINDIR/kuke" --no-daemon get realms
	one_error "no kukeon instance at run path \"$HERE/none\" (" ...
	echo 'kind: Realm' >"$HERE/bad.yaml"
	run quiet inst env KUKEOND_CONFIGURATION="$HERE/bad.yaml" \
		"$INSTANCE_BINDIR/kuke" --no-daemon get realms
	one_error ... 'has kind "Realm", want "ServerConfiguration"' ...
	printf 'kind: ServerConfiguration\nspec: {runPath: %s}\n' "$INSTANCE_RUN_PATH" >"$HERE/good.yaml"
	assert_equal "$(inst env -u KUKEON_RUN_PATH KUKEOND_CONFIGURATION="$HERE/good.yaml" \
		"$INSTANCE_BINDIR/kuke" --no-daemon get realms)" "$(kuke get realms)"
}

@test "its log is kuke's own, with --verbose" {
	run quiet kuke --no-daemon get realms
	assert_output "$(kuke get realms)"
	cell_doc a "$IDLE" >"$HERE/doc"
	run quiet kuke --no-daemon --verbose --log-level debug run -d -f "$HERE/doc"
	assert_success
	grep -E '^[0-9-]{10}T[0-9:]{8}Z DEBUG "?timing"? step=' <<<"$output"
	quiet kuke delete cell a
}

@test "standard descriptors that are closed are not taken for the socket" {
	local want
	want=$(kuke get realms)
	# nsenter and env want theirs open.
	# shellcheck disable=SC2016 # the inner shell expands
	closed() { inst sh -c 'eval "exec \"\$@\" $0"' "$1" "$INSTANCE_BINDIR/kuke" "${@:2}"; }
	assert_equal "$(closed '<&-' --no-daemon get realms)" "$want"
	assert_equal "$(closed '2>&-' --no-daemon get realms)" "$want"
	assert_equal "$(closed '0<&- 2>&-' get realms)" "$want"
	run closed '2>&1 >&-' --no-daemon get realms
	one_error 'cannot write to standard output'
}

@test "another version is refused by name" {
	mkdir -p "$HERE/other"
	cp "$INSTANCE_BINDIR/kuke" "$HERE/other/kuke"
	# Answers the first request as a kukeond of another release would.
	cat >"$HERE/other/kukeond" <<-'END'
		#!/usr/bin/python3
		import socket, sys
		s = socket.socket(fileno=int(sys.argv[2]))
		assert sys.argv[1] == "__engine" and b"OpenEngine" in s.recv(65536)
		s.send(b'{"id":0,"result":{"OK":true,"Version":"9.9","Err":null},"error":null}\n')
	END
	chmod 755 "$HERE/other/kukeond"
	run quiet inst "$HERE/other/kuke" --no-daemon get realms
	one_error "'$HERE/other/kukeond' is version 9.9 and this kuke $(kuke version): install both from one release"
}

@test "following a log holds no engine" {
	local job follower
	run_cell a "$IDLE"
	wait_for 100 log_has a up
	: >"$HERE/said"
	inst "$INSTANCE_BINDIR/kuke" --no-daemon log -f a 3>&- 4>&- >>"$HERE/said" 2>&1 &
	job=$!
	wait_for 100 grep up "$HERE/said"
	follower=$(inst pgrep -f -- '^[^ ]*/kuke --no-daemon log -f a')
	wait_for 100 no_child "$follower"
	quiet kuke stop cell a
	wait "$job"
	quiet kuke delete cell a
}
