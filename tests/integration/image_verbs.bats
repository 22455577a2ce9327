# SPDX-License-Identifier: GPL-2.0-or-later
#
# The image verbs against a daemon.

load ../helpers/suite

setup_file()
{
	suite_start --no-image 'imageLimits: {maxLayers: 3, maxEntries: 2000, maxBytes: 100000000}'
	"$INSTANCE_HELPERS/busybox-image" "$INSTANCE/bb.tar"
}

# What is in the store is asked for by name.
setup()
{
	:
}

teardown()
{
	:
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
	assert_failure 1
	assert_output --partial "image has 4 layers, at most 3 are allowed (imageLimits.maxLayers)"
	run kuke image load "$INSTANCE/many"
	assert_failure 1
	assert_output --partial "layer 1: layer has more than 2000 entries (imageLimits.maxEntries)"
	run kuke image load "$INSTANCE/big"
	assert_failure 1
	assert_output --partial "layers are larger than 100000000 bytes (imageLimits.maxBytes)"
	assert_equal "$(ls "$INSTANCE_RUN_PATH"/namespaces/default.*/snapshots)" ''
	layers three 3
	kuke image load "$INSTANCE/three"
	kuke image delete latest
}

# loaded CMD…: one image, by its name; then it goes again.
loaded()
{
	run "$@"
	assert_success
	assert_line --index 0 "loaded 1 image(s) into realm \"default\" (namespace \"default.$INSTANCE_NS_SUFFIX\"):"
	assert_line --index 1 "  - docker.io/library/busybox:latest"
	kuke image delete busybox
	assert_equal "$(find "$INSTANCE_RUN_PATH"/namespaces/default.*/{staging,trash,snapshots} -mindepth 1)" ''
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
	before=$(find "$INSTANCE_RUN_PATH"/namespaces/default.*/ | sort)
	while IFS='|' read -r file text; do
		for how in "$file" "-" "--pipe"; do
			case $how in
			-) run kuke image load - <"$file" ;;
			--pipe) run kuke image load - < <(cat "$file") ;;
			*) run kuke image load "$how" ;;
			esac
			echo "# $file $how: $output"
			assert_failure 1
			assert_lines 1
			assert_like "$output" ... "$text"
		done
	done <<-EOF
	bb.xz|image archive is compressed with xz, which is not supported: use gzip or zstd
	cut.gz|gzip: data ends early
	crc.gz|gzip: checksum does not match
	empty|image tarball is required
	empty.gz|image tarball is required
	random|unrecognized image format: not a tar archive
	random.gz|unrecognized image format: not a tar archive
	EOF
	assert_equal "$before" "$(find "$INSTANCE_RUN_PATH"/namespaces/default.*/ | sort)"
}

@test "load: the archive is named; what is left out is named and why; only failures count" {
	cd "$INSTANCE"
	"$INSTANCE_HELPERS/imgcases" cases kinds metadata
	try()
	{
		run kuke image load "cases/$1/image.tar"
		echo "$output"
	}
	try nothing-known
	assert_failure 1
	assert_output "Error: failed to load image: cases/nothing-known/image.tar: unrecognized image format: archive contains neither oci-layout nor manifest.json"
	run kuke image load - <cases/nothing-known/image.tar
	assert_like "$output" "Error: failed to load image: standard input: unrecognized image format: " ...
	try none
	assert_failure 1
	assert_like "$output" ... ": archive contains no image: index.json lists none"
	try several-artifact
	assert_success
	assert_equal "${lines[1]} ${lines[2]}" "  - localhost/app:1   - localhost/app:2"
	assert_line --index 3 "skipped localhost/app:1.sbom: not a container image: config media type 'application/vnd.oci.empty.v1+json'"
	try several-broken
	assert_failure 1
	assert_line --index 1 "  - localhost/app:1"
	assert_like "${lines[2]}" "failed broken: manifest sha256:" ... " is not in the archive"
	assert_line --index 3 "Error: failed to load 1 of the archive's images"
	try no-name
	assert_success
	digest=${lines[1]#  - }
	assert_regex "$digest" '^sha256:.{64}$'
	assert_line --index 2 "the archive has no name for $digest: use its digest"
	assert_equal "$(kuke image inspect "$digest" | jq -r '.name // .Name')" "$digest"
	kuke image delete "$digest"
	kuke image delete localhost/app:1
	kuke image delete localhost/app:2
}

store()
{
	echo "$INSTANCE_RUN_PATH/namespaces/default.$INSTANCE_NS_SUFFIX"
}

# The only layer there is.
layer()
{
	echo "$(store)"/snapshots/*
}

cell()
{
	cat <<-EOF
	apiVersion: v1beta1
	kind: Cell
	metadata: {name: $1}
	spec:
	  realmId: default
	  spaceId: default
	  stackId: default
	  containers:
	  - {id: main, image: busybox, command: sleep, args: ["3600"]}
	EOF
}

@test "verify: what is whole is ok, what is broken is named, and is loaded again after --repair" {
	run kuke image verify
	assert_output 'No images found in realm "default".'
	kuke image load "$INSTANCE/bb.tar"
	run kuke image verify
	assert_success
	assert_output --regexp '^image "docker.io/library/busybox:latest": ok \([0-9]+ files in 1 layers\)$'

	# As if the last writes of some files were lost.
	truncate -s 0 "$(layer)/fs/etc/passwd"
	size=$(stat -c %s "$(layer)/fs/bin/busybox")
	printf 'X' | dd of="$(layer)/fs/bin/busybox" bs=1 seek=100000 conv=notrunc status=none
	rm "$(layer)/fs/bin/sh"
	run kuke image verify busybox
	assert_failure 1
	assert_output --partial 'image "docker.io/library/busybox:latest": layer 1: bin/busybox: its content differs'
	assert_output --partial 'image "docker.io/library/busybox:latest": layer 1: bin/sh: it is missing'
	assert_output --partial 'image "docker.io/library/busybox:latest": layer 1: etc/passwd: it has 0 bytes, not '
	assert_output --partial 'image "docker.io/library/busybox:latest": broken'
	assert_like "${lines[-1]}" ... "1 of 1 images broken"
	assert_equal "$(stat -c %s "$(layer)/fs/bin/busybox")" "$size"

	run kuke image verify busybox --repair
	assert_failure 1
	assert_output --partial 'image "docker.io/library/busybox:latest": broken; load it again'
	kuke image load "$INSTANCE/bb.tar"
	kuke image verify busybox
}

@test "verify: manifest, configuration, list of files and record" {
	for blob in "$(store)"/blobs/sha256/*; do
		cp "$blob" "$INSTANCE/blob"
		echo >>"$blob"
		run kuke image verify
		assert_failure 1
		assert_output --partial "blob sha256:${blob##*/}: its content differs"
		rm "$blob"
		run kuke image verify
		assert_output --partial "blob sha256:${blob##*/}: it is missing"
		cp "$INSTANCE/blob" "$blob"
	done
	cp "$(layer)/files" "$INSTANCE/files"
	printf 'f' | dd of="$(layer)/files" bs=1 seek=5 conv=notrunc status=none
	run kuke image verify
	assert_output --partial "layer 1: its list of files is missing or damaged"
	cp "$INSTANCE/files" "$(layer)/files"
	mv "$(layer)/layer.json" "$INSTANCE/layer.json"
	run kuke image verify
	assert_output --partial "layer 1: its record is missing or damaged"
	mv "$INSTANCE/layer.json" "$(layer)/layer.json"
	kuke image verify
}

@test "verify: nothing is taken from under a cell that is up" {
	cell up | kuke apply -f -
	truncate -s 0 "$(layer)/fs/etc/passwd"
	run kuke image verify --repair
	assert_failure 1
	assert_output --partial 'broken; not repaired: image is in use by running container "default_default_up_main"; stop its cell first'
	assert [ -e "$(layer)/layer.json" ]
	kuke kill cell up
	run kuke image verify --repair
	assert_output --partial 'broken; load it again'
	kuke image load "$INSTANCE/bb.tar"
	kuke start cell up
	kuke image verify
	kuke delete cell up --force
}

@test "inspect: all there is, as JSON" {
	kuke image inspect busybox >"$INSTANCE/inspect"
	assert_equal "$(jq -r .name "$INSTANCE/inspect")" docker.io/library/busybox:latest
	assert_equal "$(jq -r .size "$INSTANCE/inspect")" "$(kuke image get busybox -o json | jq .Size)"
	assert_equal "$(jq -r '.config.rootfs.diff_ids[0]' "$INSTANCE/inspect")" "$(jq -r '.layers[0].diffID' "$INSTANCE/inspect")"
	assert_equal "$(jq -r .unpackedBytes "$INSTANCE/inspect")" "$(find "$(layer)/fs" -type f -printf '%i %s\n' | sort -u | awk '{ n += $2 } END { print n }')"
	assert_equal "$(jq -r .pulled "$INSTANCE/inspect")" false
	assert_equal "$(jq -r .config.os "$INSTANCE/inspect")" linux
	run kuke image inspect nothing
	assert_failure 1
	assert_like "$output" ... 'image "nothing" not found in realm "default": image not found'
}

@test "prune: what nothing needs goes, what is needed stays" {
	run kuke image prune
	assert_output "pruned images of realm \"default\" (namespace \"default.$INSTANCE_NS_SUFFIX\"): 0 B freed"
	# What a killed load leaves.
	mkdir -p "$(store)/staging/layer-x1y2z3/fs"
	cp -a "$(layer)" "$(store)/snapshots/$(printf '%064d' 1)"
	head -c 5000 /dev/urandom >"$(store)/blobs/sha256/$(printf '%064d' 2)"
	run kuke image prune
	assert_output --regexp 'MiB freed$'
	assert_equal "$(ls "$(store)/staging")" ''
	assert_equal "$(find "$(store)/snapshots" -mindepth 1 -maxdepth 1 | wc -l)" 1
	kuke image verify
	kuke image delete busybox
	assert [ "$(du -s --apparent-size "$(store)/snapshots" | cut -f1)" -le 8 ]
}
