#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# An instance per test: the first init, killed anywhere, and a disk that is full.

load ../helpers/suite

setup()
{
	instance_new
}

teardown()
{
	instance_stop
}

nothing_is_left()
{
	# A namespace that ends takes its links along, a little later.
	assert_equal "$(inst pgrep -x 'kuke|kukeond|kukeshim|runc')" ''
}

@test "init, killed anywhere: init again comes up whole" {
	local n
	for n in 1 40 150 300 $((400 + RANDOM % 200)) $((600 + RANDOM % 200)) $((800 + RANDOM % 400)); do
		quiet traced_engine /dev/null -e "inject=all:signal=KILL:when=$n" -- \
			init --server-configuration "$INSTANCE_CONFIG" >/dev/null 2>&1 || true
		run quiet kuke init --server-configuration "$INSTANCE_CONFIG"
		echo "$n: $output"
		assert_success
		assert_equal "${lines[-1]}" "kukeond is ready (unix://$INSTANCE_SOCKET)"
		assert_equal "$(kuke get space default -o json | jq -r .status.state)" Ready
		run quiet kuke init --server-configuration "$INSTANCE_CONFIG"
		assert_line --index 0 'Kukeon runtime already initialized'
		refute grep -E ': (created|started|missing)' <<<"$output"
		kuke daemon stop
		wait_for 100 nothing_is_left
		# One chain of each kind, however often it was begun.
		assert_equal "$(inst iptables-legacy -S FORWARD | grep -c FORWARD-)" 1
		rm -rf "${INSTANCE_RUN_PATH:?}"/{data,namespaces,locks} "$INSTANCE_RUN_PATH"/.kukeon*
	done
}

@test "a full disk: each verb fails with one line, and works when there is room" {
	truncate -s 24M "$INSTANCE/home/disk"
	mkfs.ext4 -q -m 0 "$INSTANCE/home/disk"
	inst mount -o loop "$INSTANCE/home/disk" "$INSTANCE_RUN_PATH"
	fill() { inst sh -c "dd if=/dev/zero of='$INSTANCE_RUN_PATH/fill' bs=$1 2>/dev/null; true"; }
	files() { inst find "$INSTANCE_RUN_PATH" -type f ! -path '*/locks/*' ! -path '*/kukeond/*' | sort; }
	"$INSTANCE_HELPERS/busybox-image" "$INSTANCE/home/base.tar"

	# Already the first of all verbs.
	fill 64k
	fill 1k
	run quiet kuke init --server-configuration "$INSTANCE_CONFIG"
	assert_failure 1
	inst rm "$INSTANCE_RUN_PATH/fill"
	instance_init

	fill 64k
	files >"$INSTANCE/home/before"
	run kuke image load "$INSTANCE/home/base.tar"
	assert_failure 1
	assert_equal "$(wc -l <<<"$output")" 1
	assert_like "$output" 'Error: ' ... 'no space left on device'
	files | diff "$INSTANCE/home/before" -
	inst rm "$INSTANCE_RUN_PATH/fill"
	kuke image load "$INSTANCE/home/base.tar"

	cell_doc a "$IDLE" >"$INSTANCE/home/doc"
	fill 64k
	fill 1k
	run quiet kuke run -d -f "$INSTANCE/home/doc"
	assert_failure 1
	assert_equal "$(wc -l <<<"$output")" 1
	assert_like "$output" 'Error: ' ... 'no space left on device' ...
	refute monitor_of a
	run kuke create realm r1
	assert_failure 1
	inst rm "$INSTANCE_RUN_PATH/fill"
	refute kuke get realm r1
	quiet kuke apply -f "$INSTANCE/home/doc"
	is_cell_state a Ready

	# It runs on a full disk, can be stopped and deleted there.
	fill 64k
	fill 1k
	quiet kuke delete cell a
	kuke image delete "$IMAGE"
	inst rm "$INSTANCE_RUN_PATH/fill"
	assert [ ! -e "$INSTANCE_RUN_PATH/data/default/default/default/a" ]
}
