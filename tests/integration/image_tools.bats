#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Archives as other tools make them, without a network; the life of an image in
# the store: names, use by containers, collecting, damage, a full disk.

load ../helpers/assert

setup_file()
{
	export IMGDRIVE=$top_builddir/imgdrive HELPERS=$top_srcdir/tests/helpers
	export WORK=$BATS_FILE_TMPDIR
	make_root "$WORK/root"
	(cd "$WORK" && umoci init --layout layout && umoci new --image layout:base &&
		umoci insert --image layout:base root / &&
		umoci config --image layout:base --config.cmd /bin/busybox) >/dev/null
	# A second layer that changes, hides and adds.
	mkdir -p "$WORK/more/etc/new" "$WORK/more/srv"
	echo changed >"$WORK/more/etc/f"
	(cd "$WORK" && umoci insert --image layout:base more / &&
		umoci insert --image layout:base --whiteout /var/gone &&
		umoci insert --image layout:base --opaque more/etc /opaque) >/dev/null
	"$HELPERS/busybox-image" "$WORK/bb.tar"
	"$HELPERS/busybox-image" "$WORK/other.tar" example.com/other:1
}

# A root file system with what tools get wrong.
make_root()
{
	mkdir -p "$1"/{bin,etc/deep/er,var/gone,tmp,opaque/old}
	cp "$(command -v busybox)" "$1/bin/busybox"
	ln "$1/bin/busybox" "$1/bin/sh"
	ln -s ../bin/busybox "$1/etc/link"
	ln -s /bin/busybox "$1/etc/absolute"
	echo f >"$1/etc/f"
	setfattr -n user.note -v hello "$1/etc/f"
	setcap cap_net_raw+ep "$1/bin/busybox"
	chmod 1777 "$1/tmp"
	chmod 4755 "$1/etc/f"
	chown 123:456 "$1/etc/deep"
	mkfifo "$1/var/fifo"
	mknod "$1/var/null" c 1 3
	printf 'x' >"$1/var/$(printf 'n\303\244m\377')"
	truncate -s 1M "$1/var/sparse"
	touch -d '2001-02-03 04:05:06.123456789' "$1/etc/deep/er"
}

setup()
{
	run_path=$(mktemp -d /dev/shm/kukeon-test-XXXXXX)
}

teardown()
{
	rm -rf "$run_path"
}

drive()
{
	"$IMGDRIVE" "$run_path" ns "$@"
}

# What takes up space in the store.
left()
{
	find "$run_path/namespaces/ns" -mindepth 2 ! -path '*/blobs/sha256'
}

# The image as a container would see it.
mounted_tree()
{
	local lower
	lower=$(drive resolve "$1" | tail -n +3 | paste -sd:)
	# The old call: the new one takes no relative names of layers.
	# shellcheck disable=SC2016
	LIBMOUNT_FORCE_MOUNT2=always unshare -m sh -c 'cd "$1" && mount -t tmpfs t /mnt && mkdir /mnt/m /mnt/none &&
		mount -t overlay o -o "lowerdir=$2:/mnt/none" /mnt/m && "$3" /mnt/m' \
		sh "$run_path/namespaces/ns" "$lower" "$HELPERS/imgtree" | LC_ALL=C sort
}

@test "umoci: a layout directory, and the same as an archive" {
	drive load-dir "$WORK/layout"
	tar -C "$WORK/layout" -cf - . | drive load -
	assert_equal "$(drive list | wc -l)" 1
	lowest=$run_path/namespaces/ns/$(drive resolve base | tail -n 1)
	assert_equal "$(getfattr --only-values -n user.note "$lowest/etc/f")" hello
	assert_equal "$(getcap "$lowest/bin/busybox")" "$lowest/bin/busybox cap_net_raw=ep"
}

@test "the mounted image equals umoci's own unpacking, entry by entry" {
	rm -rf "$WORK/bundle"
	umoci unpack --image "$WORK/layout:base" "$WORK/bundle" >/dev/null
	drive load-dir "$WORK/layout"
	diff -u <("$HELPERS/imgtree" "$WORK/bundle/rootfs" | LC_ALL=C sort) <(mounted_tree base)
}

@test "skopeo: a docker archive with symlinked layers" {
	skopeo copy -q "oci:$WORK/layout:base" "docker-archive:$run_path/a.tar:example.com/sk:1"
	assert_equal "$(drive load "$run_path/a.tar")" example.com/sk:1
	drive resolve example.com/sk:1
}

@test "skopeo: zstd and gzip layers" {
	skopeo copy -q --dest-compress-format zstd --dest-compress \
		"oci:$WORK/layout:base" "oci-archive:$run_path/z.tar:zst"
	drive load "$run_path/z.tar"
	drive load-dir "$WORK/layout"
	# the same layers, whatever they were packed in
	assert_equal "$(drive resolve zst | tail -n +3)" "$(drive resolve base | tail -n +3)"
}

@test "buildah: an OCI archive" {
	b=(buildah --storage-driver vfs --root "$run_path/store" --runroot "$run_path/run")
	c=$("${b[@]}" from scratch)
	"${b[@]}" copy "$c" "$WORK/root" / >/dev/null
	"${b[@]}" commit -q "$c" "oci-archive:$run_path/b.tar:bah:1" >/dev/null
	assert_equal "$(drive load "$run_path/b.tar")" bah:1
	mounted_tree bah:1 | grep -aq ' bin/busybox$'
}

@test "names: typed, normalised, missing" {
	drive load "$WORK/bb.tar"
	assert_equal "$(drive delete busybox)" docker.io/library/busybox:latest
	run drive get busybox
	assert_failure 1
	assert_output "image not found"
	run drive delete 'no such'
	assert_output "image not found"
	assert_equal "$(left)" ''
}

@test "a layer in use goes with its last container" {
	drive load "$WORK/bb.tar"
	digest=$(drive resolve busybox | sed -n 2p)
	drive prepare c1 busybox
	drive prepare c2 busybox
	drive delete busybox
	assert_not_equal "$(ls "$run_path/namespaces/ns/snapshots")" ''
	drive prepare-digest c3 "$digest"
	drive remove c1
	drive remove c3
	assert_not_equal "$(ls "$run_path/namespaces/ns/snapshots")" ''
	drive remove c2
	refute grep -v containers <(left)
	run drive prepare-digest c4 "$digest"
	assert_failure 1
}

@test "images share layers; a delete takes only its own" {
	drive load "$WORK/bb.tar"
	drive load "$WORK/other.tar"
	assert_equal "$(find "$run_path/namespaces/ns/snapshots" -mindepth 1 -maxdepth 1 | wc -l)" 1
	drive delete busybox
	drive resolve example.com/other:1
	drive delete example.com/other:1
	assert_equal "$(left)" ''
}

@test "a delete during somebody's hold is made good when that ends" {
	drive load "$WORK/bb.tar"
	coproc drive hold 2
	read -r line <&"${COPROC[0]}"
	assert_equal "$line" held
	drive delete busybox
	assert_not_equal "$(left)" ''
	wait "$COPROC_PID"
	assert_equal "$(left)" ''
}

@test "two loads of one archive at once" {
	drive load "$WORK/bb.tar" &
	drive load "$WORK/bb.tar"
	wait $!
	assert_equal "$(drive list | wc -l)" 1
	assert_equal "$(find "$run_path/namespaces/ns/snapshots" -mindepth 1 -maxdepth 1 | wc -l)" 1
	assert_equal "$(ls "$run_path/namespaces/ns/staging")" ''
}

@test "a killed load leaves nothing that the next collection does not take" {
	mkfifo "$run_path/pipe"
	"$IMGDRIVE" "$run_path" ns load "$run_path/pipe" &
	pid=$!
	exec {feed}>"$run_path/pipe"
	head -c 1000000 "$WORK/bb.tar" >&"$feed"
	kill -KILL "$pid"
	exec {feed}>&-
	wait "$pid" || :
	drive collect
	assert_equal "$(left)" ''
}

@test "damage: a lost layer, blob or record" {
	drive load "$WORK/bb.tar"
	rm -rf "$run_path"/namespaces/ns/snapshots/*/layer.json
	run drive resolve busybox
	assert_like "$output" ... "is missing or damaged; load the image again"
	drive load "$WORK/bb.tar"
	drive resolve busybox
	for blob in "$run_path"/namespaces/ns/blobs/sha256/*; do : >"$blob"; done
	run drive resolve busybox
	assert_like "$output" ... "is damaged"
	drive load "$WORK/bb.tar"
	drive resolve busybox
	: >"$(echo "$run_path"/namespaces/ns/images/*)"
	run drive get busybox
	assert_like "$output" ... "is empty"
	drive list
	drive delete busybox
	assert_equal "$(left)" ''
}

@test "a full disk: one line, nothing left, the store as before" {
	unshare -m "$HELPERS/imgfull" "$IMGDRIVE" "$run_path" "$WORK"
}
