#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Images, volumes and containers that want the runtime to write to the host, or to see
# it: one kind of attack after the other. The canary is a directory of the host that
# nothing may touch; each image that leads there is started more than once.

load ../helpers/suite

LIST=docker.io/library

setup()
{
	CANARY=$INSTANCE/home/canary
	rm -rf "$CANARY"
	rm -rf "${HERE:?}/vol" "$HERE/fake"
	mkdir -p "$CANARY/sub" "$HERE/vol"
	echo ptmx >"$CANARY/ptmx"
	echo hosts >"$CANARY/hosts"
	state >"$INSTANCE/home/before"
	# No reference counts in what is compared: images come and go in a test.
	suite_snapshot -x "$INSTANCE_RUN_PATH/namespaces"
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

# The cell is gone, whether there was one or not.
clear()
{
	quiet kuke delete cell c --force >/dev/null 2>&1 || true
}

gone()
{
	clear
	quiet kuke image delete "$IMAGE" >/dev/null
}

# up SCRIPT [YAML]: the cell c runs SCRIPT, stops and runs it again; both outputs in $output.
up()
{
	local n

	run_cell c "$1; echo .done; exec sleep 1000" "${2:-}"
	for n in 1 2; do
		[ "$n" = 1 ] || quiet kuke start cell c >/dev/null
		wait_for 300 done_times "$n"
		quiet kuke kill cell c >/dev/null
	done
	output=$(logs c | sed '/^\.done$/d')
}

done_times()
{
	assert [ "$(grep -c '^\.done$' "$(cell_dir c)/main/log")" -ge "$1" ]
}

# refused TEXT [YAML]: no start of the cell c, and TEXT says why.
refused()
{
	run quiet kuke run -d -f - < <(cell_doc c 'exec sleep 1000' "${2:-}")
	assert_failure 1
	assert_output --partial "$1"
}

same_twice()
{
	assert_output "$1"$'\n'"$1"
}

# sums: of every program that a container's start runs on the host.
sums()
{
	sha256sum "$(command -v runc)" "$INSTANCE_BINDIR/kuke" "$INSTANCE_BINDIR/src/kukeshim/kukeshim"
}

@test "an entrypoint that is the runtime itself does not change a program of the host" {
	local before
	before=$(sums)
	# Whoever runs this runs what runs it, and has it open.
	# shellcheck disable=SC2016
	image exe 'mkdir x; printf "#!/proc/self/exe\n" >init; chmod 755 init
		printf "#!/bin/sh\nfor f in /proc/[0-9]*/exe; do echo x >\$f; done 2>/dev/null\n" >try; chmod 755 try' \
		'.config.Entrypoint = ["/init"] | .config.Cmd = null'
	sed '/command: sh/d; /args:/d' < <(cell_doc c '') | quiet kuke run -d -f - || true
	clear
	run_cell c '/try; echo .done; exec sleep 1000'
	wait_for 300 log_has c '^.done$'
	assert_equal "$(sums)" "$before"
	gone
}

@test "a working directory that leads to a directory of the runtime's" {
	local dir
	# shellcheck disable=SC2016
	image cwd 'ln -s /proc/self/fd/7 a; ln -s a b; mkdir d; ln -s ../../proc/self d/c
		ln -s /proc/1/root$HOST e; mkdir -p proc; ln -s /bin proc/self' \
		'.config.WorkingDir = "/b"'
	refused "working directory '/b' leads to '/proc/self/fd/7'"
	for dir in /a/.. /a/../../../.. /b/x /d/c /d/c/cwd /e /proc/self /proc/self/fd/8 /proc/1/cwd; do
		clear
		run quiet kuke run -d -f - < <(cell_doc c 'pwd; ls' "workingDir: $dir")
		echo "$dir: $output"
		case $dir in
		*/..) [ "$status" -eq 0 ] ;;
		*) assert_failure 1 && assert_output --partial "orking directory '$dir'" ;;
		esac
	done
	clear
	up 'pwd; ls -l /proc/self/fd 2>/dev/null | sed -n "s/.* \([0-9]*\) ->.*/\1/p" | tr -d "\n"; echo' 'workingDir: /d'
	same_twice $'/d\n012'
	gone
}

@test "a mount point in a volume that another cell keeps changing" {
	local n
	image race ''
	mkdir -p "$HERE/vol/sub"
	run_cell other 'cd /vol; while :; do rm -rf t; mkdir t; rmdir t; ln -s '"$CANARY"' t; rm t; ln -s ../../../../../../../..'"$CANARY"' t; done' \
		"volumes: [{source: $HERE/vol, target: /vol}]"
	run_cell c 'exec sleep 1000' "volumes: [{source: $HERE/vol, target: /vol}]"
	cell_doc c 'mount | grep -c " on /vol/t/s "; exec sleep 1000' \
		"volumes: [{source: $HERE/vol, target: /vol}, {kind: tmpfs, target: /vol/t/s}, {source: $HERE/vol, target: /vol/t/v}]
tmpfs: [{path: /vol/t/o, options: [mode=700]}]" >"$HERE/c.yaml"
	for n in {1..25}; do
		clear
		run quiet kuke run -d -f "$HERE/c.yaml"
		[ "$status" -eq 0 ] || assert_output --regexp ' in volume "/vol"|mount at'
		unharmed
	done
	inst cat /proc/self/mountinfo >"$HERE/mounts"
	refute grep -q "canary" "$HERE/mounts"
	quiet kuke delete cell other --force
	rm -rf "$HERE/vol"
	mkdir -p "$HERE/vol"
	ln -s "$CANARY" "$HERE/vol/t"
	clear
	run quiet kuke run -d -f "$HERE/c.yaml"
	assert_output --partial "'t' in volume \"/vol\" is a symbolic link: nothing can be mounted there"
	unharmed
	gone
}

@test "what hides files of the kernel is the container's own null device" {
	local before
	before=$(cat /proc/sys/kernel/core_pattern)
	image null 'ln -s /proc/sys/kernel/core_pattern dev/null; ln -s /proc/sysrq-trigger dev/zero'
	# shellcheck disable=SC2016
	up 'stat -c "%F %t:%T" /dev/null; for f in /proc/sys/kernel/core_pattern /proc/keys /proc/kcore; do echo "|x" >$f; done 2>/dev/null; wc -c </proc/keys'
	same_twice $'character special file 1:3\n0'
	assert_equal "$(cat /proc/sys/kernel/core_pattern)" "$before"
	mkdir -p "$HERE/fake"
	ln -s /proc/sys/kernel/core_pattern "$HERE/fake/null"
	clear
	refused 'container "main": a volume at /dev needs privileged: true (volume[0] target "/dev/.")' \
		"volumes: [{source: $HERE/fake, target: /dev/.}]"
	assert_equal "$(cat /proc/sys/kernel/core_pattern)" "$before"
	gone
}

@test "there is no console for the runtime to bind, whatever stands for it" {
	# shellcheck disable=SC2016
	image console 'mkdir dev/pts; ln -s $HOST/ptmx dev/pts/0; ln -s $HOST/sub dev/console; ln -s /proc/sysrq-trigger dev/pts/1'
	up 'ls /dev/pts; [ -e /dev/console ]; echo $?'
	same_twice $'ptmx\n1'
	unharmed
	gone
}

@test "nothing is mounted over the kernel's file systems" {
	local at what
	mkdir -p "$HERE/fake/self/attr"
	image kernel 'ln -s /proc data; mkdir deep; ln -s ../sys/kernel deep/k; ln -s self/attr proc/a; ln -s ../proc/a deep/p'
	for at in /proc /proc/ /proc/self/attr //proc//sys /x/../proc/1 /sys /sys/fs/cgroup /sys/kernel/; do
		refused "volume target is not allowed (volume[0] target \"$at\")" \
			"volumes: [{source: $HERE/fake, target: $at}]"
		refused "volume target is not allowed (volume[0] target \"$at\")" \
			"volumes: [{kind: tmpfs, target: $at}]"
		refused "tmpfs path is not allowed (tmpfs[0] path \"$at\")" "tmpfs: [{path: $at}]"
		refused "secret mountPath is not allowed" \
			"secrets: [{name: s, fromFile: /etc/hostname, mountPath: $at}]"
	done
	for at in "/data/self|/proc" "/data|/proc" "/deep/k/x|/sys" "/deep/p|/proc"; do
		for what in "volumes: [{source: $HERE/fake, target: ${at%|*}}]" \
			"volumes: [{kind: tmpfs, target: ${at%|*}}]" "tmpfs: [{path: ${at%|*}}]"; do
			clear
			refused "\"${at%|*}\": '${at%|*}' leads to '${at#*|}' in the container's root, which is in a kernel file system" "$what"
		done
	done
	gone
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
		clear
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

@test "targets of volumes, tmpfs and secrets that are links to the host" {
	echo word >"$HERE/secret"
	# shellcheck disable=SC2016
	image targets 'ln -s $HOST data; ln -s ../../../../../..$HOST/sub deep; ln -s $HOST/hosts file; ln -s $HOST/none s; ln -s loop loop'
	up 'mount | grep -c "canary"; cat /s; touch /data/x /deep/y; echo $?' \
		"volumes: [{source: $HERE/vol, target: /data}, {kind: tmpfs, target: /deep}, {source: $HERE/secret, target: /file}]
secrets: [{name: s, fromFile: $HERE/secret, mountPath: /s}]
tmpfs: [{path: /deep/more}]"
	same_twice $'5\nword\n0'
	unharmed
	assert [ -e "$HERE/vol/x" ]
	clear
	refused "volume \"/loop/x\": '/loop/x' leads to '/loop' in the container's root, which is a link that leads through too many links" \
		"volumes: [{source: $HERE/vol, target: /loop/x}]"
	gone
}

@test "a container that has prepared its own root for its next start" {
	local script
	image own ''
	# shellcheck disable=SC2016
	script='n=$(cat /n 2>/dev/null || echo 0); echo $((n + 1)) >/n
		if [ -d /data/sub ]; then umount /data/sub; fi
		[ -L /dev ] && echo link; [ -c /dev/null ] && echo device; touch /data/x && echo mounted
		umount -l /data /run /dev/pts /dev/shm /dev/mqueue /dev /sys /proc /etc/hosts
		rm -rf /dev /data /run /sys /proc /etc/hosts
		for f in dev data run sys proc etc/hosts; do ln -s HOST /$f; done
		[ $n -ge 2 ] || exit 1
		echo .done; exec sleep 1000'
	run_cell c "${script//HOST/$CANARY}" "privileged: true
restartPolicy: on-failure
volumes: [{source: $HERE/vol, target: /data}]"
	wait_for 400 log_has c '^.done$'
	unharmed
	quiet kuke kill cell c
	quiet kuke start cell c
	wait_for 300 done_times 2
	unharmed
	assert_equal "$(logs c | grep -c '^device$')" 4
	assert_equal "$(logs c | grep -c '^mounted$')" 4
	refute log_has c '^link$'
	gone
}

@test "the inheritable set is empty, whatever the user" {
	image inh ':' '.config.User = "1000:1000"'
	up 'grep -E "^Cap(Inh|Amb|Eff)" /proc/self/status | tr -d "\t\n"; echo'
	same_twice CapInh:0000000000000000CapEff:0000000000000000CapAmb:0000000000000000
	clear
	up 'grep -E "^Cap(Inh|Amb)" /proc/self/status | tr -d "\t\n"; echo' 'user: "0"'
	same_twice CapInh:0000000000000000CapAmb:0000000000000000
	gone
}

@test "a user of the image has its groups there, and no others" {
	image groups 'echo "bob:x:1000:100::/:/bin/sh" >>etc/passwd
		printf "users:x:100:\ngrp:x:200:x,bob,y\nnot:x:300:bobby\nother:x:201:bob\n" >>etc/group' \
		'.config.User = "bob"'
	up 'id -u; id -G'
	same_twice $'1000\n100 200 201'
	clear
	up 'id -u; id -G' 'user: "1000:1000"'
	same_twice $'1000\n1000'
	gone
}

# shellcheck disable=SC2030
@test "a directory of the host at /dev is left as it is" {
	mkdir "$CANARY/shm"
	mknod "$CANARY/null" c 1 3
	state >"$INSTANCE/home/before"
	image dev ''
	up 'cat /dev/ptmx; ls /dev; mount | grep -c " /dev"' \
		$'privileged: true\nvolumes: '"[{source: $CANARY, target: /dev}]"
	same_twice $'ptmx\nhosts\nnull\nptmx\nshm\nsub\n1'
	unharmed
	clear
	up 'cat /dev/ptmx; touch /dev/shm/x; ls /dev/shm; mount | grep -c " /dev"' \
		$'privileged: true\nvolumes: '"[{source: $CANARY, target: /dev}, {kind: tmpfs, target: /dev/shm}]"
	same_twice $'ptmx\nx\n2'
	unharmed
	gone
}

# runtime_is VERSION: what calls itself runc tells this version, and is the host's runc.
# shellcheck disable=SC2016,SC2031
runtime_is()
{
	printf '#!/bin/sh\n[ "$1" != --version ] || { echo "runc version %s"; exit; }\nexec %s "$@"\n' \
		"$1" "$(command -v runc)" >"$HERE/bin/runc"
	chmod 755 "$HERE/bin/runc"
	run quiet inst env PATH="$HERE/bin:$PATH" "$INSTANCE_BINDIR/kuke" init \
		--server-configuration "$INSTANCE_CONFIG"
	assert_success
}

@test "init names the holes that the runtime is too old for" {
	mkdir -p "$HERE/bin"
	runtime_is 1.1.5
	assert_output --partial "warning: runc 1.1.5 ($HERE/bin/runc) is older than the fixes of CVE-2024-21626 (fixed in 1.1.12), CVE-2025-31133, CVE-2025-52565 and CVE-2025-52881 (fixed in 1.2.8, 1.3.3 or 1.4.0-rc.3), CVE-2026-41579 (fixed in 1.3.6, 1.4.3 or 1.5.0-rc.3); kukeon keeps images from using these holes, a newer runc closes them: see kukeon-security(7)"
	runtime_is $'1.1.5+ds1\ncommit: 1.1.5+ds1-1+deb12u1'
	refute_output --partial CVE-2024-21626
	assert_output --partial 'the package may contain the fixes, see its changelog'
	runtime_is 1.5.1
	refute_output --partial CVE
}
