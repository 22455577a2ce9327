#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Images, volumes and containers that want the runtime to write to the host, or to see
# it: one kind of attack after the other. The canary is a directory of the host that
# nothing may touch; each image that leads there is started more than once.

LIST=docker.io/library

setup_file()
{
	load ../helpers/cells
	suite_start
}

teardown_file()
{
	load ../helpers/cells
	instance_stop
}

setup()
{
	load ../helpers/cells
	CANARY=$INSTANCE/home/canary
	rm -rf "$CANARY"
	mkdir -p "$CANARY/sub"
	echo ptmx >"$CANARY/ptmx"
	echo hosts >"$CANARY/hosts"
	state >"$INSTANCE/home/before"
	# No reference counts in what is compared: images come and go in a test.
	instance_snapshot -x "$INSTANCE_RUN_PATH/namespaces"
}

teardown()
{
	suite_check
}

# All there is to see of the canary.
state()
{
	(cd "$CANARY" && find . -printf '%p %y %m %U %G %s %l %i %C@\n' | sort)
}

unharmed()
{
	diff "$INSTANCE/home/before" <(state)
}

# image NAME SCRIPT [JQ]: see odd-image; HOST in SCRIPT is the canary.
image()
{
	"$INSTANCE_HELPERS/odd-image" "$INSTANCE/odd.tar" "$LIST/$1:latest" "HOST=$CANARY; $2" "${3:-.}"
	kuke image load "$INSTANCE/odd.tar" >/dev/null
	rm "$INSTANCE/odd.tar"
	IMAGE=$LIST/$1:latest
}

gone()
{
	quiet kuke delete cell c --force >/dev/null 2>&1 || true
	quiet kuke image delete "$IMAGE" >/dev/null
}

# up SCRIPT [YAML]: the cell c runs SCRIPT, stops and runs it again; both outputs in $output.
up()
{
	local n

	run_cell c "$1; echo .done; exec sleep 1000" "${2:-}"
	for n in 1 2; do
		[ "$n" = 1 ] || quiet kuke start cell c >/dev/null
		wait_for 15 done_times "$n"
		quiet kuke kill cell c >/dev/null
	done
	output=$(logs c | sed '/^\.done$/d')
}

done_times()
{
	[ "$(grep -c '^\.done$' "$(cell_dir c)/main/log")" -ge "$1" ]
}

# refused TEXT [YAML]: no start of the cell c, and TEXT says why.
refused()
{
	run quiet kuke run -d -f - < <(cell_doc c 'exec sleep 1000' "${2:-}")
	echo "$output"
	[ "$status" -eq 1 ]
	[[ $output == *"$1"* ]]
}

same_twice()
{
	echo "$output"
	[ "$output" = "$1"$'\n'"$1" ]
}

@test "an image whose /dev is a link to the host" {
	local script look='[ ! -L /dev ] && [ -d /dev ] && [ -c /dev/null ] && readlink /dev/ptmx'
	# shellcheck disable=SC2016
	for script in \
		'rm -rf dev; ln -s $HOST dev' \
		'rm -rf dev; ln -s ../../../../../../../../../../..$HOST dev' \
		'rm -rf dev; ln -s a dev; ln -s b a; ln -s $HOST b' \
		'rm -rf dev; ln -s proc/self/root$HOST dev' \
		'rm -rf dev; ln -s dev dev' \
		'rmdir dev; echo file >dev; chmod 4777 dev' \
		'rmdir dev; mkfifo dev' \
		'rm -rf dev'; do
		image dev "$script"
		up "$look"
		same_twice pts/ptmx
		unharmed
		gone
		image dev "$script"
		up "$look" $'readOnlyRootFilesystem: true\nuser: "1000"'
		same_twice pts/ptmx
		unharmed
		gone
	done
}

@test "links below /dev, and /proc, /sys, /run that are links to the host" {
	# shellcheck disable=SC2016
	image below 'for f in pts shm mqueue ptmx fd stdin null console; do ln -s $HOST dev/$f; done
		rmdir proc sys; ln -s $HOST proc; ln -s ../../../../..$HOST sys; ln -s $HOST run'
	up 'mount | grep -Ec " on (/proc|/dev/pts|/dev/shm|/dev/mqueue|/sys) "; [ -d /proc/self ] && [ ! -L /proc ]; echo $?; touch /run/x; echo $?'
	same_twice $'5\n0\n0'
	unharmed
	gone
}

@test "the places of the cell's files are links" {
	# shellcheck disable=SC2016
	image etc 'rm -rf etc; ln -s $HOST etc'
	up 'grep -c localhost /etc/hosts; cat /etc/hostname'
	same_twice $'2\nc'
	unharmed
	gone
	# shellcheck disable=SC2016
	image etc 'ln -s $HOST/hosts etc/hosts; ln -s $HOST/new etc/hostname; ln -s ../proc/1/root$HOST/ptmx etc/resolv.conf'
	up 'grep -c localhost /etc/hosts; cat /etc/hostname; [ ! -L /etc/resolv.conf ]; echo $?' 'readOnlyRootFilesystem: true'
	same_twice $'2\nc\n0'
	unharmed
	gone
}
