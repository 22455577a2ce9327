#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What an image's configuration makes of a cell that says nothing itself.

load ../helpers/suite

setup_file()
{
	suite_start
	make_images
}

# image NAME CONFIG: a docker archive $INSTANCE/home/NAME.tar of the host's busybox, and
# of nothing else but what a shell and id need.
image()
{
	local dir=$INSTANCE/home/image.d

	printf '{"architecture":"%s","os":"linux","config":%s,"rootfs":{"type":"layers","diff_ids":["sha256:%s"]}}' \
		"$(uname -m | sed 's/x86_64/amd64/; s/aarch64/arm64/')" "$2" "$(sha256sum <"$dir/layer" | cut -d' ' -f1)" \
		>"$dir/config"
	printf '[{"Config":"config","RepoTags":["localhost/%s:1"],"Layers":["layer"]}]' "$1" >"$dir/manifest.json"
	tar -C "$dir" -cf "$INSTANCE/home/$1.tar" manifest.json config layer
	kuke image load "$INSTANCE/home/$1.tar" >/dev/null
}

make_images()
{
	local dir=$INSTANCE/home/image.d id='"Cmd":["/bin/sh","-c","/bin/busybox id -u; /bin/busybox id -g"]'

	mkdir -p "$dir/root"/{bin,etc}
	cp "$(command -v busybox)" "$dir/root/bin/busybox"
	ln -s busybox "$dir/root/bin/sh"
	printf 'root:x:0:0::/:/bin/sh\nbob:x:1000:1000::/:/bin/sh\n' >"$dir/root/etc/passwd"
	printf 'root:x:0:\ngrp:x:2000:bob\n' >"$dir/root/etc/group"
	tar -C "$dir/root" --owner=0 --group=0 --numeric-owner -cf "$dir/layer" .
	image entrypoint-empty '{"Entrypoint":[""],"Cmd":["/bin/sh","-c","echo RAN"]}'
	image user-colon "{\"User\":\"1000:\",$id}"
	image colon-group "{\"User\":\":2000\",$id}"
	image user-blank "{\"User\":\"bob \",$id}"
}

cell()
{
	cat <<-END
	apiVersion: v1beta1
	kind: Cell
	metadata: {name: $1}
	spec:
	  realmId: default
	  spaceId: default
	  stackId: default
	  containers:
	  - {id: main, image: "localhost/$1:1", restartPolicy: "no"}
	END
}

# ran NAME TEXT: a cell of that image logs the text.
ran()
{
	cell "$1" | quiet kuke run -d -f -
	wait_for 200 log_has "$1" "${2##*$'\n'}"
	echo "# $1: $(logs "$1" main | tr '\n' ' ')"
	assert_equal "$(logs "$1" main)" "$2"
	kuke delete cell "$1" --force
}

@test "an entrypoint of nothing but an empty word is none" {
	ran entrypoint-empty RAN
}

@test "a user without its group, a group without its user" {
	ran user-colon $'1000\n1000'
	ran colon-group $'0\n2000'
}

@test "a user's blank is shown" {
	run kuke run -d -f <(cell user-blank)
	assert_failure 1
	assert_output --partial "user 'bob ': no such user in the image's /etc/passwd"
	kuke delete cell user-blank >/dev/null 2>&1 || :
}
