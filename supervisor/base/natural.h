/* The order in which people sort names: node2 before node10. Pure. */
#pragma once

int natural_compare(const char *a, const char *b);
