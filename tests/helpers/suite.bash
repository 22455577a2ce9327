# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# shellcheck disable=SC2119,SC2120 # functions with optional arguments
#
# The frame of a system test. A bats file begins with
#
#   load ../helpers/suite
#
# and has an instance of its own with the daemon and the image of busybox, what
# instance.bash, cells.bash and assert.bash have, and around each test the leak
# checker: it fails where something is there afterwards that was not before. All of
# that is in the four hooks below. What a file needs otherwise it says by defining
# that hook again; these are for it:
#
#   suite_start [OPTION…] [LINE…]   the instance of the file, or the one that
#                     instance_new has made; each LINE is a further key of the
#                     server configuration: suite_start 'reconcileInterval: 1s'
#     --restarts      tests end the daemon: the leak checker knows it by its name
#     --no-image      no image and no cell so far: suite_warm when there is one
#     --no-init       namespaces only (instance_new)
#   suite_warm        makes and deletes a cell of $IMAGE: the first one leaves
#                     directories that stay as long as their stack
#   suite_snapshot [LEAKCHECK-ARG…]   what has to be there as it is after the test
#   suite_check       compares; of a test that failed it shows what the daemon said,
#                     and cleans up for the next one
#
#   setup_file() { suite_start; busybox_image docker.io/library/other:1; }
#   setup()      { doc=$HERE/doc.yaml; suite_snapshot; }
#
# A file without an instance loads ../helpers/assert only.

# shellcheck source=tests/helpers/cells.bash
. "${BASH_SOURCE[0]%/*}/cells.bash"

setup_file()
{
	suite_start
}

teardown_file()
{
	instance_stop
}

setup()
{
	suite_snapshot
}

teardown()
{
	suite_check
}

suite_start()
{
	local restarts='' image=1 init=1

	while [[ ${1:-} == --* ]]; do
		case $1 in
		--restarts) restarts=1 ;;
		--no-image) image='' ;;
		--no-init) init='' ;;
		*) instance_die "suite_start: unknown option '$1'" || return ;;
		esac
		shift
	done
	[ -n "${INSTANCE:-}" ] || instance_new || return
	export HERE=$INSTANCE/home
	[ $# -eq 0 ] || printf '  %s\n' "$@" >>"$INSTANCE_CONFIG"
	[ -n "$init" ] || return 0
	instance_init || return
	[ -z "$image" ] || { busybox_image >/dev/null && suite_warm; } || return
	[ -z "$restarts" ] || suite_restarts
}

# The end of a daemon is on record from the first one on.
suite_restarts()
{
	export SUITE_SNAPSHOT=--by-name
	restart_daemon
}

suite_warm()
{
	run_cell first true && kuke delete cell first >/dev/null
}

suite_snapshot()
{
	instance_snapshot ${SUITE_SNAPSHOT:+"$SUITE_SNAPSHOT"} "$@"
}

suite_check()
{
	[ -z "${BATS_TEST_COMPLETED:-}" ] || { instance_leakcheck | head -n 30; return "${PIPESTATUS[0]}"; }
	kuke get cells 2>&1 || true
	tail -n 20 "$INSTANCE_RUN_PATH/data/kuke-system/kukeon/kukeon/kukeond/kukeond/log" || true
	daemon_is_back || quiet kuke daemon start || true
	kuke get cells -o json | jq -r '.[] | select(.spec.realmId != "kuke-system")
			| .metadata.name + " --realm " + .spec.realmId + " --space " +
				.spec.spaceId + " --stack " + .spec.stackId' |
		while read -r name where; do
			# shellcheck disable=SC2086
			quiet kuke delete cell "$name" $where </dev/null || true
		done
	kuke get spaces -o json | jq -r '.[] | select(.metadata.name != "default" and
			.spec.realmId == "default") | .metadata.name' |
		while read -r name; do
			quiet kuke delete space "$name" --cascade </dev/null || true
		done
}
