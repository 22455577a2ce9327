#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What is mounted in a container: in which order, with which modes and options, and
# /run, which begins with what the image has there.

load ../helpers/suite

setup()
{
	rm -rf "${HERE:?}/a" "$HERE/b"
	mkdir -p "$HERE/a" "$HERE/b"
	echo a >"$HERE/a/name"
	echo b >"$HERE/b/name"
	suite_snapshot -x "$INSTANCE_RUN_PATH/namespaces"
}

done_times()
{
	assert [ "$(grep -c '^\.done$' "$(cell_dir s)/main/log")" -ge "$1" ]
}

# output_of SCRIPT [YAML]: what SCRIPT printed in each of three starts, if it is the same.
output_of()
{
	local n

	run_cell s "$1; echo .done; exec sleep 1000" "${2:-}"
	for n in 1 2 3; do
		[ "$n" = 1 ] || quiet kuke start cell s >/dev/null
		wait_for 300 done_times "$n"
		quiet kuke kill cell s >/dev/null
	done
	output=$(logs s | sed '/^\.done$/d')
	quiet kuke delete cell s >/dev/null
	echo "$output"
	n=$(($(wc -l <<<"$output") / 3))
	assert_output "$(head -n $n <<<"$output"; head -n $n <<<"$output"; head -n $n <<<"$output")" || return
	output=$(head -n $n <<<"$output")
}

image()
{
	"$INSTANCE_HELPERS/odd-image" "$INSTANCE/odd.tar" "docker.io/library/$1:latest" "$2" "${3:-.}"
	kuke image load "$INSTANCE/odd.tar" >/dev/null
	rm "$INSTANCE/odd.tar"
	IMAGE=docker.io/library/$1:latest
}

gone()
{
	quiet kuke image delete "$IMAGE" >/dev/null
}

@test "a tmpfs has the mode that was asked for at every start" {
	image modes 'chmod 700 dev; mkdir -m 4750 opt'
	output_of 'stat -c "%a %u" /data /root /tmp /opt /none /plain /dev /dev/shm /run' \
		"volumes: [{kind: tmpfs, target: /data, mode: 01777}, {kind: tmpfs, target: /root, mode: 0777}, {kind: tmpfs, target: /plain}]
tmpfs: [{path: /tmp, options: [mode=0700]}, {path: /opt, options: ['size=1m,mode=1770']}, {path: /none}]"
	assert_output $'1777 0\n777 0\n700 0\n1770 0\n1777 0\n1777 0\n755 0\n1777 0\n755 0'
	output_of 'stat -c %a /dev /dev/shm /dev/shm/x; [ -c /dev/null ] && df -k /dev/shm | tail -n1 | tr -s " " | cut -d" " -f2' \
		"volumes: [{kind: tmpfs, target: /dev, mode: 0751}, {kind: tmpfs, target: /dev/shm, sizeBytes: 1048576, mode: 0710}]
tmpfs: [{path: /dev/shm/x, options: [mode=711]}]"
	assert_output $'751\n710\n711\n1024'
	gone
}

@test "the example of a service starts again with its tmpfs" {
	quiet kuke apply -f "${BATS_TEST_DIRNAME:?}/../../data/examples/long-running.yaml"
	wait_for 300 log_has clock 'it is' ticker
	quiet kuke stop cell clock
	: >"$(cell_dir clock)/ticker/log"
	quiet kuke start cell clock
	wait_for 300 log_has clock 'it is' ticker
	refute log_has clock 'Permission denied' ticker
	assert_equal "$(cell_state clock)" Ready
	quiet kuke delete cell clock --force
}

@test "mounts come parents first, in whatever list and order" {
	echo key >"$HERE/key"
	mkdir -p "$HERE/a/here"
	output_of 'cat /v/name /v/in/name /v/in/deep/name /t/name /t/key /run/v/name /dev/shm/v/name /etc/key; grep -c localhost /etc/hosts
		touch /v/here/x /v/in/x /t/x /v/in/deep/x /etc/x 2>/dev/null; ls /v/here /t' \
		"volumes:
  - {source: $HERE/b, target: /v/in/deep, readOnly: true}
  - {source: $HERE/a, target: /t}
  - {source: $HERE/a, target: /v/in}
  - {source: $HERE/b, target: /run/v}
  - {source: $HERE/b, target: /dev/shm/v}
  - {kind: tmpfs, target: /v/here}
  - {source: $HERE/b, target: /v}
tmpfs: [{path: /etc}, {path: /t/here}]
secrets: [{name: k, fromFile: $HERE/key, mountPath: /t/key}, {name: l, fromFile: $HERE/key, mountPath: /etc/key}]"
	assert_output --regexp $'^b\na\nb\na\nkey\nb\nb\nkey\n2\n/t:\n(here\nin|deep\nhere)\nkey\nname\nx\n\n/v/here:\nx$'
	assert [ -e "$HERE/a/x" ]
	assert [ ! -e "$HERE/b/x" ]
	assert [ -d "$HERE/b/in" ] # the mount points stay in the volume
	assert_equal "$(ls "$HERE/a/here")" ''
	inst cat /proc/self/mountinfo >"$HERE/mounts"
	refute grep -q "$HERE" "$HERE/mounts"
}

@test "a mount point is not made in a volume that is read-only" {
	run quiet kuke run -d -f - < <(cell_doc s 'sleep 1000' \
		"volumes: [{source: $HERE/a, target: /v, readOnly: true}, {source: $HERE/b, target: /v/new}]")
	assert_failure 1
	assert_like "$output" ... "volume \"/v/new\": make the mount point 'new' in volume \"/v\": read-only file system"
	assert [ ! -e "$HERE/a/new" ]
	quiet kuke delete cell s --force
	mkdir "$HERE/a/new"
	output_of 'cat /v/new/name; touch /v/new/x && echo written; touch /v/x 2>/dev/null || echo kept' \
		"volumes: [{source: $HERE/b, target: /v/new}, {source: $HERE/a, target: /v, readOnly: true}]"
	assert_output $'b\nwritten\nkept'
}

@test "the same place twice is refused" {
	local v
	for v in "volumes: [{source: $HERE/a, target: /d}, {source: $HERE/b, target: /d/}]" \
		$'volumes: [{source: /tmp, target: /x/../d}]\ntmpfs: [{path: /d}]' \
		$'tmpfs: [{path: /d}]\nsecrets: [{name: s, fromFile: /etc/hostname, mountPath: //d}]'; do
		run quiet kuke run -d -f - < <(cell_doc s true "$v")
		assert_failure 1
		assert_output --partial 'container "main": two mounts at the same place ('
	done
	# A default of the space is found before anything is made, too.
	printf 'apiVersion: v1beta1\nkind: Space\nmetadata: {name: twice}\nspec: {realmId: default, defaults: {container: {tmpfs: [{path: /d/}]}}}\n' |
		quiet kuke apply -f - >/dev/null
	quiet kuke create stack t --space twice >/dev/null
	run quiet kuke run -d -f - < <(IN="default twice t" cell_doc s true "volumes: [{source: $HERE/a, target: /d}]")
	assert_failure 1
	assert_output --partial 'two mounts at the same place ('
	quiet kuke delete space twice --cascade >/dev/null
}

@test "options of a tmpfs are the kernel's and the mount's" {
	run_cell s 'mount | grep " /t "; mount | grep " /u "; echo x >/u/x || echo ro; exec sleep 1000' \
		"tmpfs: [{path: /t, options: ['size=1m,mode=1777', ' ', noexec, inode32, nosymfollow, dirsync, lazytime, rslave]}, {path: /u, options: [ro, dev, suid, noatime, private]}]"
	wait_for 300 log_has s '^ro$'
	run logs s
	echo "$output"
	assert_like "${lines[0]}" ... 'nosuid,nodev,noexec' ... 'size=1024k' ...
	for option in nosymfollow dirsync lazytime; do
		assert_line --index 0 --partial "$option"
	done
	assert_line --index 1 --partial '(ro,noatime'
	quiet kuke delete cell s --force
	run quiet kuke run -d -f - < <(cell_doc s true "tmpfs: [{path: /t, options: ['size=1m,defaults']}]")
	assert_failure 1
	assert_like "$output" ... 'tmpfs option is not valid (tmpfs[0] option "size=1m,defaults")'
	run quiet kuke run -d -f - < <(cell_doc s true "tmpfs: [{path: /t, options: ['mpol=bind:1000']}]")
	assert_failure 1
	assert_output --partial 'tmpfs "/t": tmpfs option "mpol=bind:1000" is not one of this kernel'
	quiet kuke delete cell s --force
}

@test "/run begins with what the image has there, at every start" {
	# shellcheck disable=SC2016
	image run 'mkdir -p run/mysqld/deep run/lock; echo conf >run/mysqld/conf; ln -s /tmp run/mysqld/link
		mkfifo -m 622 run/mysqld/fifo; chown -R 100:101 run/mysqld; chmod 4755 run/mysqld/conf; chmod 2775 run/mysqld; chmod 1777 run/lock run' \
		'.config.User = "100:101"'
	output_of 'cd /run; echo *; stat -c "%n %a %u %g %F" . lock mysqld mysqld/*; readlink mysqld/link; cat mysqld/conf
		echo 1 >mysqld/pid && echo changed >mysqld/new && rm mysqld/deep -r; touch x 2>/dev/null || echo root only' \
		'readOnlyRootFilesystem: true'
	assert_output 'lock mysqld
. 755 0 0 directory
lock 1777 0 0 directory
mysqld 2775 100 101 directory
mysqld/conf 4755 100 101 regular file
mysqld/deep 755 100 101 directory
mysqld/fifo 622 100 101 fifo
mysqld/link 777 100 101 symbolic link
/tmp
conf
root only'
	output_of 'stat -c "%a %u" /run/mysqld; cat /run/mysqld/name' \
		"volumes: [{source: $HERE/a, target: /run/mysqld}]"
	assert_like "$output" ... a
	gone
}

@test "/run that is a link, or is behind one" {
	image runlink 'mkdir -p var/run/app; ln -s var/run run; chown 7 var/run/app'
	output_of 'cat /run/v/name /var/run/v/name; stat -c %u /run/app /var/run/app; touch /run/x; ls /var/run | grep -c x; readlink /run' \
		"volumes: [{source: $HERE/a, target: /run/v}]"
	assert_output $'a\na\n7\n7\n1\nvar/run'
	gone
	image runlink 'mkdir -p run/app; ln -s /run var/run'
	output_of 'cat /run/v/name /var/run/v/name; ls /run; readlink /var/run' \
		"volumes: [{source: $HERE/a, target: /var/run/v}]"
	assert_output $'a\na\napp\nv\n/run'
	output_of 'cat /run/name /var/run/name' "volumes: [{source: $HERE/b, target: /var/run}]"
	assert_output $'b\nb'
	gone
	image runlink 'echo file >run'
	output_of 'touch /run/x; ls /run'
	assert_output x
	gone
}

@test "more in /run than it can hold is told, and how to give it room" {
	image big 'mkdir -p run/app; truncate -s 70M run/app/big'
	run quiet kuke run -d -f - < <(cell_doc s 'exec sleep 1000')
	assert_failure 1
	assert_equal "${lines[-1]}" "Error: failed to start container default_default_s_main: directory \"/run\": what the image has below '/run' does not fit into the tmpfs there; give it more with a tmpfs of your own: {path: /run, sizeBytes: ..., options: [tmpcopyup, mode=755]}"
	quiet kuke delete cell s --force
	output_of 'stat -c %s /run/app/big; stat -c %a /run' \
		"tmpfs: [{path: /run, sizeBytes: 134217728, options: [tmpcopyup, mode=755]}]"
	assert_output $'73400320\n755'
	gone
}

@test "a cell that is named like this machine has no line in the hosts file" {
	local name
	run_cell real 'exec sleep 1000'
	for name in localhost LocalHost ip6-loopback; do
		run_cell "$name" 'exec sleep 1000'
	done
	run cat "$(cell_dir real)/etc-hosts"
	echo "$output"
	assert_equal "$(grep -ci localhost <<<"$output")" 2
	assert_equal "$(grep -c ip6-loopback <<<"$output")" 1
	assert_not_equal "$(cell_ip real)" ''
	for name in localhost LocalHost ip6-loopback real; do
		quiet kuke delete cell "$name" --force
	done
}
