#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What our C never calls. Each exception names the one file that may, and why.
. "${BASH_SOURCE[0]%/*}/lib.bash"
lint_need perl perl

mapfile -t product < <(product_files)
mapfile -t all < <(c_files)
code=$("$LINT_DIR/strip.pl" "${product[@]}")

# calls REGEX [FILES-THAT-MAY]
calls()
{
	printf '%s\n' "$code" | grep -E "^[^:]*:[0-9]+:(.*[^A-Za-z0-9_>.])?($1)[[:space:]]*\(" |
		grep -vE "^[^:]*:[0-9]+:[[:space:]]*#" | grep -vE "^(${2:-none}):"
}

calls 'strcpy|strcat|strncpy|strncat|sprintf|vsprintf|gets|strtok|strtok_r|alloca|mktemp|tmpnam' |
	lint_rule "no unbounded string functions"
calls 'gmtime|localtime|ctime|asctime' | lint_rule "no time functions with hidden state"
calls 'system|popen' | lint_rule "no shell"
# str.c is where numbers are parsed and checked; scalar.c decides what a YAML
# scalar is before it converts the floating ones.
calls 'atoi|atol|atoll|sscanf|strto(l|ll|ul|ull|d|f|imax|umax)' 'lib/base/str\.c|lib/model/scalar\.c' |
	lint_rule "numbers only by str_to_*"
# proc.c spawns; the listener forks its request children; kukeshim is built
# without proc.c and starts the one program it exists for.
calls 'fork|vfork|clone|clone3' \
	'lib/base/proc\.c' | lint_rule "no bare fork"
calls 'signal|sigaction' 'lib/base/proc\.c' | grep -vE 'signal\(SIG[A-Z]+, SIG_IGN\)|sigaction\(SIG[A-Z]+, NULL,' | lint_rule "no signal handlers but SIG_IGN"
calls 'pthread_create|thrd_create' | lint_rule "no threads"
# Whether a file is there may be asked: what a lock protects stays as it is.
calls 'access|faccessat|euidaccess' | grep -v F_OK |
	lint_rule "no access() for rights: it answers about another moment"
calls 'pipe|accept|dup|dup2|creat|epoll_create|inotify_init' 'lib/base/proc\.c' |
	lint_rule "descriptors are born with CLOEXEC (pipe2, accept4, F_DUPFD_CLOEXEC)"
# A call may span lines: look at it up to its closing parenthesis.
perl -0777 -ne '
	s{/\*.*?\*/}{"\n" x ($& =~ tr/\n//)}gse;
	while (/(?<![A-Za-z0-9_>.])(open|openat|socket|socketpair|memfd_create|eventfd|timerfd_create|signalfd|inotify_init1|epoll_create1)\s*(\((?:[^()]++|(?2))*\))/g) {
		my ($f, $args, $at) = ($1, $2, $-[0]);
		next if $args =~ /CLOEXEC|flags|FLAGS/;
		my $line = 1 + (substr($_, 0, $at) =~ tr/\n//);
		print "$ARGV:$line: $f\n";
	}' "${product[@]}" | lint_rule "open, socket and the like pass CLOEXEC"
printf '%s\n' "$code" | grep -E '^(lib|oci)/' |
	grep -E ':(.*[^A-Za-z0-9_])?(printf|puts|putchar|vprintf|perror|exit)[[:space:]]*\(' |
	grep -vE '^lib/base/(log|mem|proc)\.c:' | lint_rule "libraries neither print nor exit"
# What kuke prints quotes names of others; main.c has its own words only, and
# logview.c writes what a container wrote.
printf '%s\n' "$code" | grep -E '^src/kuke/' |
	grep -E ':(.*[^A-Za-z0-9_])?(printf|fprintf|puts|fputs|putchar|vprintf|vfprintf|fwrite|perror)[[:space:]]*\(' |
	grep -vE '^src/kuke/(cmd/main|term)\.c:' | lint_rule "kuke prints by term.c"
"$LINT_DIR/strip.pl" "${all[@]}" | grep LINE_COMMENT | lint_rule "no // comments"
printf '%s\n' "$code" | grep -E ':.*\bgoto\b' | grep -vE 'goto (out|fail)[a-z_]*;' |
	lint_rule "goto only to out: and fail:"
printf '%s\n' "$code" | grep -E '!(strcmp|strncmp|memcmp)[[:space:]]*\(|\(strn?cmp\([^)]*\)\)' |
	lint_rule "comparisons by streq, not !strcmp"

# One dialect: `cleanup_free char *s`, and `for (size_t i = 0; …` where i is the loop's alone
# (that it is, a reader sees; -Wshadow and the compiler the rest).
printf '%s\n' "$code" | grep -E ':.*[A-Za-z0-9_*]\]? cleanup_[a-z_]*(\([^)]*\))?( =|;|,|$)' |
	grep -vE '#[[:space:]]*define|\)[[:space:]]*\{?$' | lint_rule "a cleanup attribute comes first"

lint_done
