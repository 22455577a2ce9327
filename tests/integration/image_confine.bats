# SPDX-License-Identifier: GPL-2.0-or-later
#
# What kukeunpack is left with while it reads a layer.

load ../helpers/assert
load ../helpers/instance # wait_for

setup_file()
{
	dir=$(mktemp -d /dev/shm/kukeon-test-XXXXXX)
	mkdir "$dir/target"
	mkfifo "$dir/layer" "$dir/result"
	export dir
	exec {hold}<>"$dir/layer" {result}<>"$dir/result" {target}<"$dir/target"
	# The engine gives it these and no others.
	(
		for fd in "/proc/$BASHPID/fd"/*; do
			case ${fd##*/} in
			[012] | "$target" | "$result") ;;
			*) eval "exec ${fd##*/}>&-" ;;
			esac
		done
		exec "$top_builddir/src/kukeunpack/kukeunpack" 3 "target=$target" "result=$result" \
			<"$dir/layer" >/dev/null 2>&1
	) &
	unpack=$!
	# That it is killed in the end need not be told.
	disown "$unpack"
	export unpack
	# It reads when it is confined.
	mkdir "$dir/in"
	echo hello >"$dir/in/file"
	tar -C "$dir/in" --numeric-owner -cf "$dir/tar" .
	head -c 2560 "$dir/tar" >&"$hold"
	wait_for 60 test -s "$dir/target/file"
}

teardown_file()
{
	kill -KILL "$unpack" || :
	rm -rf "$dir"
}

status()
{
	awk -v k="$1:" '$1 == k { print $2 }' "/proc/$unpack/status"
}

@test "the target is its root and its only mount" {
	assert [ -e "/proc/$unpack/root/file" ]
	assert_equal "$(wc -l <"/proc/$unpack/mountinfo")" 1
	assert_equal "$(ls "/proc/$unpack/root/")" file
	assert_equal "$(stat -L -c %d:%i "/proc/$unpack/root")" "$(stat -c %d:%i "$dir/target")"
	assert_equal "$(stat -L -c %d:%i "/proc/$unpack/cwd")" "$(stat -c %d:%i "$dir/target")"
}

@test "six capabilities, in no other set" {
	# chown dac_override fowner fsetid mknod setfcap
	want=$(printf '%016x' $((1 << 0 | 1 << 1 | 1 << 3 | 1 << 4 | 1 << 27 | 1 << 31)))
	assert_equal "$(status CapEff)" "$want"
	assert_equal "$(status CapPrm)" "$want"
	assert_equal "$(status CapInh)" 0000000000000000
	assert_equal "$(status CapAmb)" 0000000000000000
}

@test "a filter, no new privileges, limits" {
	assert_equal "$(status Seccomp)" 2
	assert_equal "$(status NoNewPrivs)" 1
	limits=$(cat "/proc/$unpack/limits")
	assert_regex "$limits" 'Max open files  *64 *64'
	assert_regex "$limits" 'Max core file size  *0 *0'
	assert_regex "$limits" 'Max file size  *68719476736'
}

@test "descriptors: the layer, the answer, where it writes" {
	want=$(printf '%s\n' / /dev/null /dev/null "$dir/layer" "$dir/result")
	assert_equal "$(for fd in "/proc/$unpack/fd"/*; do readlink "$fd"; done | sort)" "$want"
}
