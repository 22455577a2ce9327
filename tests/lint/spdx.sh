#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The licence stands in the first line of every file that can hold a comment,
# below the #! line of a script.
. "${BASH_SOURCE[0]%/*}/lib.bash"

project_files | grep -vE '^(COPYING|README|ARCHITECTURE|HACKING|NEWS|\.gitignore)$' |
	grep -vE '^tests/(fuzz/corpus|data|unit/data)/|\.json$' |
	tr '\n' '\0' | xargs -0 -r awk 'FNR > 2 { nextfile }
		FNR == 1 { files[FILENAME] = 1 }
		/SPDX-License-Identifier: GPL-2.0-or-later/ { delete files[FILENAME] }
		END { for (f in files) print f }' | sort |
	lint_rule "every file begins with its SPDX line"

lint_done
