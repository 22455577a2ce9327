#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The power fails. What the disk was asked to do while the engine works is recorded
# (tests/helpers/blkrec) and cut after flushes in each of its steps, with none, all
# or some of the writes that came after that flush, in no order. Whatever is left:
# no image is listed that is not whole, nothing is lost that was reported as done,
# the next command succeeds, and deleting leaves nothing.
#
# The file system makes it as hard as it may: ext4 does not write data ahead of the
# names (data=writeback), a rename waits for nothing (noauto_da_alloc), and on both
# somebody else's fsync commits what is under way, at every moment.

load ../helpers/suite
load ../helpers/store

setup_file()
{
	store_setup
	export POINTS=${CUT_POINTS:-5} # in each step
	inst mkdir "$DISKS/fuse"
	"$INSTANCE_HELPERS/busybox-image" "$INSTANCE/home/busybox.tar"
	inst mv "$INSTANCE/home/busybox.tar" "$DISKS"
	make_disk ext4 "data=writeback,noauto_da_alloc,errors=remount-ro"
	mount_disk "$DISKS/base"
	remember
	inst umount "$INSTANCE_RUN_PATH"
}

# make_disk TYPE OPTIONS [cells]: one on which `kuke init` has been, and a cell.
make_disk()
{
	FS=$1 FS_OPTIONS=$2
	inst rm -f "$DISKS/base"
	inst truncate -s 320M "$DISKS/base" # the least for xfs
	case $1 in
	ext4) inst mkfs.ext4 -q -F -E lazy_itable_init=0,lazy_journal_init=0 "$DISKS/base" ;;
	xfs) inst mkfs.xfs -q -f "$DISKS/base" ;;
	esac
	mount_disk "$DISKS/base"
	[ -e "$INSTANCE/init.out" ] || instance_init
	kuke init --server-configuration "$INSTANCE_CONFIG" >/dev/null
	kuke daemon stop >/dev/null
	[ "${3:-}" != cells ] || warm_up
	contents >"$INSTANCE/home/empty"
	inst umount "$INSTANCE_RUN_PATH"
}

warm_up()
{
	engine image load "$DISKS/busybox.tar" >/dev/null
	cell_doc c 'trap "exit 0" TERM; sleep 1000 & wait' >"$INSTANCE/home/doc"
	engine run -d -f "$INSTANCE/home/doc" >/dev/null
	engine delete cell c >/dev/null
}

setup()
{
	:
}

teardown()
{
	! inst mountpoint -q "$INSTANCE_RUN_PATH" || inst umount "$INSTANCE_RUN_PATH"
}

mount_disk()
{
	inst mount -t "$FS" -o "loop,$FS_OPTIONS" "$1" "$INSTANCE_RUN_PATH"
}

# record CMD…: run it on a fresh disk that remembers.
record()
{
	local serve hurry

	: >"$INSTANCE/home/steps"
	inst cp --sparse=always "$DISKS/base" "$DISKS/disk"
	quiet inst "$top_builddir/blkrec" serve "$DISKS/fuse" "$DISKS/disk" "$DISKS/log" &
	serve=$!
	wait_for 100 inst test -e "$DISKS/fuse/disk"
	mount_disk "$DISKS/fuse/disk"
	quiet inst "$top_builddir/blkrec" hurry "$INSTANCE_RUN_PATH/hurry" &
	hurry=$!
	wait_for 100 inst test -e "$INSTANCE_RUN_PATH/hurry"
	"$@"
	inst rm "$INSTANCE_RUN_PATH/hurry"
	wait "$hurry"
	inst umount "$INSTANCE_RUN_PATH"
	inst umount "$DISKS/fuse"
	wait "$serve"
	read -r flushes writes < <(inst "$top_builddir/blkrec" count "$DISKS/log")
	echo "$flushes flushes, $writes writes"
	cat "$INSTANCE/home/steps"
	assert [ "$flushes" -gt 20 ]
}

# step NAME CMD…: when it began and when it had ended, counted in flushes.
step()
{
	local begin

	begin=$(inst "$top_builddir/blkrec" count "$DISKS/log" | cut -d' ' -f1)
	"${@:2}" >/dev/null
	echo "$1 $begin $(inst "$top_builddir/blkrec" count "$DISKS/log" | cut -d' ' -f1)" \
		>>"$INSTANCE/home/steps"
}

# expected FLUSH NAME: what the last step of NAME that had ended was, and with a
# "?" that another was under way. The flush that was counted last may have been
# that of somebody else: one more is certain.
expected()
{
	local what name begin end state=

	while read -r what name begin end; do
		[ "$name" = "$2" ] || continue
		if [ "$1" -gt "$end" ]; then
			state=$what
		elif [ "$1" -ge "$begin" ]; then
			state="$state?"
		fi
	done <"$INSTANCE/home/steps"
	echo "$state"
}

# all_cuts CHECK: cut in each step, and at the end of each, and CHECK what is left.
all_cuts()
{
	local what name begin end i n=0 at seed

	while read -r what name begin end; do
		for ((i = 1; i <= POINTS; i++)); do
			at=$((begin + (end + 1 - begin) * i / POINTS))
			seed=$((n++ % 3 < 2 ? n % 3 : n))
			# Just ended: what is reported as done is on the disk.
			[ "$i" -ne "$POINTS" ] || seed=0
			echo "# $what $name: cut after flush $at of $begin to $end, choice $seed"
			inst cp --sparse=always "$DISKS/base" "$DISKS/cut"
			inst "$top_builddir/blkrec" cut "$DISKS/log" "$DISKS/cut" "$at" "$seed"
			mount_disk "$DISKS/cut"
			"$1" "$at"
			contents | diff "$INSTANCE/home/empty" -
			inst umount "$INSTANCE_RUN_PATH"
		done
	done <"$INSTANCE/home/steps"
}

# told ARG…: kuke, which says something only when it fails.
told()
{
	engine "$@" >"$INSTANCE/home/told" 2>&1 && return
	cat "$INSTANCE/home/told"
	return 1
}

images_are_whole()
{
	local name listed seen=

	listed=$(images)
	told image verify
	for name in a b; do
		if grep -qx "docker.io/library/$name:1" <<<"$listed"; then
			assert_regex "$(expected "$1" "$name")" '^load|\?$'
			whole "$name"
			seen+=$name
		else
			assert_not_equal "$(expected "$1" "$name")" load
		fi
	done
	for name in a b; do
		told image load "$DISKS/$name.tar"
		[[ $seen == *$name* ]] || whole "$name"
	done
	delete_all
}

loads_and_deletes()
{
	step "load a" engine image load "$DISKS/a.tar"
	step "load b" engine image load "$DISKS/b.tar"
	step "delete a" engine image delete docker.io/library/a:1
	step "load a" engine image load "$DISKS/a.tar"
	step "delete b" engine image delete docker.io/library/b:1
}

@test "images on ext4" {
	FS=ext4 FS_OPTIONS=data=writeback,noauto_da_alloc,errors=remount-ro
	record loads_and_deletes
	all_cuts images_are_whole
}

@test "images on xfs" {
	make_disk xfs defaults
	record loads_and_deletes
	all_cuts images_are_whole
}

# The machine is on again: another boot, and nothing in /run.
reboot()
{
	inst cp /proc/sys/kernel/random/uuid "$DISKS/boot_id"
	inst mountpoint -q /proc/sys/kernel/random/boot_id ||
		inst mount --bind "$DISKS/boot_id" /proc/sys/kernel/random/boot_id
	inst find "${INSTANCE_SOCKET%/*}" -mindepth 1 -delete
}

state_of()
{
	engine get cell c -o json | jq -r .status.state
}

objects_are_whole()
{
	local listed

	reboot
	listed=$(engine get cells -o json | jq -r '.[].metadata.name')
	case $(expected "$1" c) in
	run | stop | start) grep -qx c <<<"$listed" ;;
	"" | delete) refute grep -qx c <<<"$listed" ;;
	esac
	if [ "$(expected "$1" c)" = stop ]; then
		assert_equal "$(state_of)" Stopped
		told start cell c
	else
		told apply -f "$INSTANCE/home/doc"
	fi
	assert_equal "$(state_of)" Ready
	told delete cell c

	listed=$(engine get spaces -o json | jq -r '.[].metadata.name')
	case $(expected "$1" s) in
	create) grep -qx s <<<"$listed" ;;
	"" | delete) refute grep -qx s <<<"$listed" ;;
	esac
	told create space s
	told delete space s
}

life_of_objects()
{
	step "run c" engine run -d -f "$INSTANCE/home/doc"
	step "stop c" engine stop cell c
	step "start c" engine start cell c
	step "delete c" engine delete cell c
	step "create s" engine create space s
	step "delete s" engine delete space s
}

@test "cells and spaces on ext4" {
	make_disk ext4 "data=writeback,noauto_da_alloc,errors=remount-ro" cells
	record life_of_objects
	POINTS=$(((POINTS + 1) / 2)) all_cuts objects_are_whole
}
