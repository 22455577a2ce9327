#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Names and directories with characters that a runtime, overlayfs, a configuration or
# the kernel's tables would take for the end of a path, or for something else.

load ../helpers/suite

setup_file()
{
	export TMPDIR="$BATS_FILE_TMPDIR/"$'a,b:c d=e\n%s "q\' \\040\t#?*[x]$(y)'
	mkdir -p "$TMPDIR"
	suite_start
}

setup()
{
	suite_snapshot -x "$INSTANCE_RUN_PATH/namespaces"
}

@test "a cell runs, stops and runs again whatever it and all above it are called" {
	local name
	quiet kuke create realm 'r,1' >/dev/null
	quiet kuke create space 's,1:x' --realm 'r,1' >/dev/null
	quiet kuke create stack 't,1' --realm 'r,1' --space 's,1:x' >/dev/null
	"$INSTANCE_HELPERS/busybox-image" "$INSTANCE/odd.tar" "$IMAGE"
	quiet kuke image load --realm 'r,1' "$INSTANCE/odd.tar" >/dev/null
	rm "$INSTANCE/odd.tar"
	for name in 'a,b' 'a:b,c' 'a=b,' 'a b"'\''%s:$x#'; do
		IN="r,1 s,1:x t,1" run_cell "$name" 'hostname; ip -o -4 addr show eth0 | wc -l; trap "exit 0" TERM; sleep 1000 & wait'
		IN="r,1 s,1:x t,1" wait_for 300 log_has "$name" '^1$'
		quiet kuke stop cell "$name" --realm 'r,1' --space 's,1:x' --stack 't,1' --timeout 0s >/dev/null
		quiet kuke start cell "$name" --realm 'r,1' --space 's,1:x' --stack 't,1' >/dev/null
		assert_equal "$(IN="r,1 s,1:x t,1" cell_state "$name")" Ready
		quiet kuke delete cell "$name" --realm 'r,1' --space 's,1:x' --stack 't,1' --force >/dev/null
	done
	quiet kuke delete realm 'r,1' --cascade >/dev/null
}

@test "a directory whose name is no text is refused, by whoever would use it" {
	local dir=$INSTANCE/home/$'\xff'
	run kuke init --server-configuration "$INSTANCE_CONFIG" --run-path "$dir"
	assert_failure 1
	assert_like "$output" ... 'is not UTF-8: choose another one'
	run kuke --no-daemon --run-path "$dir" get realm
	assert_failure 1
	assert_like "$output" ... 'is not UTF-8: choose another one'
	refute [ -e "$dir" ]
}
