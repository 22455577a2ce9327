/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_REPORT_H
#define KUKEON_REPORT_H

#include "cli.h"
#include "emit_json.h"
#include "emit_yaml.h"

/*
 * The text that verbs print for a reply, appended to out. JSON ends without a newline,
 * everything else with one.
 */
void report_created_realm(struct buf *out, const struct rpc_create_realm_result *res);
void report_created_space(struct buf *out, const struct rpc_create_space_result *res);
void report_created_stack(struct buf *out, const struct rpc_create_stack_result *res);
void report_created_cell(struct buf *out, const struct rpc_create_cell_result *res);
void report_created_container(struct buf *out, const struct rpc_create_container_result *res);

/* `run -d -o`: the result of create cell as JSON or YAML for scripts. */
void report_run(struct buf *out, const struct rpc_create_cell_result *res,
		enum output_format format);

enum report_flags {
	REPORT_DRY_RUN = 1 << 0, /* the readable text says that nothing was done */
};
#define DRY_RUN_MARK " (dry run)"

/* `apply`; OUTPUT_TABLE is the readable text. Returns how many resources failed. */
size_t report_applied(struct buf *out, const struct rpc_apply_result *res,
		      enum output_format format, enum report_flags flags);

/* One document of `delete -f`. */
struct deleted_resource {
	size_t index;
	enum kind kind;
	char *name;
	const char *action; /* "deleted", "not found", "failed" */
	char *error; /* NULL: none */
	size_t containers; /* how many the manifest has; for cells and containers */
	struct strlist cascaded; /* names of direct children */
};

void report_deleted(struct buf *out, const struct deleted_resource *v, size_t n,
		    enum output_format format, enum report_flags flags);

/* Images: -o ends with a newline in both encodings. */
/* JSON as received, indented; control characters are escaped. */
void report_json(struct buf *out, const char *json);
/* The result of `image verify`. Returns how many images are broken. */
size_t report_image_checks(struct buf *out, const struct rpc_verify_images_result *res);
void report_image_loaded(struct buf *out, const struct rpc_load_image_result *res);
/* A list as JSON or YAML, image by image; out may be printed and emptied in between. */
struct image_report {
	struct buf *out;
	bool json;
	struct jemit j;
	struct yemit y;
};
void report_images_begin(struct image_report *r, struct buf *out, const char *realm,
			 const char *namespace, enum output_format format);
void report_images_add(struct image_report *r, const struct rpc_image *im);
void report_images_end(struct image_report *r);
void report_image(struct buf *out, const struct rpc_get_image_result *res,
		  enum output_format format);

#endif
