#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# kuke speaks one wire to the daemon and, with --no-daemon, to a kukeond of its own: the
# same verbs in the same order say the same, byte by byte, on the same of their two
# outputs, with the same exit status, and leave the same documents.

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

# What differs by nature: times, ages, addresses, bridges.
normal()
{
	sed -E 's/after [0-9]+ ms/after MS/; s/ +[0-9]+[smhd] *$/ AGE/; s/[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+Z/TIME/g; s/k-[0-9a-f]{8}/BRIDGE/g; s/10\.88\.[0-9]+\.[0-9]+/ADDR/g'
}

# verb CMD…: what it prints, what it says beside that, and its exit status.
verb()
{
	local r=0

	echo "\$ $*"
	kuke "${how[@]}" "$@" 2>"$BATS_TEST_TMPDIR/err" || r=$?
	sed 's/^/stderr: /' "$BATS_TEST_TMPDIR/err"
	echo "exit $r"
}

sequence()
{
	cell web dr 1000
	cell twin dr 2000
	printf 'kind: Cell\nmetadata: {name: x}\n---\nkind: None\n---\nkind: Realm\nmetadata: {name: "a b"}\n' \
		>"$BATS_TEST_TMPDIR/many.yaml"
	verb create realm dr
	verb create realm dr
	verb create realm bad_name
	verb create space sp --realm dr
	verb create stack st --realm dr --space sp
	verb create stack st --realm dr --space none
	verb apply -f "$BATS_TEST_TMPDIR/web.yaml"
	verb image load --realm dr "$INSTANCE/image.tar"
	verb image load --realm dr "$BATS_TEST_TMPDIR/web.yaml"
	verb image load --realm dr - <"$INSTANCE/image.tar"
	verb image get --realm dr
	verb image get --realm dr busybox -o json
	verb image inspect --realm dr busybox
	verb image verify --realm dr
	verb image delete --realm dr none
	verb image pull --realm dr localhost:1/none
	verb apply --dry-run -f "$BATS_TEST_TMPDIR/web.yaml"
	verb apply -f "$BATS_TEST_TMPDIR/web.yaml"
	verb apply -f "$BATS_TEST_TMPDIR/web.yaml"
	verb apply -o json -f "$BATS_TEST_TMPDIR/web.yaml"
	verb apply -f "$BATS_TEST_TMPDIR/many.yaml"
	verb run -d -f "$BATS_TEST_TMPDIR/web.yaml"
	verb log web --realm dr --space sp --stack st
	verb log none --realm dr --space sp --stack st
	verb get containers --cell web --realm dr --space sp --stack st
	verb get containers --realm dr -o wide
	verb get spaces --realm dr -o name
	verb get cell nothere
	verb get cell web
	verb get cell web --realm dr --space sp --stack st -o yaml
	verb start cell web --realm dr --space sp --stack st
	verb stop cell web --realm dr --space sp --stack st
	verb get cell web --realm dr --space sp --stack st -o json
	verb start cell web --realm dr --space sp --stack st
	verb kill cell web --realm dr --space sp --stack st
	verb apply -f "$BATS_TEST_TMPDIR/twin.yaml"
	verb get cell --realm dr
	verb stop cell web twin none --realm dr --space sp --stack st
	verb start cell web twin none --realm dr --space sp --stack st
	verb delete -f "$BATS_TEST_TMPDIR/web.yaml" --dry-run
	verb delete stack st --realm dr --space sp
	verb image prune --realm dr
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
