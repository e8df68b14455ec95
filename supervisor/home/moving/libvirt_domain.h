/* libvirt's domain XML: https://libvirt.org/formatdomain.html. Pure. */
#pragma once

#include "home/moving/export_form.h"

bool libvirt_domain_write(const struct export_form *form, struct buffer *text, struct error *error);
