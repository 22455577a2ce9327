# SPDX-License-Identifier: GPL-2.0-or-later
#
# The benchmarks run and print what they promise; how fast is for a quiet machine.

load ../helpers/assert

setup_file()
{
	export top_builddir=${top_builddir:-$(pwd)}
}

@test "exec.sh" {
	local what

	run timeout 3600 "$BATS_TEST_DIRNAME/../bench/exec.sh" -s -n 2
	assert_success
	for what in "kuke exec " "runc exec " "ratio "; do
		assert_line --partial "$what"
	done
}

@test "attach.sh" {
	command -v tmux >/dev/null || skip "tmux is missing"
	run timeout 3600 "$BATS_TEST_DIRNAME/../bench/attach.sh" -n 20 -r 2 -m 1 -c 3
	assert_success
	assert_line --regexp '^key to screen, ms beyond bare -?[0-9.]+, aimed at: at most 1: (reached|missed)$'
	assert_line --regexp '^cat of 1 MB, ratio tmux / kuke [0-9.]+, aimed at: at least 1: (reached|missed)$'
	assert_line --regexp '^first screen, ms [0-9.]+, aimed at: at most 20: (reached|missed)$'
	assert_line --partial 'KiB PSS, mean of 3 '
	assert_line 'wake-ups of kuketty in ten seconds: 0'
}

@test "start.sh pairs a cell with its container" {
	run timeout 3600 "$BATS_TEST_DIRNAME/../bench/start.sh" -n 2
	assert_success
	assert_output --partial "runc run -d"
	assert_output --partial "kuke run -d"
	for step in request cgroup pins link overlay spec save runc; do
		assert_output --partial "  $step "
	done
	# Each durable write is a file and its directory.
	assert_output --regexp 'syncs of one start: ([0-9]+)'
	assert [ "${BASH_REMATCH[1]}" -ge 1 ]
	assert [ "${BASH_REMATCH[1]}" -le 8 ]
	assert_regex "${lines[-1]}" '^ratio [0-9]+\.[0-9][0-9]$'
}

@test "start.sh -s has the built-in profile, and tells what it costs the runtime" {
	run timeout 3600 "$BATS_TEST_DIRNAME/../bench/start.sh" -s -n 1
	assert_success
	assert_output --regexp 'the profile costs runc -?[0-9.]+ ms, cpu -?[0-9.]+ ms'
	assert_regex "${lines[-1]}" '^ratio [0-9]+\.[0-9][0-9]$'
}

@test "start.sh -d is in a space that denies" {
	run timeout 3600 "$BATS_TEST_DIRNAME/../bench/start.sh" -d -n 1
	assert_success
	assert_regex "${lines[-1]}" '^ratio [0-9]+\.[0-9][0-9]$'
}

@test "network.sh measures links, rules and throughput" {
	run timeout 3600 "$BATS_TEST_DIRNAME/../bench/network.sh" -n 4 -r 2 -s 3 -t 1
	assert_success
	assert_output --regexp "attach: [0-9.]+ ms by the daemon's log, -?[0-9.]+ ms beyond a cell on the host's network; plugin bridge -?[0-9.]+ ms"
	assert_output --regexp 'crowd: cell 1: [0-9.]+ ms, [0-9.]+ ms with its start; cell 4: [0-9.]+ ms'
	for backend in legacy nft; do
		assert_output --regexp "rules of 3 spaces, $backend: [0-9.]+ ms .*, [0-9.]+ ms where they stood"
		assert_output --regexp "rules $backend [0-9.]+, aimed at: at most 200: (reached|missed)"
	done
	command -v iperf3 >/dev/null || return 0 # of ./bootstrap deps bench
	for what in cell outside; do
		assert_output --regexp "$what: [0-9]+ Mbit/s, bare [0-9]+ Mbit/s"
		assert_output --regexp "$what [0-9.]+, aimed at: at least 0.95: (reached|missed)"
	done
}

@test "log.sh prints a log like cat does, and through the daemon" {
	run timeout 3600 "$BATS_TEST_DIRNAME/../bench/log.sh" -n 2 -m 20000
	assert_success
	assert_line "1.3 MB"
	for what in cat 'kuke log' 'kuke log -t' 'kuke log by the daemon' 'kuke log -t by the daemon'; do
		assert_line --regexp "^$what +[0-9.]+ ms wall \\(minimum [0-9.]+\\), [0-9.]+ times cat$"
	done
	assert_regex "${lines[-1]}" '^ratio [0-9]+\.[0-9][0-9]$'
}

@test "names.sh asks for names where a space denies, of kukedns and of dnsmasq" {
	run timeout 3600 "$BATS_TEST_DIRNAME/../bench/names.sh" -n 5 -c 3 -q 200 -s 2
	assert_success
	assert_line "without a space that denies: 0 processes of kukedns and its keeper"
	for backend in legacy nft; do
		assert_output --regexp "cached, $backend: kukedns [0-9]+ us, worst [0-9]+"
		# Each name that nobody has asked for opens an address, one whose TTL is over does not.
		for row in "over:0" "apart:5" "in turn:5"; do
			assert_output --regexp "uncached ${row%:*}, $backend: direct [0-9]+ us, .*; ${row#*:} changes of the packet filter"
			assert_output --regexp "uncached ${row%:*} $backend ms more -?[0-9.]+, aimed at: at most 1: (reached|missed)"
		done
		assert_output --regexp "load, $backend: 3 cells, 200 a second for 2 s: 400 asked, [0-9]+ answered, .*; [1-9][0-9]* changes of the packet filter"
		assert_output --regexp "load, $backend: cpu [0-9]+ ms by kukedns, [0-9]+ ms by its keeper; afterwards [1-9][0-9]* KiB PSS and [1-9][0-9]* KiB"
	done
	assert_line "processes afterwards 0.00, aimed at: at most 0: reached"
	command -v dnsmasq >/dev/null || return 0 # of ./bootstrap deps bench
	for backend in legacy nft; do
		assert_output --regexp "cached, $backend: .*; dnsmasq [0-9]+ us, worst [0-9]+; ratio [0-9.]+"
	done
	assert_output --regexp "load, of dnsmasq from one cell: 400 asked, [0-9]+ answered, [0-9]+ lost, "
}

@test "footprint.sh measures what idles" {
	run timeout 3600 "$BATS_TEST_DIRNAME/../bench/footprint.sh" -n 3 -s 20
	assert_success
	for what in "kukeond idle: " "kukeshim: " "kuke version: " "installed: " " KiB, kuke alone "; do
		assert_output --partial "$what"
	done
	assert_output --regexp $'\nratio kuke version / true [0-9]+\\.[0-9][0-9]\n'
}

# The short form: what it counts has to be right, and nothing may be left.
@test "many.sh fills a host and empties it again" {
	run timeout 3600 "$BATS_TEST_DIRNAME/../bench/many.sh" -n 200 -r 1 -c 20 -p 0
	assert_success
	for n in 0 50 100 199; do
		assert_output --regexp "after +$n cells: cell [0-9.]+ ms wall, .*; runc beside [0-9.]+, apart [0-9.]+: ratio [0-9]+\.[0-9][0-9]"
	done
	for what in "create of 20 by four: kuke " "delete of 20 by four: kuke " "apply -f of 20: " "get cells: " \
		"get containers: " "monitors: " "kukeond: " "kernel memory: " "pass over 200 cells: " "delete -f of 200: "; do
		assert_output --partial "$what"
	done
	assert_line "cells that are Ready: 200"
	assert_output --regexp 'mounts of the host: [0-9]+ before, [0-9]+ with 200 cells'
	assert_line "left: nothing"
}

# What bigimage.sh makes, of one small layer.
small_image()
{
	local manifest layer dir=$1

	[ ! -e "$dir/layers/0.tar.gz" ] || return 0
	mkdir -p "$dir/layers"
	(cd "$dir" && umoci init --layout big && umoci new --image big:latest &&
		umoci unpack --image big:latest b && cp "$(command -v busybox)" b/rootfs/sh &&
		umoci repack --image big:latest b &&
		skopeo copy -q oci:big:latest oci-archive:big.oci.tar:localhost/big:latest &&
		skopeo copy -q oci:big:latest docker-archive:big.docker.tar:localhost/big:latest) >/dev/null
	manifest=$(jq -r '.manifests[0].digest' "$dir/big/index.json")
	layer=$(jq -r '.layers[0].digest' "$dir/big/blobs/sha256/${manifest#sha256:}")
	cp "$dir/big/blobs/sha256/${layer#sha256:}" "$dir/layers/0.tar.gz"
}

@test "load.sh pairs loading an image with the floor under it" {
	small_image "$BATS_FILE_TMPDIR/images"
	run timeout 3600 "$BATS_TEST_DIRNAME/../bench/load.sh" -n 1 -i "$BATS_FILE_TMPDIR/images"
	assert_success
	assert_like "$output" ... "floor " ... "kuke " ... "peak of one process " ...
	assert_regex "${lines[-1]}" '^ratio kuke / floor [0-9]+\.[0-9][0-9]$'
}

@test "pull.sh pairs pulling an image with the floor under it" {
	small_image "$BATS_FILE_TMPDIR/images"
	run timeout 3600 "$BATS_TEST_DIRNAME/../bench/pull.sh" -n 1 -i "$BATS_FILE_TMPDIR/images"
	assert_success
	assert_like "$output" ... "floor " ... "kuke " ... "again: " ... "peak: kukefetch " ...
	assert_regex "${lines[-1]}" '^ratio kuke / floor [0-9]+\.[0-9][0-9]$'
}
