/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "fd.h"
#include "jail.h"
#include "rootfiles.h"
#include "str.h"

/* Files that the resolver reads; missing ones are not needed. */
static const char *const resolver_files[] = {
	"/etc/resolv.conf", "/etc/hosts", "/etc/nsswitch.conf", "/etc/gai.conf", "/etc/host.conf",
};

/* Where distributions keep all CA certificates in one file. */
static const char *const bundles[] = {
	"/etc/ssl/certs/ca-certificates.crt",
	"/etc/pki/tls/certs/ca-bundle.crt",
	"/etc/ssl/ca-bundle.pem",
	"/etc/ssl/cert.pem",
};

/* What a client of several connections needs: libcurl's resolver is a thread. */
static const char *const calls[] = { "recvmmsg", "sendmmsg", "socketpair", NULL };
static const struct jail jail = {
	.memory = 512 << 20,
	.files = 256,
	.writes = 8 << 20, /* a manifest */
	.threads = true,
	.calls = calls,
};

static int copy_ca_certs(int root, const char *ca, struct kerr *err)
{
	const char *own = getenv("SSL_CERT_FILE");
	int r;

	r = str_empty(own) ? -ENOENT : jail_copy(root, own, ROOTFILES_CA_NAME, err);
	for (size_t i = 0; r == -ENOENT && i < ARRAY_SIZE(bundles); i++)
		r = jail_copy(root, bundles[i], ROOTFILES_CA_NAME, err);
	if (r < 0 && r != -ENOENT)
		return r;
	r = *ca ? jail_copy(root, ca, ROOTFILES_CA_NAME, err) : 0;
	if (r == -ENOENT)
		return kerr_set(err, r, "registryCAFile '%s'", ca);
	return r < 0 ? kerr_wrap(err, r, "registryCAFile") : 0;
}

static int fill_root(int root, const char *ca, struct kerr *err)
{
	int r;

	if (mkdirat(root, "etc", 0755) < 0)
		return kerr_set(err, -errno, "create 'etc' in the new root");
	for (size_t i = 0; i < ARRAY_SIZE(resolver_files); i++) {
		r = jail_copy(root, resolver_files[i], resolver_files[i] + 1, err);
		if (r < 0 && r != -ENOENT)
			return r;
	}
	return copy_ca_certs(root, ca, err);
}

int rootfiles_enter(const char *ca, struct kerr *err)
{
	cleanup_fd int root = jail_root(err);
	int r;

	if (root < 0)
		return root;
	r = fill_root(root, ca, err);
	return r < 0 ? r : jail_enter(&jail, root, err);
}
