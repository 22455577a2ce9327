#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Who includes what (ARCHITECTURE, "Layers"). One awk reads all sources: a fork
# per file would take longer than the compiler.
. "${BASH_SOURCE[0]%/*}/lib.bash"

product_files | grep '\.h$' | sed 's|.*/||' | sort | uniq -d | lint_rule "header names are unique"

# Every include as "FILE KIND NAME", KIND being < or ".
includes()
{
	product_files | {
		mapfile -t files
		awk '/^[ \t]*#[ \t]*include[ \t]*["<]/ {
			match($0, /["<][^">]*[">]/)
			print FILENAME, substr($0, RSTART, 1), substr($0, RSTART + 1, RLENGTH - 2)
		}' "${files[@]}"
	}
}

# Headers by their names, and what ARCHITECTURE says who may include.
{ layers | sed 's/^/may /'; product_files | grep '\.h$' | sed 's/^/header /'; includes | sed 's/^/include /'; } |
	awk '
	function folder(f) { sub(/\/[^\/]*$/, "", f); return f }
	$1 == "may" { may[$2, $3] = 1; known[$2] = 1; next }
	$1 == "header" { n = split($2, p, "/"); home[p[n]] = folder($2); next }
	$3 == "<" || $4 == "config.h" { next }
	$4 ~ /\// { print $2 ": \"" $4 "\": includes are flat"; next }
	!($4 in home) { print $2 ": \"" $4 "\": no such header in the tree"; next }
	!(folder($2) in known) { print $2 ": its folder is not in the table of ARCHITECTURE, Layers"; next }
	!((folder($2), home[$4]) in may) {
		print $2 ": \"" $4 "\": " folder($2) " must not include " home[$4]
	}' | lint_rule "a file includes its folder and those below"

# One wrapper per library.
includes | awk '
	function library(inc)
	{
		if (inc ~ /^(netlink|libiptc|nettle|isa-l|curl)\//) { sub(/\/.*/, "", inc); return inc }
		return inc in name ? name[inc] : ""
	}
	BEGIN {
		name["yaml.h"] = "libyaml"; name["jansson.h"] = "jansson"
		name["sys/capability.h"] = "libcap"; name["seccomp.h"] = "libseccomp"
		name["libpsl.h"] = "libpsl"; name["ares.h"] = "c-ares"
		name["archive.h"] = name["archive_entry.h"] = "libarchive"
		name["zlib.h"] = "zlib"; name["zstd.h"] = name["zstd_errors.h"] = "libzstd"
		name["isa-l.h"] = "isa-l"; name["vterm.h"] = name["vterm_keycodes.h"] = "libvterm"
	}
	$2 == "<" && (lib = library($3)) != "" && !seen[lib, $1]++ {
		if ($1 !~ /\.c$/) print $1 ": a header must not include " lib
		n[lib]++; files[lib] = files[lib] " " $1
	}
	END { for (l in n) if (n[l] > 1) print l ":" files[l] }' |
	lint_rule "a third-party library has one wrapper"

c_files | {
	mapfile -t files
	awk 'FNR == 1 { first = 1 }
		!/^[ \t]*#[ \t]*include/ { next }
		FILENAME ~ /\.c$/ && first && !/"config\.h"/ { print FILENAME ": first include is " $2 }
		FILENAME ~ /\.h$/ && /"config\.h"/ { print FILENAME }
		{ first = 0 }' "${files[@]}"
} | lint_rule "config.h comes first in every .c and is in no header"

lint_done
