/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "helper.h"
#include "mem.h"
#include "path.h"
#include "procinfo.h"
#include "vec.h"

int helper_path(const char *name, char **ret, struct kerr *err)
{
	cleanup_free char *dir = NULL, *beside = NULL, *below = NULL, *installed = NULL;
	int r;

	r = self_exe_dir(&dir, err);
	if (r < 0)
		return r;
	beside = path_join(dir, name, NULL);
	below = path_join(dir, "src", name, name, NULL);
	installed = path_join(KUKEON_LIBEXECDIR, name, NULL);
	if (access(beside, F_OK) == 0)
		*ret = take_ptr(beside);
	else if (access(below, F_OK) == 0)
		*ret = take_ptr(below);
	else if (access(installed, F_OK) == 0)
		*ret = take_ptr(installed);
	else
		return kerr_plain(err, -ENOENT, "helper '%s' is neither in '%s' nor in '%s'", name,
				  dir, KUKEON_LIBEXECDIR);
	return 0;
}

/* Environment variables that are passed to kukefetch; no others are. */
static const char *const passed_on[] = {
	"http_proxy",
	"HTTP_PROXY",
	"https_proxy",
	"HTTPS_PROXY",
	"all_proxy",
	"ALL_PROXY",
	"no_proxy",
	"NO_PROXY",
	"SSL_CERT_FILE",
	"KUKEFETCH_STALL_SECONDS",
	"KUKEFETCH_CONNECT_MS",
	"KUKEFETCH_BACKOFF_MS",
	"KUKEFETCH_TRIES",
};

void helper_environment(struct strlist *ret)
{
	for (size_t i = 0; i < ARRAY_SIZE(passed_on); i++)
		if (getenv(passed_on[i]))
			strlist_addf(ret, "%s=%s", passed_on[i], getenv(passed_on[i]));
}
