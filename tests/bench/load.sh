#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# load.sh [-n RUNS] [-i DIR]: what loading and unpacking an image costs.
#
# Pairs, interleaved in one run, `kuke image load` of a five-layer image of 182 MB
# in gzip (daemon up, nothing of it there before) with the floor under it, which
# is `igzip -dc | tar x` of one layer after the other without any hash or sync, and
# with what podman, docker and ctr need for the same where they are installed.
# DIR holds the image (bigimage.sh makes it, by default in a directory that goes).
# All that is written is on one journalled ext4 on a loop device with direct I/O;
# everything happens in namespaces of its own.
#
# Prints each, the most memory that one process of ours needed, and as its last
# lines the ratios of the medians of wall time: of each to ours, ours to the floor.
# shellcheck disable=SC2154 # images.bash sets what is not set here
set -eu -o pipefail

here=$(cd "${BASH_SOURCE[0]%/*}" && pwd)
: "${top_builddir:=$(pwd)}"
export top_builddir
# shellcheck source=images.bash
. "$here/images.bash"
images_options "$@"
images_enter "$here/load.sh"

images_floor
pairs+=("kuke" "" "kuke image load $images/big.oci.tar"
	"kuke image delete localhost/big:latest; sync")
if images_podman; then
	pairs+=("podman" "" "$podman load -q -i $images/big.oci.tar" "$podman rmi -fa; sync")
fi
if images_ctr; then
	pairs+=("ctr" "" "$ctr image import --base-name localhost/big $images/big.oci.tar"
		"$ctr images ls -q | xargs -r $ctr images rm --sync; sync")
fi
if images_docker; then
	# It takes docker archives only; their layers are not compressed.
	pairs+=("docker" "" "$docker load -q -i $images/big.docker.tar"
		"$docker rmi -f localhost/big:latest; sync")
fi
images_pair "$INSTANCE/pairs"

"$top_builddir/pair" -m -n 1 -w 0 peak "" \
	"$top_builddir/imgdrive $disk/peak ns load $images/big.oci.tar" "" 2>/dev/null |
	awk -F'\t' '{ printf "peak of one process %.1f MiB\n", $8 / 1024 }'

images_ratios "$INSTANCE/pairs"
