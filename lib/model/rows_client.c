/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include "model.h"
#include "rows.h"

static const char *const log_levels[] = { "debug", "info", "warn", "error", NULL };

static const struct field spec_rows[] = {
	ROW_STRING(struct client_spec, host, "host", .flags = FIELD_OMIT_EMPTY,
		   .def = "unix:///run/kukeon/kukeond.sock",
		   .help = "Where kukeond listens: unix://path or ssh://[user@]host[:port]."),
	ROW_STRING(struct client_spec, run_path, "runPath", .flags = FIELD_OMIT_EMPTY,
		   .def = "/opt/kukeon",
		   .help = "State directory for what kuke does without kukeond."),
	ROW_STRING(struct client_spec, containerd_socket, "containerdSocket",
		   .flags = FIELD_OMIT_EMPTY, .def = "/run/containerd/containerd.sock",
		   .help = "Accepted for older files and not used."),
	ROW_STRING(struct client_spec, log_level, "logLevel", .flags = FIELD_OMIT_EMPTY,
		   .values = log_levels, .def = "info",
		   .help = "Least level that is logged with --verbose."),
	ROW_STRING(struct client_spec, output, "output", .flags = FIELD_OMIT_EMPTY,
		   .help = "Output format of `kuke get` when -o does not say."),
};

static const struct model_type spec_type = {
	.name = "ClientConfigurationSpec",
	.help = "Settings of kuke; an absent one has its default.",
	TYPE_ROWS(struct client_spec, spec_rows),
};

HEAD_TYPES(client, "ClientConfiguration", FIELD_OMIT_EMPTY);

static const struct field doc_rows[] = {
	ROW_EMBED(struct client_doc, head, struct doc_head, client_head_type),
	ROW_OBJ(struct client_doc, spec, struct client_spec, "spec", spec_type,
		.help = "Settings of kuke; an absent one has its default."),
};

const struct model_type client_doc_type = {
	.name = "ClientConfigurationDoc",
	.help = "The configuration of kuke, ~/.kuke/kuke.yaml.",
	TYPE_ROWS(struct client_doc, doc_rows),
};
