#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The lints on a tree that breaks every rule: a rule that stays silent there is
# no rule.
here=$(cd "${BASH_SOURCE[0]%/*}" && pwd)
. "$here/lib.bash"

bad=$(mktemp -d)
trap 'rm -rf "$bad"' EXIT
mkdir -p "$bad"/{lib/base,lib/model,lib/host,src/kuke,man,tests/integration}
echo 'lib/base/gone	a file that is not there' >"$bad/ARCHITECTURE"
echo 'lib/base/gone	twice' >>"$bad/ARCHITECTURE"
echo 'int twice(void);' >"$bad/lib/host/same.h"
echo '#include "config.h"' >"$bad/lib/base/same.h"
{
	printf '#include <stdio.h>\n#include "config.h"\n#include "kinds.h"\n#include "none.h"\n'
	printf '#include <yaml.h>\n'
	printf 'int f(int a, int b, int c, int d, int e, int g, int h)\n{\n'
	printf 'strcpy(a, b);\ngmtime(a);\nsystem(a);\natoi(a);\nfork();\nsignal(a, b);\n'
	printf 'pthread_create(a);\naccess(a, b);\npipe(a);\nopen(a, b);\nprintf("x");\n'
	printf '/* what somebody left\n * in\n * hope, see surface.md */\nwarn("nobody\\n");\n'
	printf 'char *s cleanup_free = x;\ngoto next;\nif (!strcmp(a, b)) return 1; // why\n%0120d;\n' 1
	printf '\n%.0s' {1..1000}
	printf '}\n'
} >"$bad/lib/base/bad.c"
printf '#include "config.h"\n#include <yaml.h>\n' >"$bad/lib/model/other.c"
printf '#include "config.h"\n\nprintf("x");\n' >"$bad/src/kuke/bad2.c"
echo 'struct kinds;' >"$bad/lib/model/kinds.h"
printf '.Dd x\n.Foo\n' >"$bad/man/bad.1"
# shellcheck disable=SC2016
printf '#!/bin/bash\necho $x `ls`\n' >"$bad/tests/bad.sh"
printf 'built in %s\n' "$bad" >"$bad/tests/place"
# shellcheck disable=SC2016
printf '%s\n' '#!/bin/bash' 'pkill kuke' '[ "$pid" = "$(inst pgrep -x kukeond)" ]' \
	'[ "$ms" -lt 300 ]' 'timeout 5 x' 'uname -r' 'curl x' 'setfattr x' >"$bad/tests/machine.sh"

# shellcheck disable=SC2016
printf '%s\n' '@test "bad" {' '	load ../helpers/suite' '	! true' '	grep x y && true' '	[ a = b ]' \
	'	sleep 1' '	wait_for 5 true' '}' >"$bad/tests/integration/bad.bats"
: >"$bad/tests/local.mk"

# silent LINT: the rules of LINT that found nothing in the bad tree.
for lint in "$here"/*.sh; do
	[ "$lint" != "$here/selftest.sh" ] || continue
	top_srcdir=$bad top_builddir='' bash "$lint" >"$bad.out" 2>&1
	status=$?
	# A lint that another version of its tool has to judge says nothing of this tree.
	skips=$(grep -E '^(not )?ok ' "$bad.out" | grep -c '# SKIP')
	if [ "$skips" -gt 0 ] && [ "$skips" -eq "$(grep -cE '^(not )?ok ' "$bad.out")" ]; then
		lint_skip "${lint##*/} finds what is wrong in a bad tree" "$(sed -n 's/.*# SKIP //p' "$bad.out")"
		continue
	fi
	{
		[ "$status" -ne 0 ] || echo "exits 0"
		grep -E '^ok ' "$bad.out" | grep -v '# SKIP'
		grep -qE '^1\.\.[1-9]' "$bad.out" || echo "prints no plan"
	} | lint_rule "${lint##*/} finds what is wrong in a bad tree"
done
rm -f "$bad.out"

lint_done
