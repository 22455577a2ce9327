# SPDX-License-Identifier: GPL-2.0-or-later
#
# The image verbs against a daemon.

setup_file()
{
	load ../helpers/instance
	export top_builddir=${top_builddir:-$(pwd)}
	instance_new
	cat >>"$INSTANCE_CONFIG" <<-EOF
	  imageLimits:
	    maxLayers: 3
	    maxEntries: 2000
	    maxBytes: 100000000
	EOF
	instance_init
	"$BATS_TEST_DIRNAME/../helpers/busybox-image" "$INSTANCE/bb.tar"
}

teardown_file()
{
	load ../helpers/instance
	instance_stop
}

setup()
{
	load ../helpers/instance
}

# layers NAME N [COMMAND]: an OCI layout of N layers in $INSTANCE/NAME; COMMAND makes the
# content of each in the current directory.
layers()
{
	local i

	(
		cd "$INSTANCE" || exit
		umoci init --layout "$1"
		umoci new --image "$1:latest"
		for ((i = 0; i < $2; i++)); do
			umoci unpack --image "$1:latest" bundle
			(cd bundle/rootfs && eval "${3:-echo $i >f$i}") || exit
			umoci repack --image "$1:latest" bundle
			rm -rf bundle
		done
	) >/dev/null
}

@test "imageLimits of the server configuration bound what is loaded" {
	layers four 4
	layers many 1 'touch $(seq 2100)'
	layers big 2 'truncate -s 60M f$i'
	run kuke image load "$INSTANCE/four"
	echo "$output"
	[ "$status" -eq 1 ]
	[[ $output == *"image has 4 layers, at most 3 are allowed (imageLimits.maxLayers)"* ]]
	run kuke image load "$INSTANCE/many"
	echo "$output"
	[ "$status" -eq 1 ]
	[[ $output == *"layer 1: layer has more than 2000 entries (imageLimits.maxEntries)"* ]]
	run kuke image load "$INSTANCE/big"
	echo "$output"
	[ "$status" -eq 1 ]
	[[ $output == *"layers are larger than 100000000 bytes (imageLimits.maxBytes)"* ]]
	[ -z "$(ls "$INSTANCE_RUN_PATH"/namespaces/default.*/snapshots)" ]
	layers three 3
	kuke image load "$INSTANCE/three"
	kuke image delete latest
}

# loaded CMD…: one image, by its name; then it goes again.
loaded()
{
	run "$@"
	echo "$output"
	[ "$status" -eq 0 ]
	[ "${lines[0]}" = "loaded 1 image(s) into realm \"default\" (namespace \"default.$INSTANCE_NS_SUFFIX\"):" ]
	[ "${lines[1]}" = "  - docker.io/library/busybox:latest" ]
	kuke image delete busybox
	[ -z "$(find "$INSTANCE_RUN_PATH"/namespaces/default.*/{staging,trash,snapshots} -mindepth 1 ! -name .collect)" ]
}

@test "load: file, stdin, OCI layout and archive, docker archive; gzip and zstd around them" {
	cd "$INSTANCE"
	"$BATS_TEST_DIRNAME/../helpers/busybox-image" oci.tar docker.io/library/busybox:latest oci
	mkdir -p layout
	tar -C layout -xf oci.tar
	tar -C layout -cf dotted.tar .
	loaded kuke image load layout
	for file in bb.tar oci.tar dotted.tar; do
		gzip -c "$file" >"$file.gz"
		zstd -qfk "$file"
		split -b 100000 --filter='gzip -c' "$file" >"$file.members"
		for archive in "$file" "$file.gz" "$file.zst" "$file.members"; do
			echo "# $archive"
			loaded kuke image load "$archive"
			loaded kuke image load - <"$archive"
			loaded kuke image load - < <(cat "$archive")
		done
	done
}

@test "load: what is no image, or only a part of one, is one line and leaves nothing" {
	cd "$INSTANCE"
	gzip -c bb.tar >bb.gz
	xz -0 -c bb.tar >bb.xz
	head -c 100000 bb.gz >cut.gz
	size=$(stat -c %s bb.gz)
	{ head -c $((size - 8)) bb.gz; printf '\1\2\3\4'; tail -c 4 bb.gz; } >crc.gz
	: >empty
	gzip -c empty >empty.gz
	head -c 100000 /dev/urandom >random
	gzip -c random >random.gz
	before=$(find "$INSTANCE_RUN_PATH"/namespaces/default.*/ ! -name .collect | sort)
	while IFS='|' read -r file text; do
		for how in "$file" "-" "--pipe"; do
			case $how in
			-) run kuke image load - <"$file" ;;
			--pipe) run kuke image load - < <(cat "$file") ;;
			*) run kuke image load "$how" ;;
			esac
			echo "# $file $how: $output"
			[ "$status" -eq 1 ]
			[ "${#lines[@]}" -eq 1 ]
			[[ $output == *"$text" ]]
		done
	done <<-EOF
	bb.xz|image archive is compressed with xz, which is not supported: use gzip or zstd
	cut.gz|gzip: data ends early
	crc.gz|gzip: checksum does not match
	empty|image tarball is required
	empty.gz|image tarball is required
	random|unrecognized image format
	random.gz|unrecognized image format
	EOF
	[ "$before" = "$(find "$INSTANCE_RUN_PATH"/namespaces/default.*/ ! -name .collect | sort)" ]
}
