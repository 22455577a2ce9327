#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# `kuke --no-daemon` and the daemon run one engine: the same verbs in the same
# order say the same, and leave the same documents.

load ../helpers/suite

setup_file()
{
	suite_start
}

setup()
{
	:
}

teardown()
{
	:
}

cell()
{
	cat >"$BATS_TEST_TMPDIR/$1.yaml" <<EOF
apiVersion: v1beta1
kind: Cell
metadata: {name: $1}
spec:
  realmId: $2
  spaceId: sp
  stackId: st
  containers:
    - {id: main, image: docker.io/library/busybox:latest, command: /bin/sleep, args: ["$3"]}
EOF
}

# What differs by nature: times, addresses, bridges.
normal()
{
	sed -E 's/[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+Z/TIME/g; s/k-[0-9a-f]{8}/BRIDGE/g; s/10\.88\.[0-9]+\.[0-9]+/ADDR/g'
}

# verb CMD…: its output and its exit status.
verb()
{
	echo "\$ $*"
	kuke "${how[@]}" "$@" 2>&1 || echo "exit $?"
}

sequence()
{
	cell web dr 1000
	cell twin dr 2000
	verb create realm dr
	verb create realm dr
	verb create realm bad_name
	verb create space sp --realm dr
	verb create stack st --realm dr --space sp
	verb create stack st --realm dr --space none
	verb apply -f "$BATS_TEST_TMPDIR/web.yaml"
	verb image load --realm dr "$INSTANCE/image.tar"
	verb apply -f "$BATS_TEST_TMPDIR/web.yaml"
	verb apply -f "$BATS_TEST_TMPDIR/web.yaml"
	verb get cell web --realm dr --space sp --stack st -o yaml
	verb start cell web --realm dr --space sp --stack st
	verb stop cell web --realm dr --space sp --stack st
	verb get cell web --realm dr --space sp --stack st -o json
	verb start cell web --realm dr --space sp --stack st
	verb kill cell web --realm dr --space sp --stack st
	verb apply -f "$BATS_TEST_TMPDIR/twin.yaml"
	verb get cell --realm dr
	verb delete realm dr
	verb delete cell twin --realm dr --space sp --stack st
	verb delete cell twin --realm dr --space sp --stack st
	verb delete realm dr --cascade
	verb get realm dr
}

@test "the daemon and --no-daemon do the same" {
	local how

	"$INSTANCE_HELPERS/busybox-image" "$INSTANCE/image.tar" docker.io/library/busybox:latest docker
	how=()
	sequence | normal >"$BATS_TEST_TMPDIR/daemon"
	how=(--no-daemon)
	sequence | normal >"$BATS_TEST_TMPDIR/direct"
	grep -q 'Cell "web": created\|Cell "web": updated' "$BATS_TEST_TMPDIR/daemon"
	diff -u "$BATS_TEST_TMPDIR/daemon" "$BATS_TEST_TMPDIR/direct"
}
