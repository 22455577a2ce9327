#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The root of a container, as it is mounted, equals what umoci unpacks and what
# podman's store has of the same image: every entry with type, mode, owner, size,
# content, times, device numbers, names of the same file and extended attributes.
# What may differ and why is in one table: ALLOWED in tests/helpers/treecmp.

load ../helpers/assert

setup_file()
{
	export IMGDRIVE=$top_builddir/imgdrive HELPERS=$top_srcdir/tests/helpers
	# In memory: the tools sync, and so does a layer.
	WORK=$(mktemp -d /dev/shm/kukeon-test-XXXXXX)
	export WORK TMPDIR=$WORK
	mkdir "$WORK"/{images,run,root,umoci}
	# podman keeps to itself; its locks would else be a file in /dev/shm.
	printf '[engine]\nlock_type = "file"\nstatic_dir = "%s"\ntmp_dir = "%s"\nvolume_path = "%s"\n' \
		"$WORK/podman.lib" "$WORK/podman.tmp" "$WORK/podman.volumes" >"$WORK/containers.conf"
	export CONTAINERS_CONF=$WORK/containers.conf
	unshare -m "$HELPERS/fiveimages" "$WORK/images"
}

teardown_file()
{
	rm -rf "$WORK"
}

podman()
{
	command podman --storage-driver vfs --root "$WORK/podman" --runroot "$WORK/podman.run" \
		--cgroup-manager cgroupfs --events-backend none "$@"
}

# In a mount namespace: mount the image's root at $WORK/root.
mount_root()
{
	"$IMGDRIVE" "$WORK/run" ns load "$WORK/images/$1.tar"
	"$IMGDRIVE" "$WORK/run" ns prepare "$1" "docker.io/library/$1:1"
	"$IMGDRIVE" "$WORK/run" ns mount "$1" "$WORK/root"
}

umoci_equals()
{
	umoci raw unpack --image "$WORK/images/layout:$1" "$WORK/umoci/$1" >/dev/null
	mount_root "$1"
	"$HELPERS/treecmp" umoci "$WORK/root" "$WORK/umoci/$1" "${@:2}"
}

podman_equals()
{
	local root

	podman load -q -i "$WORK/images/$1.tar"
	root=$(podman image mount "docker.io/library/$1:1")
	mount_root "$1"
	"$HELPERS/treecmp" podman "$WORK/root" "$root" "${@:2}"
}

# equals TOOL IMAGE [ALLOWED…]
equals()
{
	export -f podman mount_root umoci_equals podman_equals
	# shellcheck disable=SC2016
	unshare -m bash -eu -o pipefail -c 'mount -t tmpfs none /run; "$@"' bash "$1_equals" "${@:2}"
	rm -rf "$WORK/umoci/$2"
}

@test "debian: umoci" {
	equals umoci debian root-time
}

@test "debian: podman" {
	equals podman debian root-time root-mode
}

@test "busybox: umoci" {
	equals umoci busybox root-time
}

@test "busybox: podman" {
	equals podman busybox root-time root-mode
}

@test "odd: umoci" {
	equals umoci odd 'empty-xattr?' before-1970
}

@test "odd: podman" {
	equals podman odd 'empty-xattr?' before-1970 implied-time links-of-links
}

@test "layered: umoci" {
	equals umoci layered root-time
}

@test "layered: podman" {
	equals podman layered root-time root-mode
}

@test "python: umoci" {
	equals umoci python root-time
}

@test "python: podman" {
	equals podman python root-time root-mode
}

@test "a tree that differs in one attribute is told apart" {
	local a=$WORK/a b=$WORK/b change
	mkdir "$a"
	echo x >"$a/f"
	ln "$a/f" "$a/g"
	ln -s f "$a/l"
	mknod "$a/n" c 1 3
	for change in 'chmod 600 f' 'chown 1 l' 'touch -d @1.000000001 f' 'rm g' 'setfattr -n user.x f' \
		'ln -sf g l' 'cp --remove-destination -p f g' 'mknod m c 1 3'; do
		rm -rf "$b"
		cp -a "$a" "$b"
		"$HELPERS/treecmp" umoci "$a" "$b"
		(cd "$b" && $change && touch -d "$(stat -c %y "$a")" .)
		run "$HELPERS/treecmp" umoci "$a" "$b"
		assert_failure 1
	done
	run "$HELPERS/treecmp" umoci "$a" "$a" root-mode
	assert_failure 1
}
