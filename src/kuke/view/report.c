/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include "emit.h"
#include "emit_json.h"
#include "emit_yaml.h"
#include "report.h"
#include "str.h"

static const char *nn(const char *s)
{
	return s ? s : "";
}

static void phase(struct buf *out, const char *what, bool created, bool exists)
{
	buf_addf(out, "  - %s: %s\n", what,
		 created  ? "created"
		 : exists ? "already existed"
			  : "missing");
}

void report_created_realm(struct buf *out, const struct rpc_create_realm_result *res)
{
	buf_addf(out, "Realm \"%s\" (namespace \"%s\")\n", nn(res->realm.head.metadata.name),
		 nn(res->realm.spec.namespace));
	phase(out, "metadata", res->created, res->metadata_exists_post);
	phase(out, "containerd namespace", res->namespace_created, res->namespace_exists_post);
	phase(out, "cgroup", res->cgroup_created, res->cgroup_exists_post);
}

void report_created_space(struct buf *out, const struct rpc_create_space_result *res)
{
	const char *realm = nn(res->space.spec.realm_id);
	const char *name = nn(res->space.head.metadata.name);

	buf_addf(out, "Space \"%s\" (realm \"%s\", network \"%s-%s\")\n", name, realm, realm, name);
	phase(out, "metadata", res->created, res->metadata_exists_post);
	phase(out, "network", res->network_created, res->network_exists_post);
	phase(out, "cgroup", res->cgroup_created, res->cgroup_exists_post);
}

void report_created_stack(struct buf *out, const struct rpc_create_stack_result *res)
{
	buf_addf(out, "Stack \"%s\" (realm \"%s\", space \"%s\")\n",
		 nn(res->stack.head.metadata.name), nn(res->stack.spec.realm_id),
		 nn(res->stack.spec.space_id));
	phase(out, "metadata", res->created, res->metadata_exists_post);
	phase(out, "cgroup", res->cgroup_created, res->cgroup_exists_post);
}

void report_created_cell(struct buf *out, const struct rpc_create_cell_result *res)
{
	buf_addf(out, "Cell \"%s\" (realm \"%s\", space \"%s\", stack \"%s\")\n",
		 nn(res->cell.head.metadata.name), nn(res->cell.spec.realm_id),
		 nn(res->cell.spec.space_id), nn(res->cell.spec.stack_id));
	phase(out, "metadata", res->created, res->metadata_exists_post);
	phase(out, "cgroup", res->cgroup_created, res->cgroup_exists_post);
	phase(out, "root container", res->root_created, res->root_exists_post);
	if (res->containers.n == 0)
		buf_adds(out, "  - containers: none defined\n");
	for (size_t i = 0; i < res->containers.n; i++) {
		const struct rpc_container_outcome *o = &res->containers.v[i];
		cleanup_buf struct buf what = BUF_INIT(4096);

		buf_addf(&what, "container \"%s\"", nn(o->name));
		phase(out, buf_str(&what), o->created, o->exists_post);
	}
	buf_addf(out, "  - containers: %s\n", res->started ? "started" : "not started");
}

void report_created_container(struct buf *out, const struct rpc_create_container_result *res)
{
	const struct container_spec *s = &res->container.spec;

	buf_addf(out,
		 "Container \"%s\" (ID: \"%s\") in cell \"%s\" (realm \"%s\", space \"%s\", "
		 "stack \"%s\")\n",
		 nn(res->container.head.metadata.name), nn(s->id), nn(s->cell_id), nn(s->realm_id),
		 nn(s->space_id), nn(s->stack_id));
	phase(out, "container", res->container_created, res->container_exists_post);
	buf_addf(out, "  - container: %s\n", res->started ? "started" : "not started");
}

/* ---- run -o ---- */

static void run_json(struct buf *out, const struct rpc_create_cell_result *res)
{
	struct jemit j;

	jemit_init(&j, out, EMIT_INDENT);
	jemit_object(&j);
	jemit_key(&j, "cell");
	jemit_object(&j);
	jemit_key(&j, "name"), jemit_str(&j, res->cell.head.metadata.name);
	jemit_key(&j, "realmId"), jemit_str(&j, res->cell.spec.realm_id);
	jemit_key(&j, "spaceId"), jemit_str(&j, res->cell.spec.space_id);
	jemit_key(&j, "stackId"), jemit_str(&j, res->cell.spec.stack_id);
	jemit_object_end(&j);
	jemit_key(&j, "created"), jemit_bool(&j, res->created);
	jemit_key(&j, "metadataExistsPost"), jemit_bool(&j, res->metadata_exists_post);
	jemit_key(&j, "cgroupCreated"), jemit_bool(&j, res->cgroup_created);
	jemit_key(&j, "cgroupExistsPost"), jemit_bool(&j, res->cgroup_exists_post);
	jemit_key(&j, "rootContainerCreated"), jemit_bool(&j, res->root_created);
	jemit_key(&j, "rootContainerExistsPost"), jemit_bool(&j, res->root_exists_post);
	jemit_key(&j, "started"), jemit_bool(&j, res->started);
	if (res->containers.n) {
		jemit_key(&j, "containers");
		jemit_array(&j);
		for (size_t i = 0; i < res->containers.n; i++) {
			jemit_object(&j);
			jemit_key(&j, "name"), jemit_str(&j, res->containers.v[i].name);
			jemit_key(&j, "created"), jemit_bool(&j, res->containers.v[i].created);
			jemit_key(&j, "existsPost");
			jemit_bool(&j, res->containers.v[i].exists_post);
			jemit_object_end(&j);
		}
		jemit_array_end(&j);
	}
	jemit_object_end(&j);
}

static void run_yaml(struct buf *out, const struct rpc_create_cell_result *res)
{
	struct yemit y;

	yemit_init(&y, out, 4, 0);
	yemit_map(&y);
	yemit_key(&y, "cell");
	yemit_map(&y);
	yemit_key(&y, "name"), yemit_str(&y, res->cell.head.metadata.name);
	yemit_key(&y, "realmId"), yemit_str(&y, res->cell.spec.realm_id);
	yemit_key(&y, "spaceId"), yemit_str(&y, res->cell.spec.space_id);
	yemit_key(&y, "stackId"), yemit_str(&y, res->cell.spec.stack_id);
	yemit_map_end(&y);
	yemit_key(&y, "created"), yemit_bool(&y, res->created);
	yemit_key(&y, "metadataExistsPost"), yemit_bool(&y, res->metadata_exists_post);
	yemit_key(&y, "cgroupCreated"), yemit_bool(&y, res->cgroup_created);
	yemit_key(&y, "cgroupExistsPost"), yemit_bool(&y, res->cgroup_exists_post);
	yemit_key(&y, "rootContainerCreated"), yemit_bool(&y, res->root_created);
	yemit_key(&y, "rootContainerExistsPost"), yemit_bool(&y, res->root_exists_post);
	yemit_key(&y, "started"), yemit_bool(&y, res->started);
	if (res->containers.n) {
		yemit_key(&y, "containers");
		yemit_seq(&y);
		for (size_t i = 0; i < res->containers.n; i++) {
			yemit_map(&y);
			yemit_key(&y, "name"), yemit_str(&y, res->containers.v[i].name);
			yemit_key(&y, "created"), yemit_bool(&y, res->containers.v[i].created);
			yemit_key(&y, "existsPost");
			yemit_bool(&y, res->containers.v[i].exists_post);
			yemit_map_end(&y);
		}
		yemit_seq_end(&y);
	}
	yemit_map_end(&y);
}

void report_run(struct buf *out, const struct rpc_create_cell_result *res,
		enum output_format format)
{
	switch (format) {
	case OUTPUT_TABLE:
	case OUTPUT_WIDE:
	case OUTPUT_NAME:
		report_created_cell(out, res);
		break;
	case OUTPUT_JSON:
		run_json(out, res);
		break;
	case OUTPUT_YAML:
		run_yaml(out, res);
		break;
	}
}
