/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include "model.h"

#define STATE_LABEL_(constant, label) [constant] = label,

const char *const realm_state_labels[] = { REALM_STATES(STATE_LABEL_)[_REALM_STATE_MAX] = NULL };
const char *const space_state_labels[] = { SPACE_STATES(STATE_LABEL_)[_SPACE_STATE_MAX] = NULL };
const char *const stack_state_labels[] = { STACK_STATES(STATE_LABEL_)[_STACK_STATE_MAX] = NULL };
const char *const cell_state_labels[] = { CELL_STATES(STATE_LABEL_)[_CELL_STATE_MAX] = NULL };
const char *const container_state_labels[] = { CONTAINER_STATES(
						       STATE_LABEL_)[_CONTAINER_STATE_MAX] = NULL };

const char *state_label(const char *const *labels, unsigned state)
{
	for (unsigned i = 0; labels[i]; i++)
		if (i == state)
			return labels[i];
	return "Unknown";
}
