#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Tests that would depend on the machine: on how fast it is, on what else runs or
# is installed there, on the release of its kernel. HACKING says what they do
# instead.
. "${BASH_SOURCE[0]%/*}/lib.bash"

mapfile -t scripts < <(shell_files | grep -E '^tests/' | grep -vE '^tests/(lint|vm)/')

# lines REGEX: of our tests, comments left out.
lines()
{
	grep -nE -- "$1" "${scripts[@]}" /dev/null | grep -vE '^[^:]*:[0-9]+:[[:space:]]*#'
}

lines '(^|[^[:alnum:]_-])(pgrep|pkill|killall)[[:space:]]' |
	grep -vE '(^|[^[:alnum:]_-])inst (-[^ ]+ )*[^|;]*(pgrep|pkill) |bench_needs' |
	lint_rule "processes are looked for by name in an instance only (inst)"
lines '=.*pgrep -x kukeond' |
	lint_rule "kukeond is the one in its pid file: its children have its name"
# A lower bound is a property of time, an upper one of the machine.
# shellcheck disable=SC2016 # a pattern
lines '\[ "?\$(\(\()?(SECONDS|EPOCHREALTIME|ms|gap|took|elapsed)[^]]* -l[te] [0-9]{1,4}( |$|\])' |
	lint_rule "no upper bound below ten seconds for what was measured"
lines '(^|[[:space:](])timeout (-[^ ]+ )*[0-9]{1,2} ' | grep -v 'http_get' |
	grep -vE 'timeout (-[^ ]+ )*[6-9][0-9] ' |
	lint_rule "timeout(1) has a minute at least"
lines 'uname -r' | grep -v '^tests/vm/' |
	lint_rule "features of the kernel are asked for, not its release"
# Of packages that ./bootstrap deps does not install.
lines '(^|[|;&(][[:space:]]*|inst |[[:space:]]exec )(curl|wget|ncat|netcat|bc|xxd|lsof|fuser|ifconfig|brctl|tcpdump|rsync|unzip)[[:space:]]' |
	lint_rule "no program of a package that is in no list of bootstrap"
while read -r program package; do
	lines "(^|[^[:alnum:]_./-])${program}[[:space:]]" | head -n 1 | grep -q . || continue
	grep -qE "(^|[[:space:]\"])$package([[:space:]\"]|\$)" bootstrap ||
		echo "$program is used, $package is in no list of bootstrap"
done <<'PROGRAMS' | lint_rule "what tests run is in a list of bootstrap"
setfattr attr
getfattr attr
setcap libcap2-bin
getcap libcap2-bin
pgrep procps
pkill procps
jq jq
socat socat
strace strace
valgrind valgrind
skopeo skopeo
umoci umoci
buildah buildah
podman podman
python3 python3
zstd zstd
igzip isal
mkfs.ext4 e2fsprogs
mkfs.xfs xfsprogs
openssl openssl
htpasswd apache2-utils
docker-registry docker-registry
nft nftables
ip iproute2
file file
PROGRAMS

lint_done
