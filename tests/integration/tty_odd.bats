#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck disable=SC2016 # scripts for the shell in the container
#
# Terminals of containers in odd places: images with next to nothing in them, programs that
# die in all ways, containers that spoil what they share with the host, floods, people
# without rights, and clients whose own terminal goes away.
load ../helpers/suite

BARE=docker.io/library/bare:1
# Says what it reads and how large its terminal is; "end N" ends it.
ECHO='stty -echo; echo up; while read w n; do case $w in end) exit $n;; die) kill -$n $$;;
	esac; echo "<$w> $(stty size)"; done'

setup_file()
{
	suite_start --restarts
	"$BATS_TEST_DIRNAME/../helpers/odd-image" "$HERE/bare.tar" "$BARE" \
		'mv bin/busybox . && find . -mindepth 1 -maxdepth 1 ! -name busybox -exec rm -rf {} +' \
		'.config = {}'
	kuke image load "$HERE/bare.tar" && rm "$HERE/bare.tar"
	IMAGE=$BARE bare_doc first 'exit 0' | quiet kuke run -d -f - >/dev/null
	kuke delete cell first
}

setup()
{
	doc=$HERE/doc.yaml
	dir=$INSTANCE_RUN_PATH/data/default/default/default
	suite_snapshot
}

# A cell of the image that has one program.
bare_doc()
{
	IMAGE=$BARE cell_doc "$@" | sed -e 's|command: sh|command: /busybox|' -e 's|args: \[-c|args: [sh, -c|'
}

terminal()
{
	run_cell "$1" "$ECHO" "attachable: true"$'\n'"${2:-}"
}

# talk CELL STEP…; "a=kuke ARG…" runs kuke in a terminal.
talk()
{
	local cell=$1 steps=() s

	shift
	for s; do
		steps+=("${s/=kuke /=spawn $INSTANCE_BINDIR/kuke }")
	done
	inst "$BATS_TEST_DIRNAME/../helpers/ttytalk" "$dir/$cell/main/tty/socket" "${steps[@]}"
}

exited()
{
	assert_equal "$(container_value "$1" main '"\(.status.state) \(.status.exitCode) \(.status.exitSignal)"')" "$2"
}

shot_has()
{
	kuke screenshot "$1" | grep -qF -- "$2"
}

@test "an image with one static program, its root read-only, as a user of no name" {
	bare_doc t 'read me </proc/1/comm; [ -w / ] || me="$me ro"
		echo "up $(/busybox id -u):$(/busybox id -g) $me $(/busybox ls /)" | /busybox tr "\n" " "
		while read w n; do case $w in end) exit $n;; esac; echo "<$w> $(/busybox stty size)"; done' \
		$'attachable: true\nuser: "1000:1000"\nreadOnlyRootFilesystem: true' >"$doc"
	quiet kuke run -d -f "$doc" >/dev/null
	wait_for 60 shot_has t 'up 1000:1000 kuketty ro'
	run kuke screenshot t
	assert_success
	refute_output --regexp ' (bin|tmp|usr|root|www) '
	run talk t 'a=kuke attach t' 'a.expect up 1000:1000' 'a.send one\r' 'a.expect <one> 30 100' \
		'a.send \x1d\x1d' a.exit a.modes
	assert_success
	assert_output $'0\ncooked'
	run kuke screenshot t
	assert_success
	assert_line --partial '<one> 30 100'
	run kuke screenshot t -o json
	assert_output --partial '"cols":100,"rows":30'
	run talk t 'a=kuke attach t' 'a.expect <one>' 'a.send \rend 42\r' a.exit
	assert_output 0
	wait_for 60 exited t 'Failed 42 '
	run kuke log t
	assert_output --partial '<one> 30 100'
	kuke delete cell t
}

@test "how the program ended is what get says: codes, a crash, no memory" {
	local code

	for code in 'end 0|Stopped 0 ' 'end 1|Failed 1 ' 'end 42|Failed 42 ' 'die SEGV|Failed 139 SIGSEGV'; do
		terminal t
		run talk t 'a=kuke attach t' 'a.expect up' "a.send ${code%|*}\\r" a.exit a.modes
		assert_output $'0\ncooked'
		wait_for 60 exited t "${code#*|}"
		kuke delete cell t
	done
	# The kernel takes the largest, which is not kuketty.
	run_cell t 'echo up; read x; exec tail /dev/zero' $'attachable: true\nresources: {memoryLimitBytes: 33554432}'
	run talk t 'a=kuke attach t' 'a.expect up' 'a.send \r' a.exit a.modes
	assert_output $'0\ncooked'
	wait_for 60 exited t 'Failed 137 SIGKILL'
	run kuke get cell t -o json
	assert_output --partial 'container \"main\" was killed by the OOM killer'
	kuke delete cell t
}
