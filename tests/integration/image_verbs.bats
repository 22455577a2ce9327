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
