#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The disk is full, at every stage of a load or a pull: of room, a little more each
# time, until it is enough; of inodes; on a file system that allocates late. Each
# time: one line that says so, exit 1, every byte given back, what was there intact;
# with room, the same command succeeds.

load ../helpers/suite
load ../helpers/store
load ../helpers/registry

setup_file()
{
	store_setup
	inst mount -t tmpfs -o size=64m none "$INSTANCE_RUN_PATH"
	instance_init
	remember
}

setup()
{
	REPOSITORY=docker.io/library
	contents >"$INSTANCE/home/before"
}

teardown()
{
	! inst mountpoint -q "$DISKS/small" || inst umount "$INSTANCE_RUN_PATH" "$DISKS/small"
	room
	delete_all
	contents | diff "$INSTANCE/home/before" -
}

# room: more than anybody can use.
room()
{
	inst mount -o remount,size=64m,nr_inodes=100k "$INSTANCE_RUN_PATH"
}

# used size|inodes
used()
{
	case $1 in
	size) inst df -k --output=used "$INSTANCE_RUN_PATH" ;;
	inodes) inst df --output=iused "$INSTANCE_RUN_PATH" ;;
	esac | tail -n 1 | tr -d ' '
}

load_file()
{
	run engine image load "$DISKS/$1.tar"
}

load_pipe()
{
	# shellcheck disable=SC2016
	run quiet inst sh -c 'cat "$0" | "$@"' "$DISKS/$1.tar" \
		"$INSTANCE_BINDIR/kuke" --no-daemon image load -
}

load_daemon()
{
	run quiet kuke image load "$DISKS/$1.tar"
}

load_pull()
{
	run engine image pull -q "$REPOSITORY/$1:1"
	# Where a layer is at is no part of the answer.
	[ "$status" -eq 0 ] || output=$(grep -vE '^[0-9a-f]{12} ' <<<"$output")
}

# refused: the load failed for lack of room, and said so in one line.
refused()
{
	assert_failure 1
	assert_equal "$(wc -l <<<"$output")" 1
	assert_like "$output" "Error: " ... "o space left on device"
}

# fill WHAT STEP NAME HOW: load NAME with STEP more of WHAT each time.
fill()
{
	local what=$1 step=$2 name=$3 how=$4 base more=0 fails=0 listed

	base=$(used "$what")
	listed=$(images)
	contents >"$INSTANCE/home/as-before"
	while :; do
		case $what in
		size) inst mount -o "remount,size=$((base + more))k" "$INSTANCE_RUN_PATH" ;;
		inodes) inst mount -o "remount,nr_inodes=$((base + more))" "$INSTANCE_RUN_PATH" ;;
		esac
		"$how" "$name"
		[ "$status" -ne 0 ] || break
		echo "# $more more of $what"
		refused
		fails=$((fails + 1))
		assert [ "$(used "$what")" -le "$base" ]
		assert_equal "$(images)" "$listed"
		contents | diff "$INSTANCE/home/as-before" -
		more=$((more + step))
	done
	echo "# $name needs $more of $what; refused $fails times"
	assert [ "$fails" -ge 5 ]
	room
	whole "$name" "$REPOSITORY"
}

@test "room: the first image, then one beside it" {
	fill size 64 a load_file
	fill size 32 b load_file
	whole a
}

@test "room: an archive that comes through a pipe" {
	fill size 128 a load_pipe
}

@test "room: through the daemon, which lives on; a delete needs none" {
	local pid
	pid=$(kukeond_pid)
	fill size 256 a load_daemon
	# Not a page is free now.
	inst sh -c 'cat /dev/zero >"$0"' "$INSTANCE_RUN_PATH/filler" 2>/dev/null || :
	kuke image delete docker.io/library/a:1
	assert_equal "$(images)" ''
	inst rm "$INSTANCE_RUN_PATH/filler"
	assert_equal "$(kukeond_pid)" "$pid"
}

@test "inodes" {
	fill inodes 4 a load_file
}

@test "room and inodes: an image from a registry" {
	registry_start plain 5000
	registry_push 5000 "docker-archive:$DISKS/a.tar" x/a:1
	REPOSITORY=127.0.0.1:5000/x
	fill size 128 a load_pull
	delete_all
	fill inodes 8 a load_pull
}

@test "a journalled file system that allocates late" {
	local free fails=0
	kuke daemon stop >/dev/null
	inst truncate -s 24M "$DISKS/ext4"
	inst mkfs.ext4 -q -F -m 0 -b 1024 -J size=1 "$DISKS/ext4"
	inst mkdir "$DISKS/small"
	inst mount -o loop "$DISKS/ext4" "$DISKS/small"
	inst cp -a "$INSTANCE_RUN_PATH/." "$DISKS/small"
	inst mount --bind "$DISKS/small" "$INSTANCE_RUN_PATH"
	contents >"$INSTANCE/home/as-before"
	for ((free = 4; ; free += 100)); do
		inst rm -f "$INSTANCE_RUN_PATH/filler"
		inst fallocate -l "$(($(inst df -k --output=avail "$INSTANCE_RUN_PATH" | tail -n 1) - free))k" \
			"$INSTANCE_RUN_PATH/filler"
		load_file a
		[ "$status" -ne 0 ] || break
		echo "# $free KiB"
		refused
		fails=$((fails + 1))
		contents | diff "$INSTANCE/home/as-before" -
	done
	assert [ "$fails" -ge 5 ]
	inst rm "$INSTANCE_RUN_PATH/filler"
	whole a
	delete_all
	contents | diff "$INSTANCE/home/as-before" -
}
