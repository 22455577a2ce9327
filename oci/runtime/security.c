/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "buf.h"
#include "caps.h"
#include "fd.h"
#include "mem.h"
#include "security.h"
#include "str.h"
#include "validate_container.h"

#define APPARMOR_ENABLED "/sys/module/apparmor/parameters/enabled"
#define APPARMOR_PROFILES "/sys/kernel/security/apparmor/profiles"

enum {
	APPARMOR_PROFILES_MAX = 4 << 20
};

void security_clear(struct security *s)
{
	seccomp_profile_clear(&s->profile);
	free(s->apparmor);
	*s = (struct security){ 0 };
}

static bool apparmor_enabled(void)
{
	cleanup_buf struct buf text = BUF_INIT(16);

	return sys_read(AT_FDCWD, APPARMOR_ENABLED, &text) == 0 && buf_str(&text)[0] == 'Y';
}

/*
 * The file has lines "<name> (<mode>)". Returns 1 when loaded, 0 when not, -errno when
 * it cannot be read.
 */
static int apparmor_loaded(const char *profile)
{
	cleanup_buf struct buf text = BUF_INIT(APPARMOR_PROFILES_MAX);
	size_t n = strlen(profile);
	int r;

	r = sys_read(AT_FDCWD, APPARMOR_PROFILES, &text);
	if (r < 0)
		return r;
	for (const char *line = buf_str(&text); line != NULL; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (str_has_prefix(line, profile) && str_has_prefix(line + n, " ("))
			return 1;
	}
	return 0;
}

/* Without AppArmor every process is unconfined, so that value is accepted. */
static int check_apparmor(const char *profile, struct kerr *err)
{
	if (streq(profile, "unconfined"))
		return 0;
	if (!apparmor_enabled())
		return kerr_plain(
			err, -EOPNOTSUPP,
			"securityOpt \"apparmor=%s\": AppArmor is not enabled on this host",
			profile);
	if (apparmor_loaded(profile) == 0)
		return kerr_plain(
			err, -ENOENT,
			"securityOpt \"apparmor=%s\": no such AppArmor profile is loaded on this host",
			profile);
	return 0;
}

static void move_value(char **to, struct security_opt *opt)
{
	free(*to);
	*to = take_ptr(opt->value);
}

/*
 * Read the options; the last one of each key counts. *seccomp is owned by the caller and
 * stays NULL when there is no such option.
 */
static int read_options(const struct container_spec *c, struct security *s, char **seccomp,
			struct kerr *err)
{
	struct security_opt opt;
	int r;

	s->no_new_privileges = true;
	for (size_t i = 0; i < c->security_opts.n; i++) {
		r = security_opt_parse(c->security_opts.v[i], &opt, err);
		if (r < 0)
			return r;
		switch (opt.key) {
		case SECURITY_NO_NEW_PRIVILEGES:
			s->no_new_privileges = opt.on;
			break;
		case SECURITY_SECCOMP:
			move_value(seccomp, &opt);
			break;
		case SECURITY_APPARMOR:
			move_value(&s->apparmor, &opt);
			break;
		}
		security_opt_clear(&opt);
	}
	return s->apparmor == NULL ? 0 : check_apparmor(s->apparmor, err);
}

int security_resolve(const struct container_spec *c, enum security_flags flags, const bool *caps,
		     struct security *ret, struct kerr *err)
{
	cleanup_security struct security s = { 0 };
	cleanup_free char *seccomp = NULL;
	int r;

	r = read_options(c, &s, &seccomp, err);
	if (r == 0 && seccomp != NULL && seccomp[0] == '/') {
		r = seccomp_profile_load(seccomp, &s.profile, err);
		s.seccomp = r == 0;
	}
	if (r < 0)
		return r;
	if (seccomp == NULL ? (flags & SECURITY_SECCOMP_DEFAULT) != 0 : streq(seccomp, "default")) {
		seccomp_profile_default(caps, &s.profile);
		s.seccomp = true;
	}
	if (s.apparmor != NULL && !apparmor_enabled())
		free_p(&s.apparmor); /* no profile; the runtime could not set "unconfined" */
	*ret = take_struct(s);
	return 0;
}

int security_check(const struct container_spec *c, struct kerr *err)
{
	cleanup_security struct security s = { 0 };
	const bool caps[CAPS_MAX] = { false }; /* the capabilities do not matter for this check */

	return security_resolve(c, 0, caps, &s, err);
}
