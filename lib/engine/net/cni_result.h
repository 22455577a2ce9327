/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_CNI_RESULT_H
#define KUKEON_CNI_RESULT_H

#include "cni_conf.h"
#include "vec.h"

/*
 * What a CNI plugin prints (CNI specification 1.1, section 5, and that of 0.4.0, whose
 * results differ in members that are not read here). Pure; the input is not trusted.
 */

enum {
	CNI_RESULT_MAX = 1 << 20, /* bytes that a plugin may print */
	CNI_LIST_MAX = 1024, /* interfaces, addresses */
	CNI_DEVICE_MAX = 16, /* IFNAMSIZ */
};

struct cni_result {
	char *text; /* as it was printed, with a cniVersion */
	uint32_t addr; /* the first IPv4 address, in host byte order; 0: none */
	bool has_address; /* of any family */
	struct strlist devices; /* those of the host */
};

/*
 * Read the result of an ADD. version: that of the request, which a result without one has.
 * *ret is cleared first. -EINVAL with a message that continues "plugin x of network y ":
 * "printed …". An error that the plugin reports (code and msg) is -EREMOTEIO.
 */
int cni_result_read(const char *text, size_t n, enum cni_version version, struct cni_result *ret,
		    struct kerr *err);
void cni_result_clear(struct cni_result *r);
#define cleanup_cni_result cleanup_(cni_result_clear)

/*
 * The error that a plugin printed, as one line that is safe to show: "msg; details (code
 * 7)". false: it printed none.
 */
bool cni_error_read(const char *text, size_t n, struct buf *ret);

/* The versions that a plugin says it supports, one by one. -EINVAL as above. */
int cni_versions_read(const char *text, size_t n, struct strlist *ret, struct kerr *err);

#endif
