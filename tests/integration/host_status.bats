#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# kuke status: what it shows when all is well, what of that when something is not, and what
# without a daemon. How full the disk of the machine is, it tells as well; no test is about that.

load ../helpers/suite

GROUP=4321

setup_file()
{
	suite_start --restarts "socketGID: $GROUP" 'reconcileInterval: 1h'
	mkdir "$HERE/member"
	cp "$INSTANCE_BINDIR/kuke" "$HERE/member"
	chmod 711 "$INSTANCE"
	chmod -R a+rX "$HERE"
}

member()
{
	inst setpriv --reuid=4242 --regid=$GROUP --clear-groups env HOME=/nonexistent "$HERE/member/kuke" "$@"
}

# What is not OK, a line each, and what is to be done.
troubles()
{
	{ kuke status -o json || [ $? -eq 1 ]; } | jq -r '.checks[]
		| select(.status != "OK" and .section != "storage")
		| "\(.section) \(.status) \(.name): \(.detail) [\(.remediation)]"'
}

is_trouble()
{
	# shellcheck disable=SC2053 # a pattern
	[[ $(troubles) == $1 ]] || { troubles; return 1; }
}

no_trouble()
{
	assert_equal "$(troubles)" ''
}

# counts KIND: "3: 2 Ready, 1 Failed"
counts()
{
	{ kuke status -o json || [ $? -eq 1 ]; } | jq -r --arg k "$1" '.kinds[] | select(.kind == $k)
		| "\(.count): \([.states[] | "\(.count) \(.state)"] | join(", "))"'
}

# The end of a stand-in for the daemon, whose pid is in STANDIN.
standin_ends()
{
	inst kill "$STANDIN"
	wait_for 60 pid_gone "$STANDIN"
	rm -f "$HERE/other.sock"
}

# standin FILE: a daemon that gives these answers to the first questions of a connection.
standin()
{
	cat >"$HERE/standin" <<-'END'
		while read -r answer <&3 && read -r question; do
			printf '%s\n' "$answer"
		done 3<"$1"
	END
	quiet inst socat "UNIX-LISTEN:$HERE/other.sock,fork" "EXEC:bash $HERE/standin $1" \
		>/dev/null 2>&1 &
	wait_for 60 inst test -S "$HERE/other.sock"
	STANDIN=$(inst pgrep -f "UNIX-LISTEN:$HERE/other.sock")
}

@test "all is well: one screen, exit 0" {
	local version full r=0

	version=$(kuke version)
	run_cell one "$IDLE"
	no_trouble
	full=$(kuke status -o json | jq '[.disks[] | select(.usedPercent >= 85)] | length') || r=$?
	run kuke status
	assert_equal "$status" "$((full > 0))"
	assert_equal "$r" "$status"
	assert_line --regexp "^kukeond +runs for [0-9a-z]+, pid $(kukeond_pid), version $version, unix://$INSTANCE_SOCKET\$"
	assert_line --regexp "^kuke +version $version\$"
	assert_line --regexp "^instance +$INSTANCE_RUN_PATH, suffix [^ ]+, cgroup root $INSTANCE_CGROUP \((v1|v2|hybrid)\), packet filter [^ ]+"
	assert_line --regexp "^disk +$INSTANCE_RUN_PATH: .* used \([0-9]+ %\), .* free\$"
	assert_line --regexp '^Realms +2 +2 Ready *$'
	assert_line --regexp '^Cells +2 +2 Ready *$'
	assert_line --regexp '^Images +1 +[0-9]+ layers?, [0-9.]+ [KM]iB *$'
	refute_line --regexp '^names'
	[ "$full" -gt 0 ] || assert_line 'All is well.'
	kuke delete cell one
}

@test "json has the keys that the page lists; --json is the same; yaml; nothing else" {
	local keys

	keys=$(kuke status -o json | jq -rc '[keys[], (.daemon, .instance, .images, .names, .disks[0],
		.checks[0], .kinds[0], .kinds[0].states[0] | keys[])] | join(" ")')
	assert_equal "$keys" "checks clientVersion daemon disks images instance kinds names ok \
pid socket startedAt state uptimeSeconds version \
cgroupRoot cgroups namespaceSuffix packetFilter runPath runtimeDir \
bytes count layers \
needed restarts spaces \
freeBytes path sizeBytes usedBytes usedPercent \
detail name remediation section status \
count kind states \
count state"
	assert_equal "$(kuke status --json | jq -c '[.kinds[].kind]')" \
		'["Realm","Space","Stack","Cell","Container"]'
	assert_equal "$(kuke status --json | jq -r .daemon.state)" running
	run kuke status -o yaml
	assert_line --regexp '^ok: (true|false)$'
	run kuke status -o wide
	assert_failure 1
	assert_line 'Error: invalid output format (supported: yaml, json)'
	run kuke status one
	assert_failure 1
	run kuke status --timeout 0s
	assert_failure 1
	assert_output 'Error: --timeout must be more than 0'
	run kuke status --host none
	assert_failure 1
	assert_output 'Error: unsupported kukeon host scheme: "none" (expected unix:// or ssh://)'
}

@test "what is not as it should be: failed cells, those that wait for a restart, a container beside others" {
	run_cell good 'exit 0'
	run_cell bad 'exit 3'
	run_cell again 'exit 4' 'restartPolicy: always'
	{ cell_doc half "$IDLE"; container side 'exit 5'; } | quiet kuke run -d -f - >/dev/null
	wait_for 60 is_cell_state bad Failed
	wait_for 60 is_cell_state good Stopped
	wait_for 60 is_container_state half side Failed
	wait_for 60 is_trouble '*cell default/default/default/again: Ready: container "main" exited with code 4, it is restarted after *'
	run troubles
	assert_line 'state FAIL cell default/default/default/bad: Failed (WorkloadFailed): container "main" exited with code 3 []'
	assert_line 'state FAIL container default/default/default/half/side: Failed: exited with code 5 []'
	refute_output --partial /good
	assert_equal "$(counts Cell)" '5: 3 Ready, 1 Stopped, 1 Failed'
	run kuke status
	assert_failure 1
	assert_line 'FAIL  cell default/default/default/bad: Failed (WorkloadFailed): container "main" exited with code 3'
	refute_line 'All is well.'
	kuke delete cell good bad again half
	no_trouble
}

@test "a damaged state file is told of with its name" {
	local file=$INSTANCE_RUN_PATH/data/default/default/default/metadata.json

	mv "$file" "$HERE/kept"
	echo '{' >"$file"
	run troubles
	assert_lines 1
	assert_like "$output" 'state FAIL stack default/default/default: Unknown (MetadataUnreadable): ' ... "$file" ... '[restore the file, or delete the object]'
	assert_equal "$(counts Stack)" '2: 1 Ready, 1 Unknown'
	mv "$HERE/kept" "$file"
	no_trouble
}

@test "more than twenty: the screen has their number, json has all" {
	local i

	for i in {01..22}; do
		cp -r "$INSTANCE_RUN_PATH/data/default/default" "$INSTANCE_RUN_PATH/data/default/s$i"
		echo '{' >"$INSTANCE_RUN_PATH/data/default/s$i/metadata.json"
		rm -rf "$INSTANCE_RUN_PATH/data/default/s$i/default"
	done
	run kuke status
	assert_failure 1
	assert_line --regexp '^ +and [2-4] more: kuke status -o json$'
	assert_equal "$(troubles | grep -c 'space default/s')" 22
	rm -rf "$INSTANCE_RUN_PATH"/data/default/s[0-2][0-9]
	no_trouble
}

@test "a member of the group is told the same" {
	run member status
	assert_line --regexp "^kukeond +runs for "
	assert_line --regexp '^Realms +2 +2 Ready *$'
	assert_equal "$(member status --json | jq -c '[.kinds[].count]')" \
		"$(kuke status --json | jq -c '[.kinds[].count]')"
}

@test "no daemon: exit 1 with the remedy, to root with what is there, to others with what they may see" {
	run_cell one "$IDLE"
	quiet kuke daemon stop >/dev/null
	run kuke status
	assert_failure 1
	assert_line --regexp "^kukeond +does not run, unix://$INSTANCE_SOCKET\$"
	assert_line 'FAIL  kukeond: it does not run; cells that run go on'
	assert_line '      sudo kuke daemon start'
	assert_line --regexp '^Cells +2 +1 Ready, 1 Stopped *$'
	run kuke --no-daemon status -o json
	assert_failure 1
	assert_equal "$(jq -r '.daemon | "\(.state) \(.version) \(.pid)"' <<<"$output")" 'stopped  0'
	run member status
	assert_failure 1
	assert_line --regexp '^kukeond +does not run, '
	assert_line --regexp '^FAIL  kukeond: dial kukeond at .*: connect: no such file or directory'
	assert_line --partial '`sudo kuke daemon start`'
	refute_line --regexp '^Cells'
	quiet kuke daemon start >/dev/null
	no_trouble
	kuke delete cell one
}

@test "a socket of no instance: nothing is told of another one" {
	run kuke --host "unix://$HERE/none.sock" status
	assert_failure 1
	assert_line --regexp "^kukeond +does not run, unix://$HERE/none.sock\$"
	refute_line --regexp '^instance'
	refute_line --regexp '^Cells'
	run kuke --run-path "$HERE/none" --host "unix://$HERE/none.sock" status
	assert_failure 1
	assert_line '      set this host up and start kukeond with `sudo kuke init`; where that is done, `sudo kuke daemon start`'
	refute_line --regexp '^disk|storage'
	assert [ ! -e "$HERE/none" ]
}

@test "a daemon that hangs: told after --timeout, with its pid" {
	held kuke_hangs
	no_trouble
}

kuke_hangs()
{
	run kuke status --timeout 500ms
	assert_failure 1
	assert_line --regexp "^kukeond +does not answer for [0-9a-z]+, pid $(kukeond_pid), unix" || return
	assert_line 'FAIL  kukeond: it has not answered within 500ms' || return
	assert_line --regexp '^Realms +2 +2 Ready *$' || return
	run member status --timeout 500ms
	assert_failure 1
	assert_line --regexp '^kukeond +does not answer, unix'
}

@test "a daemon of another version is told of; one that knows no status as well" {
	local version

	version=$(kuke version)
	rpc '{"method":"KukeonX1.Status","params":[{}],"id":0}' |
		sed 's/"version":"[^"]*"/"version":"9.9.9"/' >"$HERE/answers"
	standin "$HERE/answers"
	run kuke --host "unix://$HERE/other.sock" status
	assert_failure 1
	assert_line --regexp '^kukeond +runs for .*, version 9.9.9, '
	assert_line "WARN  versions: kuke is $version, the kukeond that runs 9.9.9"
	assert_line --regexp '^ +install both from one version, then `sudo kuke daemon stop` and `sudo kuke daemon start`$'
	standin_ends
	{
		printf '{"id":0,"result":null,"error":"rpc: cannot find method KukeonX1.Status"}\n' |
			sed "s/cannot/can't/"
		rpc '{"method":"KukeonX1.DaemonInfo","params":[{}],"id":1}' |
			sed 's/"Version":"[^"]*"/"Version":"0.0.1"/'
	} >"$HERE/answers"
	standin "$HERE/answers"
	run kuke --host "unix://$HERE/other.sock" status
	assert_failure 1
	assert_line --regexp "^kukeond +runs, pid $(kukeond_pid), version 0.0.1, "
	assert_line 'WARN  kukeond: it is of a version that does not tell its status'
	assert_line "WARN  versions: kuke is $version, the kukeond that runs 0.0.1"
	standin_ends
}

@test "kukedns killed or stopped, or its keeper: told while it lasts, and no longer" {
	local pid keeper

	printf 'apiVersion: v1beta1\nkind: Space\nmetadata: {name: tenant}\nspec: {realmId: default, network: {egress: {default: deny, allow: [{host: "*.sub.test"}]}}}\n' |
		kuke apply -f -
	quiet kuke create stack default --space tenant >/dev/null
	IN='default tenant default' run_cell one "$IDLE"
	wait_for 60 inst pgrep -x kukedns
	wait_for 60 no_trouble
	run kuke status
	assert_line --regexp '^names +of 1 space by kukedns$'
	inst kill -KILL "$(inst pgrep -x kukedns)"
	wait_for 60 is_trouble 'host WARN names: kukedns was started again * ago: it has ended [[]*'
	wait_for 60 no_trouble
	inst kill -STOP "$(inst pgrep -x kukedns)"
	wait_for 60 is_trouble 'host WARN names: kukedns was started again * ago: it does not answer [[]*'
	wait_for 60 no_trouble
	run kuke status
	assert_line --regexp '^names +of 1 space by kukedns, which had to be started again 2 times$'
	pid=$(inst pgrep -x kukedns)
	keeper=$(inst awk '$1 == "PPid:" {print $2}' "/proc/$pid/status")
	inst kill -STOP "$keeper"
	wait_for 60 is_trouble 'host FAIL names: kukedns has not answered for * s: names are not answered where a space denies [[]*'
	inst kill -CONT "$keeper"
	wait_for 60 no_trouble
	inst kill -KILL "$keeper"
	wait_for 60 is_trouble 'host WARN names: kukedns was started again * ago: its keeper was killed [[]*'
	wait_for 60 no_trouble
	kuke delete space tenant --cascade >/dev/null
	wait_for 60 refute inst pgrep -x kukedns
	refute grep -q names <(kuke status)
}
