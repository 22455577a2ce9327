# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# The engine without its daemon on a disk that the test makes, and two small images
# (on top of cells.bash, which this file loads). The test mounts its disk at
# $INSTANCE_RUN_PATH in the instance.
#
#   store_setup           an instance, $DISKS (in memory, seen inside only), the
#                         images $DISKS/a.tar and b.tar
#   engine ARG…           kuke --no-daemon
#   drive ARG…            imgdrive on the realm default
#   images, delete_all    names of all images; delete them
#   remember              once on a mounted disk: what the images' roots have to be
#   whole NAME            the root of a or b is that
#   contents              names of all that is kept of objects and images

# shellcheck source=tests/helpers/cells.bash
. "${BASH_SOURCE[0]%/*}/cells.bash"

export DISKS=${INSTANCE:-}/disks

store_setup()
{
	instance_new
	export DISKS=$INSTANCE/disks
	mkdir "$DISKS"
	inst mount -t tmpfs none "$DISKS"
	inst mkdir "$DISKS/root"
	make_images
}

remember()
{
	local name

	for name in a b; do
		engine image load "$DISKS/$name.tar" >/dev/null
		mount_root "docker.io/library/$name:1"
		inst cp -a "$DISKS/root" "$DISKS/$name.good"
		inst umount "$DISKS/root"
		forget_container
	done
	delete_all
}

# a and b share their lowest layer; a's second one hides and changes.
make_images()
{
	local w=$INSTANCE/home/images i

	mkdir -p "$w"/{one/{bin,etc/deep/er},two/etc/deep,three/srv}
	for i in {1..40}; do
		head -c $((i * 911)) /dev/urandom >"$w/one/bin/$i"
	done
	ln "$w/one/bin/40" "$w/one/etc/deep/er/forty"
	setfattr -n user.note -v hello "$w/one/bin/1"
	head -c 700000 /dev/urandom >"$w/two/etc/deep/large"
	echo changed >"$w/two/etc/f"
	head -c 300000 /dev/urandom >"$w/three/srv/other"
	(
		cd "$w" || exit
		umoci init --layout l
		umoci new --image l:a
		umoci insert --image l:a one /
		umoci tag --image l:a b
		umoci insert --image l:a two /
		umoci insert --image l:a --whiteout /bin/7
		umoci insert --image l:b three /
		for i in a b; do
			skopeo copy -q "oci:l:$i" "docker-archive:$i.tar:docker.io/library/$i:1"
		done
	) >/dev/null
	inst mv "$w/a.tar" "$w/b.tar" "$DISKS"
	rm -rf "$w"
}

engine()
{
	quiet kuke --no-daemon "$@"
}

drive()
{
	inst "$top_builddir/imgdrive" "$INSTANCE_RUN_PATH" "default.$INSTANCE_NS_SUFFIX" "$@"
}

mount_root()
{
	drive prepare proof "$1" && drive mount proof "$DISKS/root"
}

forget_container()
{
	drive remove proof
	inst rm -r "$INSTANCE_RUN_PATH/namespaces/default.$INSTANCE_NS_SUFFIX/containers/proof"
}

images()
{
	engine image get -o json | jq -r '.Images[]?.Name'
}

delete_all()
{
	local name

	for name in $(images); do
		engine image delete "$name" >/dev/null
	done
}

# Names of all that is kept of objects and images.
contents()
{
	inst find "$INSTANCE_RUN_PATH"/{data,namespaces} ! -path '*kukeond*' | sort
}

# whole NAME [REPOSITORY]: the root is what it was when nothing was in the way.
whole()
{
	mount_root "${2:-docker.io/library}/$1:1" &&
		inst "$INSTANCE_HELPERS/treecmp" engine "$DISKS/root" "$DISKS/$1.good" &&
		inst umount "$DISKS/root" && forget_container
}
