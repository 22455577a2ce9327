/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A container's spec, as YAML, to a runtime spec: what the document's checks let
 * through becomes JSON that holds together, or is refused with a message. No
 * volume, tmpfs or secret comes to lie over the kernel's own file systems.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "copy.h"
#include "decode.h"
#include "jscan.h"
#include "mem.h"
#include "model.h"
#include "mount_plan.h"
#include "spec.h"
#include "validate_container.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool ok)
{
	if (!ok)
		abort();
}

/* As the engine hands them in: mounted ones as files, the rest as variables. */
static struct spec_secret *secrets_of(const struct container_spec *c)
{
	struct spec_secret *v = xcalloc(c->secrets.n + 1, sizeof(*v));

	for (size_t i = 0; i < c->secrets.n; i++) {
		const struct container_secret *s = &c->secrets.v[i];

		v[i].name = s->name == NULL ? "" : s->name;
		if (s->mount_path != NULL && s->mount_path[0] != '\0') {
			v[i].mount_path = s->mount_path;
			v[i].file = "/secret";
		} else {
			v[i].value = "value";
		}
	}
	return v;
}

static void build(struct container_spec *c)
{
	cleanup_buf struct buf json = BUF_INIT(SPEC_MAX);
	cleanup_free struct spec_secret *secrets = secrets_of(c);
	struct spec_input in = {
		.c = c,
		.rootfs = "/",
		.hosts = "/hosts",
		.cgroups_path = "/x/y",
		.secrets = secrets,
		.n_secrets = c->secrets.n,
		.flags = c->root ? SPEC_ROOT : 0,
	};
	cleanup_mount_plan struct mount_plan plan = { 0 };
	struct kerr err = { 0 };
	struct jscan scan;
	size_t used;

	if (c->id == NULL)
		c->id = xstrdup("c");
	in.mounts = &plan;
	if (mount_plan_make(&in, "/mounts", &plan, &err) < 0 ||
	    spec_build(&in, &json, NULL, &err) < 0) {
		require(err.msg[0] != '\0');
		return;
	}
	jscan_init(&scan, NULL, NULL);
	require(jscan_feed(&scan, buf_str(&json), json.len, &used) == JSCAN_DONE);
	require(used == json.len);
	require(strstr(buf_str(&json), "\"destination\":\"/proc/") == NULL);
	require(strstr(buf_str(&json), "\"destination\":\"/\"") == NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct container_spec c = { 0 };
	struct kerr err = { 0 };

	if (model_read_yaml(&container_spec_type, (const char *) data, size, &c, NULL, &err) < 0)
		return 0;
	if (validate_container_spec(&c, &err) == 0)
		build(&c);
	else
		require(err.msg[0] != '\0');
	model_clear(&container_spec_type, &c);
	return 0;
}
