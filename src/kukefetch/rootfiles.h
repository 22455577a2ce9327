/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_ROOTFILES_H
#define KUKEON_ROOTFILES_H

#include "err.h"

/* Name of the file with CA certificates in the new root. */
#define ROOTFILES_CA_NAME "ca.pem"
#define ROOTFILES_CA_FILE "/" ROOTFILES_CA_NAME

/*
 * Enter a jail (jail.h) whose root has the files that the resolver reads and the host's CA
 * certificates (and those of the file ca, unless "").
 */
int rootfiles_enter(const char *ca, struct kerr *err);

#endif
