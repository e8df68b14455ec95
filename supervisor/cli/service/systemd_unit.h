/* A user unit of systemd, as text: systemd.service(5). Pure. */
#pragma once

#include "cli/service/service_definition.h"

char *systemd_unit_text(const struct service_definition *definition); /* caller frees */
